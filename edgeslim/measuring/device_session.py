"""A device that is ready to run models, with everything its measurements depend on.

Opening a device: reached, held by a lock of this machine, what a killed run left set is put back,
asked what it is, given a runner, proved by one operator, and set as asked. Several devices are
several processes. 16-bit kernels are looked at only when they are asked for.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager, nullcontext
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import TracebackType

import msgspec

from edgeslim.companion import lite_python
from edgeslim.conversion.operator_jobs import operator_jobs, reference_operator
from edgeslim.counts import format_count
from edgeslim.device import DeviceChoice, DeviceProfile, RunnerKind
from edgeslim.device_state.conditions import read_conditions
from edgeslim.device_state.facts import DeviceFacts, device_facts
from edgeslim.device_state.settings import (
    STAYS_ON,
    DeviceSettings,
    hold_settings,
    restore_leftovers,
)
from edgeslim.durations import now
from edgeslim.errors import (
    EdgeslimError,
    ProgramCrashedError,
    ProgramFailedError,
    ProgramNotFoundError,
    UsageError,
)
from edgeslim.execution import Execution, Precision
from edgeslim.files import temporary_folder
from edgeslim.latency_rows import ConditionsRow
from edgeslim.latency_table import TableContext
from edgeslim.measuring.device_lock import lock_device
from edgeslim.measuring.start_faults import start_faults
from edgeslim.runner.batch import run_batch
from edgeslim.runner.build import find_runner
from edgeslim.runner.build_targets import BUILD_TARGETS
from edgeslim.runner.job import Job
from edgeslim.runner.link import retry
from edgeslim.runner.protocol import Sampling
from edgeslim.runner.runners import NativeRunner, PythonRunner, Runner
from edgeslim.targets import LawBook, Place, read_laws
from edgeslim.transports import TRANSPORTS, Transport
from edgeslim.version import __version__

__all__ = [
    "LOCAL",
    "DeviceSession",
    "check_runner",
    "choose_runner",
    "connect_device",
    "limit_threads",
    "limit_threads_with_warning",
    "open_device",
    "read_device_laws",
    "with_threads",
]

_log = logging.getLogger(__name__)

LOCAL = "local"
"""Name of the transport to this machine."""


@dataclass(frozen=True, kw_only=True, slots=True)
class DeviceSession:
    """A connected device that is proved to run models; to be closed, or used in a ``with``.

    Args:
        profile: Its profile, with the choices of the user.
        execution: Target, precision, threads and power mode of models on it.
        runner: Program that runs models on it.
        facts: Facts that it reports of itself.
        library_version: Version of Paddle-Lite there and of ``opt`` here.
        settings: Settings that are changed on it meanwhile, for people.
        laws: Laws of that version of Paddle-Lite, if its profile names a file.
        engine: Name of the engine that runs models, if it is known by one.
        reference: Job that is timed to see whether something disturbs the device; by default an
            operator that ``opt`` converts.
        cleanup: Undoes everything when the session is closed.
    """

    profile: DeviceProfile
    execution: Execution
    runner: Runner
    facts: DeviceFacts
    library_version: str
    settings: tuple[str, ...] = ()
    laws: LawBook | None = None
    engine: str = ""
    reference: Job | None = None
    cleanup: ExitStack = field(default_factory=ExitStack, repr=False, compare=False)

    @property
    def hardware(self) -> str:
        """The line of hardware that it reports."""
        return self.facts.hardware

    @property
    def transport(self) -> Transport:
        """Link to the device."""
        return self.runner.transport

    @property
    def has_core_time(self) -> bool:
        """Whether models run in one thread only, whose time on its core is all that they take."""
        return self.execution.threads == 1 and not self.engine

    def context(self) -> TableContext:
        """The context of a latency table that is measured on it now."""
        return TableContext(
            device=self.profile.name,
            hardware=self.hardware,
            execution=self.execution,
            library_version=self.library_version,
            runner=self.runner.name,
            created=now(),
            edgeslim=__version__,
            settings=tuple(setting for setting in self.settings if setting != STAYS_ON),
            unit=self.facts.unit,
        )

    def place(self, precision: Precision = Precision.FP32) -> Place:
        """The kernels, precision and threads that run a model here."""
        execution = self.execution
        anywhere = Place.of(execution.target, precision, execution.threads, self.laws)
        return replace(
            anywhere, kernels=(self.facts.kernels & anywhere.kernels) or anywhere.kernels
        )

    def conditions(self) -> ConditionsRow:
        """Reads its current state, also after its link was lost."""
        return retry(self.transport, lambda: read_conditions(self.transport))

    def close(self) -> None:
        """Restores and releases the device."""
        self.cleanup.close()

    def __enter__(self) -> DeviceSession:  # noqa: PYI034 - Python 3.10 has no Self
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()


def open_device(device: str | DeviceChoice) -> DeviceSession:
    """Connects a device and runs one operator on it, through every part that will be used.

    Raises:
        UnknownNameError: There is no such device.
        UsageError: There are more threads than cores.
        LinkError: It is not reachable, refuses the login, or is in use by another edgeslim.
        ProgramError: ``opt`` or the runner does not work.
        RunnerError: The runner refuses.
    """
    choice = DeviceChoice.of(device)
    profile = choice.profile()
    stack = ExitStack()
    try:
        return _open(profile, stack, insists=choice.threads is not None)
    except BaseException:
        stack.close()
        raise


def with_threads(session: DeviceSession, threads: int) -> DeviceSession:
    """The session with another number of threads; only the original one is to be closed.

    Raises:
        UsageError: There are more threads than cores, or than the runner supports.
    """
    if threads == session.execution.threads:
        return session
    profile = msgspec.structs.replace(session.profile, threads=threads)
    return replace(
        session,
        profile=profile,
        execution=profile.execution(),
        runner=choose_runner(profile, session.transport, session.facts),
    )


def read_device_laws(profile: DeviceProfile) -> LawBook | None:
    """The laws in the file that a device's profile names; None for the built-in ones.

    Raises:
        BadFileError, UnknownNameError: The file has no valid laws.
    """
    return read_laws(Path(profile.laws)) if profile.laws else None


@contextmanager
def connect_device(profile: DeviceProfile) -> Iterator[Transport]:
    """Connects a device, and locks it against other processes of this machine.

    Raises:
        LinkError: It is not reachable, refuses the login, or is in use by another edgeslim.
    """
    with closing(TRANSPORTS.get(profile.transport)(profile.location)) as transport:
        transport.connect()
        # On this machine several processes may fill a table at once.
        alone = nullcontext() if profile.transport == LOCAL else lock_device(transport.place)
        with alone:
            yield transport


def _open(profile: DeviceProfile, stack: ExitStack, *, insists: bool) -> DeviceSession:
    laws = read_device_laws(profile)
    transport = stack.enter_context(connect_device(profile))
    restore_leftovers(transport, transport.base)
    facts = device_facts(transport)
    if not insists:
        profile = limit_threads_with_warning(profile, facts)
    execution = profile.execution()
    runner = choose_runner(profile, transport, facts)
    library_version = _check_runner(runner, profile, facts)
    if laws is not None and laws.library not in {"", library_version}:
        raise UsageError(
            f"{profile.laws} is about Paddle-Lite {laws.library}, and {profile.name} has "
            f"{library_version}"
        )
    wanted = DeviceSettings(
        stay_on=profile.stay_on,
        fixed_performance=profile.fixed_performance,
        frequency_share=profile.lock_frequency,
    )
    return DeviceSession(
        profile=profile,
        execution=execution,
        runner=runner,
        facts=facts,
        library_version=library_version,
        laws=laws,
        settings=stack.enter_context(hold_settings(transport, wanted, transport.base)),
        cleanup=stack,
    )


def limit_threads(profile: DeviceProfile, facts: DeviceFacts) -> tuple[DeviceProfile, str]:
    """Limits a profile's threads to those that its device can run; returns a note if it does.

    The note is empty where they fit. A number that the user asked for is not limited.
    """
    cores, most = _cores(facts), _threads_of_library(profile, facts)
    fewest = min((count for count in (cores, most) if count), default=profile.threads)
    if fewest >= profile.threads:
        return profile, ""
    why = f"has {format_count(cores, 'core')}"
    if fewest == most:
        why = f"has a library of Paddle-Lite's that runs {format_count(most, 'thread')} at most"
    note = (
        f"{profile.name} {why}: models run with {format_count(fewest, 'thread')}, not with the "
        f"{profile.threads} of its profile; --threads says how many"
    )
    return msgspec.structs.replace(profile, threads=fewest), note


def limit_threads_with_warning(profile: DeviceProfile, facts: DeviceFacts) -> DeviceProfile:
    """As `limit_threads`, with the note logged as a warning."""
    profile, note = limit_threads(profile, facts)
    if note:
        _log.warning("%s", note)
    return profile


def _cores(facts: DeviceFacts) -> int:
    """Cores that models may run on; 0 is not known."""
    return facts.usable_cores or facts.cores


def _threads_of_library(profile: DeviceProfile, facts: DeviceFacts) -> int:
    """Most threads of the built runner's library; 0 is no limit, or no runner."""
    target = facts.runner_target
    if profile.runner is RunnerKind.PYTHON or target not in BUILD_TARGETS:
        return 0
    found = find_runner(target)
    return 0 if found is None else found[1].max_threads


def choose_runner(profile: DeviceProfile, transport: Transport, facts: DeviceFacts) -> Runner:
    """Chooses the program that times models on a device.

    Raises:
        ProgramNotFoundError: It has not been built for the device; the message has the command.
        UsageError: It cannot run with so many threads.
    """
    cores = _cores(facts)
    if 0 < cores < profile.threads:
        raise UsageError(
            f"{profile.threads} threads do not fit on {profile.name}'s "
            f"{format_count(cores, 'core')}; --threads {cores} is the most"
        )
    if profile.runner is RunnerKind.PYTHON:
        return PythonRunner(
            transport=transport,
            python=profile.python
            or (str(lite_python()) if profile.transport == LOCAL else "python3"),
            threads=profile.threads,
            power_mode=profile.power_mode,
        )
    target = facts.runner_target
    if target not in BUILD_TARGETS:
        raise ProgramNotFoundError(
            f"{profile.name} runs programs of {target}, and Paddle-Lite has no library for them; "
            f"a system of one of these is needed on it: {', '.join(BUILD_TARGETS)}"
        )
    found = find_runner(target)
    if found is None:
        raise ProgramNotFoundError(
            f"no runner is built for {profile.name} ({target}); edgeslim runner build --target "
            f"{target} --sdk DIR"
        )
    folder, built = found
    most = built.max_threads
    if 0 < most < profile.threads:
        raise UsageError(
            f"Paddle-Lite's library for {target} runs models with "
            f"{format_count(most, 'thread')} at most, not {profile.threads}; --threads {most}"
        )
    return NativeRunner(
        transport=transport,
        folder=folder,
        built=built,
        threads=profile.threads,
        power_mode=profile.power_mode,
    )


def _check_runner(runner: Runner, profile: DeviceProfile, facts: DeviceFacts) -> str:
    """Version of Paddle-Lite on the device; raises with the faults of a runner that fails."""
    try:
        return check_runner(runner, profile.execution())
    except (ProgramCrashedError, ProgramFailedError, ProgramNotFoundError) as error:
        faults = start_faults(runner, facts) if isinstance(runner, NativeRunner) else []
        if not faults:
            raise
        text = "; ".join(f"{fault.found} ({fault.mend})" for fault in faults)
        raise ProgramNotFoundError(
            f"the runner does not start on {runner.transport.place}: {text}"
        ) from error


def check_runner(runner: Runner, execution: Execution) -> str:
    """Converts one small operator and runs it; returns the version of Paddle-Lite.

    Raises:
        ProgramError: ``opt`` or the runner does not work.
        RunnerError: The runner refuses.
    """
    with temporary_folder() as folder:
        (prepared,) = operator_jobs(
            [reference_operator()],
            execution.target,
            folder,
            states=(Sampling(minimum_samples=3, minimum_s=0, maximum_s=1),),
            precision=execution.precision,
        )
        if isinstance(prepared, EdgeslimError):
            raise prepared
        (outcome,) = run_batch(runner, [prepared])
    if outcome.error is not None:
        raise outcome.error
    return prepared.entry.library_version
