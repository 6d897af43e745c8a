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
from typing import Annotated

import msgspec

from edgeslim.conversion.find_space import find_space
from edgeslim.conversion.model_source import find_model, parse_input_shapes
from edgeslim.conversion.prepare import prepare
from edgeslim.conversion.required_memory import check_memory
from edgeslim.device import DeviceChoice
from edgeslim.durations import parse_s
from edgeslim.errors import UsageError
from edgeslim.files import temporary_folder
from edgeslim.latency_rows import SCHEMA_WITH_COPIES, SCHEMA_WITH_STARTS, LikeRow
from edgeslim.latency_table import LatencyTable, TableContext
from edgeslim.locks import hold
from edgeslim.measuring.device_session import DeviceSession, open_device
from edgeslim.measuring.drift import DriftWatch
from edgeslim.measuring.networks import MeasuredNetworks, measure_networks
from edgeslim.opspec import OpSpec, Shape
from edgeslim.options import OPTION, Option, OptionsOf, called_with, parse_paths
from edgeslim.prediction.calibration import Calibration
from edgeslim.prediction.predictor import Predictor
from edgeslim.profiling.copied_tables import check_copies, copy_tables
from edgeslim.profiling.network_starts import measure_table_starts
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
from edgeslim.tables.only_table import TABLES

__all__ = ["ProfileRequest", "ProfileResult", "default_table", "profile"]

_log = logging.getLogger(__name__)


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


_WHAT = Option("What is measured")
_HOW_MUCH = Option("How much is measured")
_DEVICE = (
    *("host", "port", "threads", "power_mode"),
    *("stay_on", "fixed_performance", "lock_frequency"),
)
"""Options of a device; the command line takes the names of several."""


@dataclass(frozen=True, kw_only=True, slots=True)
class ProfileRequest:
    """What can be asked of `profile`."""

    device: Annotated[str | DeviceChoice, OptionsOf(DeviceChoice, _DEVICE)] = field(
        default="host", kw_only=False
    )
    """Name of the device's profile, or a choice that overrides parts of it."""
    out: Annotated[Path | None, OPTION] = None
    """File of the table; by default in latency_tables/<device>/."""
    model: Annotated[str | None, _WHAT] = None
    """A model: saved, file.py:function, or a name."""
    space: Annotated[str | None, _WHAT] = None
    """A search space, or space.py; by default that of edgeslim search, if nothing else is named."""
    operators: Annotated[Path | None, _WHAT] = None
    """A file with one operator a line, in JSON."""
    input_shapes: Annotated[
        Mapping[str, Shape] | None, _WHAT("--input-shape", parse_all=parse_input_shapes)
    ] = None
    """Input shape of the model or space: 1,3,224,224."""
    num_classes: Annotated[int | None, _WHAT("--classes")] = None
    """Width of the space's output."""
    rewrite: Annotated[bool, _WHAT] = True
    """Also the operators that a model has in other forms (docs/rewriting.md), so that deploy can
    choose among them; not with --budget or --time."""
    networks: Annotated[int, _HOW_MUCH] = 6
    """Whole networks of the space to measure."""
    starts: Annotated[int, _HOW_MUCH] = 2
    """How often each whole network starts warm, and as often cold, so that memory and times of
    starts can be predicted; 0 leaves them out."""
    budget: Annotated[int | None, _HOW_MUCH] = None
    """Operators that the table gets; the most informative come first."""
    time_s: Annotated[float | None, _HOW_MUCH("--time", parse=parse_s)] = None
    """How long it may take: 5min; in the order of a budget."""
    like: Annotated[Sequence[Path], _HOW_MUCH("--like", parse_all=parse_paths)] = ()
    """Table of another device that what is not measured is estimated from; may be given several
    times. The table keeps a copy of it."""
    seed: Annotated[int, _HOW_MUCH] = 0
    """Seed of the order of measuring, and of the choice of networks."""
    progress: Progress = SILENT
    """Shows how far it is."""

    def check(self) -> None:
        """Checks that not too much is named, and numbers are possible.

        Raises:
            UsageError: Too much is named, or a number is not possible.
        """
        if sum(what is not None for what in (self.model, self.space, self.operators)) > 1:
            raise UsageError("give one of --model, --space and --operators")
        numbers = {"networks": self.networks, "starts": self.starts, "seed": self.seed}
        for name, number in numbers.items():
            if number < 0:
                raise UsageError(f"{name} must be 0 or more, not {number}")
        if self.budget == 0 and not self.like:
            raise UsageError(
                "the budget must be at least 1 operator, not 0, without a table --like"
            )
        networks = 0 if self.operators is not None else self.networks
        if self.budget == 0 and self.model is None and not networks:
            raise UsageError(
                "--budget 0 measures whole networks alone, and there are none: give a --space "
                "with --networks 3 or more, a --model, or a larger --budget"
            )

    def chosen_space(self) -> Space | None:
        """The space whose operators are measured, if any are of a space.

        Raises:
            UsageError: There is no such space, or its input has a name.
        """
        name = self.space
        if name is None and self.model is None and self.operators is None:
            name = DEFAULT_SPACE
            _log.warning(
                "the operators of the space %s are measured, which edgeslim search uses by "
                "default; name others with --model, --space or --operators",
                name,
            )
        if name is None:
            return None
        shapes = self.input_shapes or {}
        if set(shapes) - {""}:
            raise UsageError(
                "a space has one input; write --input-shape 1,3,224,224 without a name"
            )
        family = find_space(name, progress=self.progress)
        return family.space(shapes.get(""), self.num_classes)


@called_with(ProfileRequest)
def profile(request: ProfileRequest) -> ProfileResult:
    """Measures on a device the operators of a model, a space or a list that a table lacks.

    Operators in the table are not measured again, so an interrupted run continues where it was
    when it is started again.

    Raises:
        UsageError: Names or combinations are not valid, or the table is of another context.
        InUseError: Another process measures on the device, or writes the table.
        ProgramError, RunnerError: ``opt`` or the runner does not work.
        UnwritableError: The table cannot be written.
    """
    start, progress, seed = time.monotonic(), request.progress, request.seed
    request.check()
    limit = Budget(operators=request.budget, seconds=request.time_s)
    chosen = request.chosen_space()
    source = None if request.model is None else find_model(request.model)
    listed = None if request.operators is None else operator_workload(request.operators)
    with temporary_folder() as folder, ExitStack() as stack:
        # Errors in the arguments are found before there is a table.
        prepared = None
        if source is not None:
            prepared = prepare(source, folder, input_shapes=request.input_shapes)
        session = stack.enter_context(open_device(request.device))
        context = session.context()
        out = request.out or default_table(context)
        stack.enter_context(hold(out))
        copies = copy_tables(request.like, context, out)
        table, is_new = _open_table(out, context, copies, starts=request.starts)
        work = listed or Workload(uses={})
        if chosen is not None:
            known = frozenset(table.networks)
            which = SpaceSample(count=request.networks, seed=seed, known=known)
            work = space_workload(chosen, session.place(), folder, plan=which, progress=progress)
        if prepared is not None:
            check_memory(prepared.graph, prepared.name)
            work = model_workload(
                *(prepared, session.place(), folder),
                prunable=limit.is_limited,
                rewrites=request.rewrite,
            )
        _add_copies(table, copies, work, is_new=is_new)
        plan = ProfilePlan(
            work.uses,
            budget=limit,
            first=work.first,
            deadline=start + (request.time_s or math.inf),
            seed=seed,
        )
        counts = _measure(session, table, work, plan, progress)
        measure_table_starts(session, table, work.networks, times=request.starts)
    return _result(table, plan, counts, time.monotonic() - start)


def _open_table(
    path: Path, context: TableContext, copies: Sequence[LikeRow], *, starts: int
) -> tuple[LatencyTable, bool]:
    """The table that is written, and whether it was not there before."""
    if starts:
        context = msgspec.structs.replace(context, schema=SCHEMA_WITH_STARTS)
    elif copies:
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
