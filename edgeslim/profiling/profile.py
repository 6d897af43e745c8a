"""The whole of ``edgeslim profile``: measures operators of a model or space, and a few networks."""

from __future__ import annotations

import logging
import math
import re
import time
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path

import msgspec

from edgeslim.conversion.find_space import find_space
from edgeslim.conversion.model_source import find_model
from edgeslim.conversion.prepare import prepare
from edgeslim.device import DeviceChoice
from edgeslim.errors import UsageError
from edgeslim.files import temporary_folder
from edgeslim.latency_rows import SCHEMA_WITH_COPIES, LikeRow
from edgeslim.latency_table import LatencyTable, TableContext
from edgeslim.measuring.device_session import DeviceSession, open_device
from edgeslim.measuring.drift import DriftWatch
from edgeslim.measuring.networks import MeasuredNetworks, measure_networks
from edgeslim.opspec import OpSpec, Shape
from edgeslim.prediction.calibration import Calibration
from edgeslim.prediction.predictor import Predictor
from edgeslim.profiling.copied_tables import check_copies, copy_tables
from edgeslim.profiling.operators import OperatorCounts, measure_operators
from edgeslim.profiling.profile_plan import Budget, ProfilePlan
from edgeslim.profiling.workload import (
    SpaceSample,
    Workload,
    model_workload,
    operator_workload,
    space_workload,
)
from edgeslim.progress import SILENT, Progress
from edgeslim.spaces import DEFAULT_SPACE, Space

__all__ = ["TABLES", "ProfileResult", "default_table", "profile"]

_log = logging.getLogger(__name__)

TABLES = Path("latency_tables")
"""Folder of tables for which no file is named, with a folder for each device."""


@dataclass(frozen=True, kw_only=True, slots=True)
class ProfileResult:
    """The result of a profile run.

    Args:
        table: File of the latency table.
        operators: Number of operators that were planned.
        measured: Number of those that were measured in this run.
        failed: Operators that could not be measured, with the reason.
        networks: Names of whole networks in the table.
        calibration: How well the table predicts networks left out of its fit.
        wall_s: Seconds that the run took.
        device_s: Seconds of those that the runner spent in runs, warm-up and cache sweeps.
        waited_s: Seconds of those that it waited for a disturbed device.
        unsteady: Planned operators whose measurements are unreliable, with the reason.
        unpredicted: Planned operators that were left out by a budget, and that those in the table
            say too little about to predict them.
        device_weights: Weight in estimates of each other device that the table has a copy of, by
            its name. What is missing to 1 is the weight of estimates without any.
    """

    table: Path
    operators: int
    measured: int
    failed: Mapping[OpSpec, str]
    networks: tuple[str, ...]
    calibration: Calibration
    wall_s: float
    device_s: float
    waited_s: float
    unsteady: Mapping[OpSpec, str]
    unpredicted: tuple[OpSpec, ...]
    device_weights: Mapping[str, float] = field(default_factory=dict)


def profile(
    device: str | DeviceChoice = "host",
    *,
    model: str | None = None,
    space: str | None = None,
    operators: Path | None = None,
    out: Path | None = None,
    input_shapes: Mapping[str, Shape] | None = None,
    num_classes: int | None = None,
    networks: int = 6,
    budget: int | None = None,
    time_s: float | None = None,
    like: Sequence[Path] = (),
    seed: int = 0,
    progress: Progress = SILENT,
) -> ProfileResult:
    """Measures on a device the operators of a model, a space or a list that a table lacks.

    Operators in the table are not measured again, so an interrupted run continues where it was
    when it is started again.

    Args:
        device: Name of the device's profile, or a choice that overrides parts of it.
        model: A model, as on the command line.
        space: Name of a search space, or the user's file with one.
        operators: File with one operator a line, in JSON. Only one of the three is given; by
            default the space that `edgeslim.search` searches by default.
        out: File of the table; by default one for this device and context.
        input_shapes: Input shapes of the model or the space, by name or under an empty name.
        num_classes: Number of classes of the space's networks.
        networks: Number of whole networks of a space to measure as well.
        budget: Number of planned operators that the table has at the end; the most informative
            are measured first. For a model, those of its pruned versions are planned too.
        time_s: Seconds that the run may take; operators are chosen as with a budget.
        like: Tables of other devices, from which operators that are not measured are estimated;
            the table keeps a copy of them.
        seed: Seed of the order of measuring and the choice of networks.
        progress: Display that shows the progress.

    Raises:
        UsageError: Names or combinations are not valid, or the table is of another context.
        ProgramError, RunnerError: ``opt`` or the runner does not work.
        UnwritableError: The table cannot be written.
    """
    start = time.monotonic()
    given = sum(option is not None for option in (model, space, operators))
    if given > 1:
        raise UsageError("give one of --model, --space and --operators")
    if not given:
        space = DEFAULT_SPACE
        _log.warning(
            "the operators of the space %s are measured, which edgeslim search uses by default; "
            "name others with --model, --space or --operators",
            space,
        )
    _check(networks, seed)
    if budget == 0 and not like:
        raise UsageError("the budget must be at least 1 operator, not 0, without a table --like")
    limit = Budget(operators=budget, seconds=time_s)
    chosen = None if space is None else _space(space, input_shapes or {}, num_classes, progress)
    source = None if model is None else find_model(model)
    listed = None if operators is None else operator_workload(operators)
    with temporary_folder() as folder, ExitStack() as stack:
        # Errors in the arguments are found before there is a table.
        prepared = None if source is None else prepare(source, folder, input_shapes=input_shapes)
        session = stack.enter_context(open_device(device))
        context = session.context()
        copies = copy_tables(like, context, out or default_table(context))
        table, is_new = _open_table(out, context, copies)
        work = listed or Workload(uses={})
        if chosen is not None:
            which = SpaceSample(count=networks, seed=seed, known=frozenset(table.networks))
            work = space_workload(chosen, session.place(), folder, plan=which, progress=progress)
        if prepared is not None:
            work = model_workload(prepared, session.place(), folder, prunable=limit.is_limited)
        _add_copies(table, copies, work, is_new=is_new)
        plan = ProfilePlan(
            work.uses,
            budget=limit,
            first=work.first,
            deadline=start + (time_s or math.inf),
            seed=seed,
        )
        counts = _measure(session, table, work, plan, progress)
    return _result(table, plan, counts, time.monotonic() - start)


def _open_table(
    out: Path | None, context: TableContext, copies: Sequence[LikeRow]
) -> tuple[LatencyTable, bool]:
    """The table that is written, and whether it was not there before."""
    path = out or default_table(context)
    if copies:
        context = msgspec.structs.replace(context, schema=SCHEMA_WITH_COPIES)
    is_new = not path.exists()
    return LatencyTable.open(path, context), is_new


def _add_copies(
    table: LatencyTable, copies: Sequence[LikeRow], work: Workload, *, is_new: bool
) -> None:
    """Adds the copies that the table does not have yet; one that says nothing is refused."""
    try:
        check_copies(copies, work.uses)
    except UsageError:
        if is_new:
            table.path.unlink()
        raise
    known = {copy.digest for copy in table.likes}
    table.add(*(copy for copy in copies if copy.digest not in known))


def _result(
    table: LatencyTable, plan: ProfilePlan, counts: OperatorCounts, wall_s: float
) -> ProfileResult:
    predictor = Predictor(table)
    tried = [spec for spec in plan.operators if spec not in counts.failed]
    unsteady = {spec: table.unsteady_reason(spec) for spec in plan.operators if spec in table}
    return ProfileResult(
        table=table.path,
        operators=len(plan.operators),
        measured=counts.measured,
        failed=counts.failed,
        networks=tuple(table.networks),
        calibration=predictor.calibration,
        wall_s=wall_s,
        device_s=counts.device_s,
        waited_s=counts.waited_s,
        unsteady={spec: why for spec, why in unsteady.items() if why},
        unpredicted=tuple(predictor.rows.missing_of(tried)),
        device_weights=predictor.rows.device_weights,
    )


def _check(networks: int, seed: int) -> None:
    for name, number in (("networks", networks), ("seed", seed)):
        if number < 0:
            raise UsageError(f"{name} must be 0 or more, not {number}")


def _space(
    name: str, input_shapes: Mapping[str, Shape], num_classes: int | None, progress: Progress
) -> Space:
    if set(input_shapes) - {""}:
        raise UsageError("a space has one input; write --input-shape 1,3,224,224 without a name")
    return find_space(name, progress=progress).space(input_shapes.get(""), num_classes)


def default_table(context: TableContext) -> Path:
    """File of the table of a context, for when the user names none."""
    execution = context.execution
    processor = re.sub(r"[^a-z0-9]+", "-", context.hardware.lower()).strip("-")
    unit = re.sub(r"[^A-Za-z0-9]+", "-", f"-{context.unit}").rstrip("-")
    name = f"{processor}-{execution.target.value}-{execution.threads}t{unit}.jsonl"
    return TABLES / context.device / name


def _measure(
    session: DeviceSession,
    table: LatencyTable,
    work: Workload,
    plan: ProfilePlan,
    progress: Progress,
) -> OperatorCounts:
    """Measures networks, operators, and networks again, so that the fit sees one time of both."""
    watch = DriftWatch(session)
    start = time.monotonic()
    before = _measure_networks(watch, table, work, progress)
    plan.reserve(time.monotonic() - start)
    counts = measure_operators(session, watch, table, plan, progress=progress)
    rounds = [before]
    if counts.measured:
        rounds.append(_measure_networks(watch, table, work, progress))
    counts.device_s += sum(measured.device_s for measured in rounds)
    counts.waited_s += sum(measured.waited_s for measured in rounds)
    return counts


def _measure_networks(
    watch: DriftWatch, table: LatencyTable, work: Workload, progress: Progress
) -> MeasuredNetworks:
    """Adds the whole networks to the table."""
    measured = measure_networks(watch, work.networks, rounds=2, progress=progress)
    table.add(*measured.rows(work.networks))
    return measured
