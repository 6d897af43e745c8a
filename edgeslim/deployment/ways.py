"""The ways that a model is run in on a device: precisions by numbers of threads."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import msgspec

from edgeslim.conversion.optimized import OptimizedFile, check_place, optimize
from edgeslim.conversion.precisions import ASKABLE, model_in
from edgeslim.conversion.prepare import PreparedModel
from edgeslim.deployment.claims import Claim, ProofBy
from edgeslim.deployment.deployed import Failed
from edgeslim.deployment.judgement import OutputDifference
from edgeslim.deployment.proving import prove_optimized, prove_running, truth_for
from edgeslim.deployment.truth import Truth
from edgeslim.errors import ModelError, ProgramError, RunnerError, UnknownNameError, UsageError
from edgeslim.execution import Precision, Target
from edgeslim.files import write_bytes
from edgeslim.latency_table import LatencyTable, TableContext
from edgeslim.measuring.device_session import LOCAL, DeviceSession
from edgeslim.measuring.drift import DriftWatch
from edgeslim.measuring.half_floats import check_precision
from edgeslim.measuring.networks import MeasuredNetworks, OptimizedNetwork, measure_side_by_side
from edgeslim.prediction.predictor import Predictor
from edgeslim.progress import SILENT, Progress
from edgeslim.targets import Place

__all__ = [
    "KnownLatencies",
    "Way",
    "all_ways",
    "check_ways",
    "file_name",
    "in_precision",
    "measured_ways",
    "not_had",
    "placed",
    "tried",
]

_PATIENCE_S = 60.0
"""How long all rounds together wait for a disturbed device, unless they have many models."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Way:
    """One way.

    Args:
        precision: What the model is converted to.
        model: What was converted, and says what is right.
        file: The same, converted.
        session: The device with as many threads.
        proved_by: What proved it, by the names of `edgeslim.deployment.claims.ProofBy`.
        without_meaning: Its operators of which nothing but the device says what they compute.
    """

    precision: Precision
    model: PreparedModel
    file: OptimizedFile
    session: DeviceSession
    proved_by: tuple[str, ...] = ()
    without_meaning: tuple[str, ...] = ()

    @property
    def claim(self) -> Claim:
        """What is to be proved of it."""
        return Claim(
            model=self.model,
            file=self.file,
            target=self.session.execution.target,
            precision=self.precision,
        )

    @property
    def id(self) -> str:
        """A name that no other way of the models of a deployment has, as their files differ."""
        return f"{self.file.path.stem}.{self.session.execution.threads}"


def check_ways(precisions: Sequence[str], threads: Sequence[int]) -> None:
    """Proves that what is asked for can be meant, before anything is done for it.

    Raises:
        UnknownNameError: No such precision.
        UsageError: A number of threads that is none, or the same twice.
    """
    for name in precisions:
        if name not in ASKABLE:
            raise UnknownNameError("precision", name, ASKABLE)
    for count in threads:
        if count < 1:
            raise UsageError(f"threads must be at least 1, not {count}")
    for what, given in (("precision", precisions), ("number of threads", threads)):
        for each in given:
            if list(given).count(each) > 1:
                raise UsageError(f"the {what} {each} is given twice")


def file_name(model: str, target: Target, precision: Precision) -> str:
    """What a converted model is called, without its ending; fp32 goes without saying."""
    extra = "" if precision is Precision.FP32 else f".{precision.value}"
    return f"{model}.{target.value}{extra}"


def placed(file: OptimizedFile, folder: Path) -> Path:
    """Puts a finished file where it was asked for, whole or not at all."""
    path = folder / file.path.name
    write_bytes(path, file.path.read_bytes())
    return path


def in_precision(
    model: PreparedModel, place: Place, folder: Path
) -> tuple[PreparedModel, OptimizedFile]:
    """What of a model is converted to a place's precision, and the result, in ``folder``.

    Raises:
        ProgramError, ModelError: It does not convert, or would compute something else.
    """
    precision = place.precision
    source = model_in(model, precision, folder / precision.value)
    output = folder / file_name(model.name, place.target, precision)
    return source, optimize(source, place.target, output, place=place)


def all_ways(
    model: PreparedModel,
    target: Target,
    precisions: Sequence[Precision],
    sessions: Sequence[DeviceSession],
    folder: Path,
) -> tuple[list[Way], list[Failed]]:
    """The model converted to each precision, for each session; and what did not convert.

    A file is for the most threads with which its operators are computed rightly.

    Raises:
        ProgramError, ModelError: None of them converts.
    """
    ways: list[Way] = []
    failed: list[Failed] = []
    errors: list[ModelError | ProgramError] = []
    for precision in precisions:
        try:
            check_precision(sessions[0], precision)
            source = model_in(model, precision, folder / precision.value)
            right, wrong = _judged(source, sessions, precision)
            if not right:
                raise wrong[0][1]
            place = max((each.place(precision) for each in right), key=_threads)
            output = folder / file_name(model.name, target, precision)
            file = optimize(source, target, output, place=place)
        except (ModelError, ProgramError) as error:
            errors.append(error)
            failed.append(not_had(model, target, precision, None, error))
            continue
        failed += [
            not_had(model, target, precision, each.execution.threads, error)
            for each, error in wrong
        ]
        ways += [
            Way(precision=precision, model=source, file=file, session=session) for session in right
        ]
    if not ways:
        raise errors[-1]  # each precision has one
    return ways, failed


def _threads(place: Place) -> int:
    return place.threads or 0


def _judged(
    model: PreparedModel, sessions: Sequence[DeviceSession], precision: Precision
) -> tuple[list[DeviceSession], list[tuple[DeviceSession, ModelError]]]:
    """The sessions whose kernels compute a model rightly, and the others with what they do not."""
    right, wrong = [], []
    for session in sessions:
        error = _refusal(model, session.place(precision))
        if error is None:
            right.append(session)
        else:
            wrong.append((session, error))
    return right, wrong


def _refusal(model: PreparedModel, place: Place) -> ModelError | None:
    """What kernels of a place are known to compute wrongly; None if nothing."""
    try:
        check_place(model, place)
    except ModelError as error:
        return error
    return None


def tried(
    ways: Sequence[Way], folder: Path
) -> tuple[list[tuple[Way, OutputDifference]], list[Failed]]:
    """How far each way's outputs are from Paddle's; and those that do not run, or give garbage.

    Raises:
        RunnerError, ProgramError, ModelError: None of them runs right.
    """
    truths = {
        model.prefix: truth_for(model, [way.precision for way in ways])
        for model in {way.model.prefix: way.model for way in ways}.values()
    }
    meant: dict[Path, _Meant] = {}
    right: list[tuple[Way, OutputDifference]] = []
    failed: list[Failed] = []
    for way in ways:
        truth = truths[way.model.prefix]
        try:
            if way.file.path not in meant:
                meant[way.file.path] = _meaning_proved(way, truth)
            claim = replace(way.claim, rounding=meant[way.file.path].rounding)
            difference = prove_running(way.session, claim, truth, folder)
        except (ModelError, ProgramError, RunnerError) as error:
            if len(failed) + 1 == len(ways):
                raise
            execution = way.session.execution
            failed.append(
                not_had(way.model, execution.target, way.precision, execution.threads, error)
            )
            continue
        known = meant[way.file.path]
        proved = replace(way, proved_by=known.by, without_meaning=known.unknown)
        right.append((proved, difference))
    return right, failed


@dataclass(frozen=True, kw_only=True, slots=True)
class _Meant:
    """What is known of a file before a device runs it.

    Args:
        by: What proves it with the device.
        unknown: Its operators without a meaning.
        rounding: In fp16, how far rounding alone takes its outputs from Paddle's.
    """

    by: tuple[str, ...]
    unknown: tuple[str, ...] = ()
    rounding: OutputDifference | None = None


def _meaning_proved(way: Way, truth: Truth) -> _Meant:
    """What proves a file with the device, and its operators without a meaning.

    Nothing runs on another machine before it is known to mean the right thing; on this one it is
    as quick to try.

    Raises:
        ModelError: It means something else.
    """
    if way.session.profile.transport == LOCAL:
        return _Meant(by=(ProofBy.DEVICE,))
    meant = prove_optimized(way.claim, truth)
    if isinstance(meant, tuple):
        return _Meant(by=(ProofBy.DEVICE,), unknown=meant)
    rounding = meant if way.precision is Precision.FP16 else None
    return _Meant(by=(ProofBy.INTERPRETER, ProofBy.DEVICE), rounding=rounding)


def measured_ways(
    ways: Sequence[Way],
    networks: Sequence[OptimizedNetwork],
    *,
    rounds: int = 3,
    paired: bool = False,
    progress: Progress = SILENT,
) -> MeasuredNetworks:
    """All of them in turns, so that what changes slowly meets them alike.

    Args:
        ways: The ways.
        networks: The network of each, called by its id.
        rounds: How often each is timed.
        paired: Whether each round is a fair comparison by itself.
        progress: Where to show it.

    Raises:
        RunnerError, ProgramError: One does not run.
    """
    groups: dict[int, tuple[DriftWatch, list[OptimizedNetwork]]] = {}
    for way, network in zip(ways, networks, strict=True):
        threads = way.session.execution.threads
        if threads not in groups:
            patience_s = min(way.session.profile.patience_s, _PATIENCE_S / rounds)
            groups[threads] = (DriftWatch(way.session, patience_s=patience_s), [])
        groups[threads][1].append(network)
    return measure_side_by_side(
        list(groups.values()), rounds=rounds, paired=paired, progress=progress
    )


@dataclass(frozen=True, kw_only=True, slots=True)
class KnownLatencies:
    """What a table says of some ways, if there is one: it is of one precision and thread count."""

    predictor_of_table: Predictor | None = None

    @classmethod
    def of(
        cls, table: Path | None, sessions: Sequence[DeviceSession], precisions: Sequence[Precision]
    ) -> KnownLatencies:
        """Reads a table.

        Raises:
            BadFileError: It is none.
            ContextMismatchError: It is of none of the ways.
        """
        if table is None:
            return cls()
        known = LatencyTable.read(table)
        contexts = [_context(session, each) for session in sessions for each in precisions]
        if all(known.context.difference(each) for each in contexts):
            known.context.check_same(contexts[0], table)
        return cls(predictor_of_table=Predictor(known))

    @property
    def table(self) -> LatencyTable | None:
        """The table."""
        return None if self.predictor_of_table is None else self.predictor_of_table.table

    def predictor(self, way: Way) -> Predictor | None:
        """What predicts this way."""
        found = self.predictor_of_table
        if found is None or found.table.context.difference(_context(way.session, way.precision)):
            return None
        return found

    def speed(self, way: Way, now_ms: float) -> float | None:
        """How fast the device is over how fast it was when the table was measured."""
        predictor = self.predictor(way)
        then_ms = 0.0 if predictor is None else predictor.table.reference_ms
        return then_ms / now_ms if then_ms > 0 and now_ms > 0 else None


def _context(session: DeviceSession, precision: Precision) -> TableContext:
    context = session.context()
    execution = msgspec.structs.replace(context.execution, precision=precision)
    return msgspec.structs.replace(context, execution=execution)


def not_had(
    model: PreparedModel,
    target: Target,
    precision: Precision,
    threads: int | None,
    error: Exception,
) -> Failed:
    """A way that cannot be had, and why."""
    return Failed(
        name=model.name, target=target, precision=precision, threads=threads, reason=str(error)
    )
