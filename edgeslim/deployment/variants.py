"""Variants of a model on a device: one for each precision and number of threads."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import msgspec

from edgeslim.conversion.optimized import OptimizedFile
from edgeslim.conversion.precisions import PRECISION_NAMES, model_for_precision
from edgeslim.conversion.prepare import PreparedModel
from edgeslim.deployment.claims import Claim
from edgeslim.engines import DEFAULT, ENGINES, DeploymentEngine, Road
from edgeslim.errors import (
    ModelError,
    ProgramError,
    ProgramNotFoundError,
    UnknownNameError,
    UsageError,
)
from edgeslim.execution import Precision
from edgeslim.files import write_bytes
from edgeslim.latency_table import LatencyTable, TableContext
from edgeslim.measuring.device_session import DeviceSession
from edgeslim.prediction.predictor import Predictor
from edgeslim.runs.deployment_records import FailedRecord, ModelRole
from edgeslim.targets import Place

__all__ = [
    "ModelVariant",
    "TablePredictions",
    "check_variants",
    "convert_to_precision",
    "convert_variants",
    "copy_to_folder",
    "engine_of",
    "failed_variant",
]


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
        road: The way by which it was converted, if its engine has several.
    """

    precision: Precision
    model: PreparedModel
    file: OptimizedFile
    session: DeviceSession
    proved_by: tuple[str, ...] = ()
    without_meaning: tuple[str, ...] = ()
    road: Road | None = None

    @property
    def claim(self) -> Claim:
        """The claim that is to be proved of it."""
        return Claim(
            model=self.model,
            file=self.file,
            target=self.session.execution.target,
            precision=self.precision,
            road=None if engine_of(self.session).explains else self.road,
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


def copy_to_folder(file: OptimizedFile, folder: Path, names: tuple[str, str] = ("", "")) -> Path:
    """Copies a converted file, and what belongs to it, into the folder of the result.

    Args:
        file: The converted model on disk, with the files that belong to it.
        folder: Folder of the result.
        names: What the model is called in names of files, and what it is to be called there.
    """
    for name, path in file.files.items():
        write_bytes(folder / name.replace(*names, 1), path.read_bytes())
    return folder / file.path.name.replace(*names, 1)


def convert_to_precision(
    model: PreparedModel, place: Place, folder: Path
) -> tuple[PreparedModel, OptimizedFile]:
    """Converts a model to a place's precision; returns what was converted, and the file.

    Raises:
        ProgramError, ModelError: It does not convert, or would compute something else.
    """
    engine = ENGINES.get(DEFAULT)
    source = model_for_precision(model, place.precision, folder / place.precision.value)
    return source, engine.convert(source, place, folder, engine.roads[0])


def convert_variants(
    model: PreparedModel,
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
    for name in dict.fromkeys(session.engine for session in sessions):
        own = [session for session in sessions if session.engine == name]
        for precision in precisions:
            try:
                made, refused = _convert_variant(model, precision, own, folder)
            except (ModelError, ProgramError) as error:
                errors.append(error)
                failed.append(failed_variant(model, precision, None, error, name))
                continue
            variants += made
            failed += refused
    if not variants:
        raise errors[-1]  # each precision has one
    return variants, failed


def _convert_variant(
    model: PreparedModel,
    precision: Precision,
    sessions: Sequence[DeviceSession],
    folder: Path,
) -> tuple[list[ModelVariant], list[FailedRecord]]:
    """Converts a model to a precision for the sessions of one engine; raises if none remains."""
    name = sessions[0].engine
    engine = engine_of(sessions[0])
    source = engine.model_for(model, precision, sessions[0], folder / precision.value)
    right, wrong = _split_sessions(source, sessions, precision)
    if not right:
        raise wrong[0][1]
    place = max((session.place(precision) for session in right), key=_threads)
    file, road = _convert_by_some_road(engine, source, place, folder, engine.roads)
    variants = [
        ModelVariant(precision=precision, model=source, file=file, session=session, road=road)
        for session in right
    ]
    refused = [
        failed_variant(model, precision, session.execution.threads, error, name)
        for session, error in wrong
    ]
    return variants, refused


def engine_of(session: DeviceSession) -> DeploymentEngine:
    """The engine that runs models in a session."""
    return ENGINES.get(session.engine or DEFAULT)


def _convert_by_some_road(
    engine: DeploymentEngine,
    model: PreparedModel,
    place: Place,
    folder: Path,
    roads: Sequence[Road],
) -> tuple[OptimizedFile, Road]:
    """Converts by the first road that leads somewhere; raises with the reason of each."""
    road, *others = roads  # every engine has one
    try:
        return engine.convert(model, place, folder, road), road
    except (ModelError, ProgramError) as error:
        if not others:
            raise
        try:
            return _convert_by_some_road(engine, model, place, folder, others)
        except (ModelError, ProgramError) as other:
            if isinstance(error, ProgramNotFoundError) and isinstance(other, ProgramNotFoundError):
                raise error from None
            raise ModelError(f"{error}; {other}") from error


def _threads(place: Place) -> int:
    return place.threads or 0


def _split_sessions(
    model: PreparedModel, sessions: Sequence[DeviceSession], precision: Precision
) -> tuple[list[DeviceSession], list[tuple[DeviceSession, ModelError]]]:
    """Sessions whose kernels compute a model rightly, and the others with the reason."""
    right, wrong = [], []
    for session in sessions:
        error = _refusal(engine_of(session), model, session.place(precision))
        if error is None:
            right.append(session)
        else:
            wrong.append((session, error))
    return right, wrong


def _refusal(engine: DeploymentEngine, model: PreparedModel, place: Place) -> ModelError | None:
    """The error if an engine is known to compute a model wrongly in a place; else None."""
    try:
        engine.check(model, place)
    except ModelError as error:
        return error
    return None


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
    model: PreparedModel,
    precision: Precision,
    threads: int | None,
    error: Exception,
    engine: str = "",
) -> FailedRecord:
    """The record of a variant that cannot be converted or run, and why."""
    return FailedRecord(
        name=model.name,
        role=ModelRole.MODEL,
        precision=precision,
        threads=threads,
        reason=str(error),
        engine=engine,
    )
