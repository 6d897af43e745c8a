"""Variants of a model on a device: one for each precision and number of threads."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import msgspec

from edgeslim.conversion.optimized import OptimizedFile, check_place, optimize
from edgeslim.conversion.precisions import PRECISION_NAMES, model_for_precision
from edgeslim.conversion.prepare import PreparedModel
from edgeslim.deployment.claims import Claim, ProofBy
from edgeslim.deployment.ground_truth import GroundTruth
from edgeslim.deployment.judgement import OutputDifference
from edgeslim.deployment.proving import prove_optimized, prove_running, truth_for
from edgeslim.errors import ModelError, ProgramError, RunnerError, UnknownNameError, UsageError
from edgeslim.execution import Precision, Target
from edgeslim.files import write_bytes
from edgeslim.latency_table import LatencyTable, TableContext
from edgeslim.measuring.device_session import LOCAL, DeviceSession
from edgeslim.measuring.drift import DriftWatch
from edgeslim.measuring.fp16_support import check_precision
from edgeslim.measuring.networks import MeasuredNetworks, OptimizedNetwork, measure_side_by_side
from edgeslim.prediction.predictor import Predictor
from edgeslim.progress import SILENT, Progress
from edgeslim.runs.deployment_records import FailedRecord, ModelRole
from edgeslim.targets import Place

__all__ = [
    "ModelVariant",
    "TablePredictions",
    "check_variants",
    "convert_to_precision",
    "convert_variants",
    "copy_to_folder",
    "failed_variant",
    "file_name",
    "measure_variants",
    "prove_variants",
]

_PATIENCE_S = 60.0
"""How long all rounds together wait for a disturbed device, unless they have many models."""


@dataclass(frozen=True, kw_only=True, slots=True)
class ModelVariant:
    """One variant of a model: converted to a precision, to run with a number of threads.

    Args:
        precision: Precision that the model is converted to.
        model: The model before its conversion, which says what is right.
        file: The converted model on disk.
        session: The device with that number of threads.
        proved_by: Names of what proved it right, see `edgeslim.deployment.claims.ProofBy`.
        without_meaning: Its operators that only the device can compute.
    """

    precision: Precision
    model: PreparedModel
    file: OptimizedFile
    session: DeviceSession
    proved_by: tuple[str, ...] = ()
    without_meaning: tuple[str, ...] = ()

    @property
    def claim(self) -> Claim:
        """The claim that is to be proved of it."""
        return Claim(
            model=self.model,
            file=self.file,
            target=self.session.execution.target,
            precision=self.precision,
        )

    @property
    def id(self) -> str:
        """A name that no other variant in a deployment has, since files of models differ."""
        return f"{self.file.path.stem}.{self.session.execution.threads}"


def check_variants(precisions: Sequence[str], threads: Sequence[int]) -> None:
    """Checks precisions and numbers of threads before any work is done.

    Raises:
        UnknownNameError: There is no such precision.
        UsageError: A number of threads is below 1, or a value is given twice.
    """
    for name in precisions:
        if name not in PRECISION_NAMES:
            raise UnknownNameError("precision", name, PRECISION_NAMES)
    for count in threads:
        if count < 1:
            raise UsageError(f"threads must be at least 1, not {count}")
    for what, given in (("precision", precisions), ("number of threads", threads)):
        for value in given:
            if list(given).count(value) > 1:
                raise UsageError(f"the {what} {value} is given twice")


def file_name(model: str, target: Target, precision: Precision) -> str:
    """Name of a converted model's file without its suffix; fp32 is not part of it."""
    extra = "" if precision is Precision.FP32 else f".{precision.value}"
    return f"{model}.{target.value}{extra}"


def copy_to_folder(file: OptimizedFile, folder: Path) -> Path:
    """Copies a converted file into the folder of the result, whole or not at all."""
    path = folder / file.path.name
    write_bytes(path, file.path.read_bytes())
    return path


def convert_to_precision(
    model: PreparedModel, place: Place, folder: Path
) -> tuple[PreparedModel, OptimizedFile]:
    """Converts a model to a place's precision; returns what was converted, and the file.

    Raises:
        ProgramError, ModelError: It does not convert, or would compute something else.
    """
    precision = place.precision
    source = model_for_precision(model, precision, folder / precision.value)
    output = folder / file_name(model.name, place.target, precision)
    return source, optimize(source, place.target, output, place=place)


def convert_variants(
    model: PreparedModel,
    target: Target,
    precisions: Sequence[Precision],
    sessions: Sequence[DeviceSession],
    folder: Path,
) -> tuple[list[ModelVariant], list[FailedRecord]]:
    """Converts a model to each precision for each session; returns variants, and those that failed.

    A file is converted for the largest number of threads that computes its operators rightly.

    Raises:
        ProgramError, ModelError: None of them converts.
    """
    variants: list[ModelVariant] = []
    failed: list[FailedRecord] = []
    errors: list[ModelError | ProgramError] = []
    for precision in precisions:
        try:
            check_precision(sessions[0], precision)
            source = model_for_precision(model, precision, folder / precision.value)
            right, wrong = _split_sessions(source, sessions, precision)
            if not right:
                raise wrong[0][1]
            place = max((session.place(precision) for session in right), key=_threads)
            output = folder / file_name(model.name, target, precision)
            file = optimize(source, target, output, place=place)
        except (ModelError, ProgramError) as error:
            errors.append(error)
            failed.append(failed_variant(model, precision, None, error))
            continue
        failed += [
            failed_variant(model, precision, session.execution.threads, error)
            for session, error in wrong
        ]
        variants += [
            ModelVariant(precision=precision, model=source, file=file, session=session)
            for session in right
        ]
    if not variants:
        raise errors[-1]  # each precision has one
    return variants, failed


def _threads(place: Place) -> int:
    return place.threads or 0


def _split_sessions(
    model: PreparedModel, sessions: Sequence[DeviceSession], precision: Precision
) -> tuple[list[DeviceSession], list[tuple[DeviceSession, ModelError]]]:
    """Sessions whose kernels compute a model rightly, and the others with the reason."""
    right, wrong = [], []
    for session in sessions:
        error = _refusal(model, session.place(precision))
        if error is None:
            right.append(session)
        else:
            wrong.append((session, error))
    return right, wrong


def _refusal(model: PreparedModel, place: Place) -> ModelError | None:
    """The error if kernels of a place are known to compute a model wrongly; else None."""
    try:
        check_place(model, place)
    except ModelError as error:
        return error
    return None


def prove_variants(
    variants: Sequence[ModelVariant], folder: Path
) -> tuple[list[tuple[ModelVariant, OutputDifference]], list[FailedRecord]]:
    """Proves variants on the device; returns how far each is from Paddle, and those that failed.

    Raises:
        RunnerError, ProgramError, ModelError: None of them runs right.
    """
    truths = {
        model.prefix: truth_for(model, [variant.precision for variant in variants])
        for model in {variant.model.prefix: variant.model for variant in variants}.values()
    }
    meant: dict[Path, _ProvedFile] = {}
    right: list[tuple[ModelVariant, OutputDifference]] = []
    failed: list[FailedRecord] = []
    for variant in variants:
        truth = truths[variant.model.prefix]
        try:
            if variant.file.path not in meant:
                meant[variant.file.path] = _prove_file(variant, truth)
            claim = replace(variant.claim, rounding=meant[variant.file.path].rounding)
            difference = prove_running(variant.session, claim, truth, folder)
        except (ModelError, ProgramError, RunnerError) as error:
            if len(failed) + 1 == len(variants):
                raise
            execution = variant.session.execution
            failed.append(
                failed_variant(variant.model, variant.precision, execution.threads, error)
            )
            continue
        known = meant[variant.file.path]
        proved = replace(variant, proved_by=known.by, without_meaning=known.unknown)
        right.append((proved, difference))
    return right, failed


@dataclass(frozen=True, kw_only=True, slots=True)
class _ProvedFile:
    """The proof of a file before a device runs it.

    Args:
        by: Names of the proofs, the device included.
        unknown: Its operators that cannot be computed in Paddle.
        rounding: In fp16, how far rounding alone takes its outputs from Paddle's.
    """

    by: tuple[str, ...]
    unknown: tuple[str, ...] = ()
    rounding: OutputDifference | None = None


def _prove_file(variant: ModelVariant, truth: GroundTruth) -> _ProvedFile:
    """Proves the optimizer's work before a file runs on another machine.

    On this machine running the file is as quick, so nothing is proved beforehand.

    Raises:
        ModelError: The file computes something else.
    """
    if variant.session.profile.transport == LOCAL:
        return _ProvedFile(by=(ProofBy.DEVICE,))
    meant = prove_optimized(variant.claim, truth)
    if isinstance(meant, tuple):
        return _ProvedFile(by=(ProofBy.DEVICE,), unknown=meant)
    rounding = meant if variant.precision is Precision.FP16 else None
    return _ProvedFile(by=(ProofBy.INTERPRETER, ProofBy.DEVICE), rounding=rounding)


def measure_variants(
    variants: Sequence[ModelVariant],
    networks: Sequence[OptimizedNetwork],
    *,
    rounds: int = 3,
    paired: bool = False,
    progress: Progress = SILENT,
) -> MeasuredNetworks:
    """Measures all variants in turns, so that slow changes of the device affect them alike.

    Args:
        variants: Variants of the model and of its baseline.
        networks: The network of each variant, named by its id.
        rounds: How often each variant is timed.
        paired: Whether each round is a fair comparison by itself.
        progress: Display that shows the progress.

    Raises:
        RunnerError, ProgramError: A variant does not run.
    """
    groups: dict[int, tuple[DriftWatch, list[OptimizedNetwork]]] = {}
    for variant, network in zip(variants, networks, strict=True):
        threads = variant.session.execution.threads
        if threads not in groups:
            patience_s = min(variant.session.profile.patience_s, _PATIENCE_S / rounds)
            groups[threads] = (DriftWatch(variant.session, patience_s=patience_s), [])
        groups[threads][1].append(network)
    return measure_side_by_side(
        list(groups.values()), rounds=rounds, paired=paired, progress=progress
    )


@dataclass(frozen=True, kw_only=True, slots=True)
class TablePredictions:
    """Predictions of a table, if there is one, for variants of its precision and threads."""

    predictor_of_table: Predictor | None = None

    @classmethod
    def of(
        cls, table: Path | None, sessions: Sequence[DeviceSession], precisions: Sequence[Precision]
    ) -> TablePredictions:
        """Reads a table for the variants that sessions and precisions make.

        Raises:
            BadFileError: The file is no latency table.
            ContextMismatchError: It fits none of the variants.
        """
        if table is None:
            return cls()
        known = LatencyTable.read(table)
        contexts = [
            _context(session, precision) for session in sessions for precision in precisions
        ]
        if all(known.context.difference(context) for context in contexts):
            known.context.check_same(contexts[0], table)
        return cls(predictor_of_table=Predictor(known))

    @property
    def table(self) -> LatencyTable | None:
        """The table, if there is one."""
        return None if self.predictor_of_table is None else self.predictor_of_table.table

    def predictor(self, variant: ModelVariant) -> Predictor | None:
        """The predictor of a variant, if the table is of its precision and threads."""
        found = self.predictor_of_table
        if found is None or found.table.context.difference(
            _context(variant.session, variant.precision)
        ):
            return None
        return found

    def speed(self, variant: ModelVariant, now_ms: float) -> float | None:
        """Speed of the device over its speed when the table was measured, if known."""
        predictor = self.predictor(variant)
        then_ms = 0.0 if predictor is None else predictor.table.reference_ms
        return then_ms / now_ms if then_ms > 0 and now_ms > 0 else None


def _context(session: DeviceSession, precision: Precision) -> TableContext:
    context = session.context()
    execution = msgspec.structs.replace(context.execution, precision=precision)
    return msgspec.structs.replace(context, execution=execution)


def failed_variant(
    model: PreparedModel, precision: Precision, threads: int | None, error: Exception
) -> FailedRecord:
    """The record of a variant that cannot be converted or run, and why."""
    return FailedRecord(
        name=model.name,
        role=ModelRole.MODEL,
        precision=precision,
        threads=threads,
        reason=str(error),
    )
