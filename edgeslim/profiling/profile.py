"""The whole of ``edgeslim profile``: operators of a model or a space, and a few networks."""

from __future__ import annotations

import re
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from edgeslim.conversion.model_source import find_model
from edgeslim.conversion.operator_jobs import null_operator
from edgeslim.conversion.prepare import prepare
from edgeslim.errors import UsageError
from edgeslim.files import temporary_folder
from edgeslim.latency_table import LatencyTable, NetworkRow, TableContext
from edgeslim.opspec import OpSpec, Shape
from edgeslim.prediction.calibration import Calibration
from edgeslim.prediction.predictor import Predictor
from edgeslim.profiling.device_session import DeviceSession, now, open_device
from edgeslim.profiling.drift import DriftWatch
from edgeslim.profiling.networks import measure_networks
from edgeslim.profiling.operators import measure_operators
from edgeslim.profiling.work import SpacePlan, Work, model_work, operator_work, space_work
from edgeslim.progress import SILENT, Progress
from edgeslim.spaces import SPACES, Space

__all__ = ["ProfileResult", "default_table", "profile"]


@dataclass(frozen=True, kw_only=True, slots=True)
class ProfileResult:
    """What a profile run came to.

    Args:
        table: The table's file.
        operators: Operators that were asked for.
        measured: Of those, measured in this run.
        failed: Why operators could not be measured.
        networks: Names of whole networks in the table.
        calibration: How well the table predicts networks left out of its fit.
        wall_s: Time the run took.
        device_s: Of that, time the runner spent in runs, warm-up and cache sweeps.
    """

    table: Path
    operators: int
    measured: int
    failed: Mapping[OpSpec, str]
    networks: tuple[str, ...]
    calibration: Calibration
    wall_s: float
    device_s: float


def profile(
    device: str = "host",
    *,
    model: str | None = None,
    space: str | None = None,
    operators: Path | None = None,
    out: Path | None = None,
    input_shapes: Mapping[str, Shape] | None = None,
    num_classes: int | None = None,
    threads: int | None = None,
    networks: int = 6,
    seed: int = 0,
    progress: Progress = SILENT,
) -> ProfileResult:
    """Measures on a device what a table lacks of a model, a space, or a list of operators.

    What is in the table is not measured again, so an interrupted run goes on where it was
    when it is started again.

    Args:
        device: Name of the device's profile.
        model: A model, as on the command line.
        space: Name of a search space.
        operators: A file with one operator a line, in JSON; exactly one of the three.
        out: The table; by default one for this device and context.
        input_shapes: Input of the model or the space, by name or under an empty name.
        num_classes: Width of the space's output.
        threads: Threads that models run with, if not the profile's.
        networks: Whole networks of a space to measure as well.
        seed: Of the order of measuring and the choice of networks.
        progress: Where to show it.

    Raises:
        UsageError: Bad names or combinations; a table of another context.
        ProgramError, RunnerError: ``opt`` or the runner does not work.
        UnwritableError: The table cannot be written.
    """
    start = time.monotonic()
    if sum(given is not None for given in (model, space, operators)) != 1:
        raise UsageError("give exactly one of --model, --space and --operators")
    _check(networks, seed)
    chosen = None if space is None else _space(space, input_shapes or {}, num_classes)
    source = None if model is None else find_model(model)
    listed = None if operators is None else operator_work(operators)
    with temporary_folder() as folder:
        # Whatever is wrong with what was given is found out before there is a table.
        prepared = None if source is None else prepare(source, folder, input_shapes=input_shapes)
        session = open_device(device, threads=threads)
        context = session.context()
        table = LatencyTable.open(out or default_table(context), context)
        target = session.execution.target
        if chosen is not None:
            plan = SpacePlan(count=networks, seed=seed, known=frozenset(table.networks))
            work = space_work(chosen, target, folder, plan=plan, progress=progress)
        elif prepared is not None:
            work = model_work(prepared, target, folder)
        else:
            work = listed or Work(operators=())
        counts_measured, failed, device_s = _measure(session, table, work, seed, progress)
    return ProfileResult(
        table=table.path,
        operators=len({null_operator(), *work.operators}),
        measured=counts_measured,
        failed=failed,
        networks=tuple(table.networks),
        calibration=Predictor(table).calibration,
        wall_s=time.monotonic() - start,
        device_s=device_s,
    )


def _check(networks: int, seed: int) -> None:
    for name, number in (("networks", networks), ("seed", seed)):
        if number < 0:
            raise UsageError(f"{name} must be 0 or more, not {number}")


def _space(name: str, input_shapes: Mapping[str, Shape], num_classes: int | None) -> Space:
    if set(input_shapes) - {""}:
        raise UsageError("a space has one input; write --input-shape 1,3,224,224 without a name")
    return SPACES.get(name).space(input_shapes.get(""), num_classes)


def default_table(context: TableContext) -> Path:
    """Where the table of a context is kept unless the user says otherwise."""
    execution = context.execution
    processor = re.sub(r"[^a-z0-9]+", "-", context.hardware.lower()).strip("-")
    name = f"{processor}-{execution.target.value}-{execution.threads}t.jsonl"
    return Path("latency_tables") / context.device / name


def _measure(
    session: DeviceSession, table: LatencyTable, work: Work, seed: int, progress: Progress
) -> tuple[int, dict[OpSpec, str], float]:
    """Networks, operators, and the networks again: the fit must see the same hour of both."""
    watch = DriftWatch(session)
    before_s = _measure_networks(watch, table, work, progress)
    counts = measure_operators(session, watch, table, work.operators, seed=seed, progress=progress)
    after_s = _measure_networks(watch, table, work, progress) if counts.measured else 0.0
    return counts.measured, counts.failed, before_s + counts.device_s + after_s


def _measure_networks(
    watch: DriftWatch, table: LatencyTable, work: Work, progress: Progress
) -> float:
    """Adds the whole networks to the table; returns how long the device was busy."""
    measured = measure_networks(watch, work.networks, rounds=2, progress=progress)
    table.add(
        *(
            NetworkRow(
                name=network.name,
                graph=network.graph,
                measurements=(measured.measurements[network.name],),
                reference_ms=measured.reference_ms,
                measured=now(),
            )
            for network in work.networks
        )
    )
    return measured.device_s
