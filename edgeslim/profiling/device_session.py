"""A device that is ready to run models, with everything its measurements depend on."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from datetime import datetime, timezone

from edgeslim.conversion.operator_jobs import operator_jobs, reference_operator
from edgeslim.device import DeviceProfile, load_device
from edgeslim.errors import EdgeslimError, UsageError
from edgeslim.execution import Execution
from edgeslim.files import temporary_folder
from edgeslim.latency_table import TableContext
from edgeslim.runner.batch import run_batch
from edgeslim.runner.protocol import Sampling
from edgeslim.runner.runners import PythonRunner
from edgeslim.transports import TRANSPORTS, Transport
from edgeslim.version import __version__

__all__ = ["DeviceSession", "open_device"]


@dataclass(frozen=True, kw_only=True, slots=True)
class DeviceSession:
    """A device, reached and proved to run models.

    Args:
        profile: Its profile.
        execution: How models run on it.
        runner: What runs them.
        hardware: What it says it is.
        library_version: Version of Paddle-Lite there and of ``opt`` here.
    """

    profile: DeviceProfile
    execution: Execution
    runner: PythonRunner
    hardware: str
    library_version: str

    def context(self) -> TableContext:
        """What the first line of a table of this device says."""
        return TableContext(
            device=self.profile.name,
            hardware=self.hardware,
            execution=self.execution,
            library_version=self.library_version,
            runner="python",
            created=now(),
            edgeslim=__version__,
        )


def now() -> str:
    """This moment, UTC, to the second."""
    return datetime.now(timezone.utc).isoformat(timespec="seconds")


def open_device(name: str, *, threads: int | None = None) -> DeviceSession:
    """Reaches a device and runs one operator on it, through every part that will be used.

    Raises:
        UnknownNameError: There is no such device.
        UsageError: More threads than cores.
        ProgramError: ``opt`` or the runner does not work.
        RunnerError: The runner refuses.
    """
    profile = load_device(name)
    execution = profile.execution(threads=threads)
    transport = TRANSPORTS.get(profile.transport)(profile.location)
    facts = _cpu_facts(transport)
    cores = len(facts.get("processor", []))
    if execution.threads > cores:
        raise UsageError(f"{execution.threads} threads do not fit on {name}'s {cores} cores")
    runner = PythonRunner(transport=transport, python=sys.executable, threads=execution.threads)
    return DeviceSession(
        profile=profile,
        execution=execution,
        runner=runner,
        hardware=_hardware(facts),
        library_version=_prove(runner, execution),
    )


def _prove(runner: PythonRunner, execution: Execution) -> str:
    """Converts one small operator and runs it; returns the version of Paddle-Lite."""
    with temporary_folder() as folder:
        (prepared,) = operator_jobs(
            [reference_operator()],
            execution.target,
            folder,
            states=(Sampling(minimum_samples=3, minimum_s=0, maximum_s=1),),
        )
        if isinstance(prepared, EdgeslimError):
            raise prepared
        (outcome,) = run_batch(runner, [prepared])
    if outcome.error is not None:
        raise outcome.error
    return prepared.entry.library_version


def _cpu_facts(transport: Transport) -> dict[str, list[str]]:
    """Values of each field of ``/proc/cpuinfo``, one for each core."""
    text = transport.run(["cat", "/proc/cpuinfo"], timeout_s=10).output
    facts: dict[str, list[str]] = {}
    for line in text.decode(errors="replace").splitlines():
        name, _, value = line.partition(":")
        facts.setdefault(name.strip(), []).append(value.strip())
    return facts


def _hardware(facts: dict[str, list[str]]) -> str:
    """Name of the processor, and how many cores there are."""
    names = dict.fromkeys(
        value for field in ("model name", "Hardware") for value in facts.get(field, [])
    )
    return f"{', '.join(names) or 'unknown processor'}, {len(facts.get('processor', []))} cores"
