"""The whole of ``edgeslim optimize``: the same function in the form that a device runs fastest."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Annotated

import msgspec

from edgeslim.conversion.model_inputs import read_given
from edgeslim.conversion.model_source import find_model
from edgeslim.conversion.prepare import PreparedModel, prepare
from edgeslim.conversion.shape_options import INPUT_SHAPES
from edgeslim.deployment.models_under_test import (
    ModelUnderTest,
    measure_models,
    model_under_test,
)
from edgeslim.deployment.rewritten import judge_form, predicted_record
from edgeslim.deployment.variants import TablePredictions
from edgeslim.device import DeviceChoice
from edgeslim.errors import ModelError, ProgramError, RunnerError, UsageError
from edgeslim.execution import Precision
from edgeslim.files import encode_json, new_folder, read_bytes, temporary_folder, write_files
from edgeslim.latency_table import LatencyTable
from edgeslim.locks import hold
from edgeslim.measuring.device_session import DeviceSession, open_device
from edgeslim.measuring.drift import DriftWatch
from edgeslim.opspec import OpSpec, Shape
from edgeslim.options import ARGUMENT, OPTION, Option, OptionsOf, called_with
from edgeslim.prediction.predictor import Predictor
from edgeslim.profiling.operators import measure_operators
from edgeslim.profiling.profile import default_table
from edgeslim.profiling.profile_plan import ProfilePlan
from edgeslim.progress import SILENT, Progress
from edgeslim.rewriting.rewrite import rewrite_model
from edgeslim.runs.rewriting_record import RewritingRecord

__all__ = ["RECORD", "OptimizeRequest", "optimize"]

_log = logging.getLogger(__name__)

RECORD = "rewriting.json"
"""Name of the file that says what was done."""

_ROUNDS = 12

_SPEEDUP = Option("Speed-up")


@dataclass(frozen=True, kw_only=True, slots=True)
class OptimizeRequest:
    """What can be asked of `optimize`."""

    model: Annotated[str, ARGUMENT] = field(kw_only=False)
    """Saved model, file.py:function, or a name."""
    table: Annotated[Path | None, OPTION] = None
    """Latency table of the device; with a device, operators that it lacks are measured and added.
    By default that of edgeslim profile for the device."""
    device: Annotated[str | DeviceChoice, OptionsOf(DeviceChoice)] = ""
    """Name of the device's profile. Without it nothing is measured, and the table alone decides."""
    out: Annotated[Path | None, OPTION] = None
    """Folder for the model; by default in optimized/."""
    input_shapes: Annotated[Mapping[str, Shape] | None, INPUT_SHAPES] = None
    """Shape of an open input: 1,3,224,224; name=...; 1,16:int64."""
    inputs: Annotated[Path | None, OPTION] = None
    """Your own inputs instead of noise, for proof and timing: .npz with an array for each, or .npy
    for one."""
    rounds: Annotated[int, _SPEEDUP] = _ROUNDS
    """Rounds of timing beside the model as it came, each in new processes."""
    progress: Progress = SILENT
    """Shows how far it is."""

    def check(self) -> None:
        """Checks what can be checked before the model is looked at.

        Raises:
            UsageError: Neither a table nor a device is named, or too few rounds.
        """
        if self.table is None and not DeviceChoice.of(self.device).name:
            raise UsageError(
                "give --table with what operators take on the device, or --device to measure it"
            )
        if self.rounds < 2:
            raise UsageError(f"--rounds must be at least 2 for an interval, not {self.rounds}")


@called_with(OptimizeRequest)
def optimize(request: OptimizeRequest) -> RewritingRecord:
    """Writes a model that computes the same in the form that a device runs fastest.

    Forms are chosen by the prices of the operators that they leave. With a device, the result is
    measured beside the model as it came, in both orders in each round; if it is not faster beyond
    its interval, the model goes out as it came.

    Raises:
        UsageError: Neither a table nor a device; a table of another kind.
        UnknownNameError, BadFileError: There is no such model or table, or inputs do not fit.
        ModelError, ProgramError, RunnerError: The model does not convert or does not run.
        InUseError: Another process writes the folder.
    """
    request.check()
    source = find_model(request.model)
    inputs = None if request.inputs is None else read_given(request.inputs)
    choice = DeviceChoice.of(request.device)
    out = request.out or Path("optimized") / source.name
    with hold(out), temporary_folder() as scratch, ExitStack() as stack:
        table = None if choice.name else LatencyTable.read(_path(request))
        prepared = prepare(
            source, scratch / "model", input_shapes=request.input_shapes, inputs=inputs
        )
        session = stack.enter_context(open_device(choice)) if table is None else None
        return _optimize(replace(request, out=out), prepared, session, table, scratch)


def _path(request: OptimizeRequest) -> Path:
    assert request.table is not None  # noqa: S101 - it was checked
    return request.table


def _optimize(
    request: OptimizeRequest,
    prepared: PreparedModel,
    session: DeviceSession | None,
    table: LatencyTable | None,
    scratch: Path,
) -> RewritingRecord:
    measuring = None
    if session is not None:
        context = session.context()
        table = LatencyTable.open(request.table or default_table(context), context)
        measuring = _Measuring(session, table, request.progress)
    assert table is not None  # noqa: S101 - of a device or of a file
    found = rewrite_model(
        prepared,
        table.context.execution.target,
        table,
        scratch / "rewritten",
        measure=measuring,
        progress=request.progress,
    )
    record = predicted_record(prepared, request.model, table, found, str(request.out))
    if session is not None and found.model is not None:
        record = _measured_record(
            request, record, session, table, models=(prepared, found.model), scratch=scratch
        )
    model = found.model if record.kept else None
    _write(Path(record.folder), prepared if model is None else model, record)
    return record


class _Measuring:
    """Measures operators on a device, and adds them to its table.

    Args:
        session: The device that measures.
        table: Latency table that gets the operators.
        progress: Display that shows the progress.
    """

    def __init__(self, session: DeviceSession, table: LatencyTable, progress: Progress) -> None:
        self._session = session
        self._table = table
        self._progress = progress
        self._watch: DriftWatch | None = None

    def __call__(self, specs: Sequence[OpSpec]) -> None:
        if self._watch is None:
            self._watch = DriftWatch(self._session)
        plan = ProfilePlan(dict.fromkeys(specs, 1.0))
        measure_operators(self._session, self._watch, self._table, plan, progress=self._progress)


def _measured_record(
    request: OptimizeRequest,
    record: RewritingRecord,
    session: DeviceSession,
    table: LatencyTable,
    *,
    models: tuple[PreparedModel, PreparedModel],
    scratch: Path,
) -> RewritingRecord:
    """The record with both measured; a form that is not faster beyond its interval is not kept."""
    prepared, rewritten = models
    before = _under_test(prepared, "as_it_came", request.model, session, scratch)
    try:
        after = _under_test(rewritten, "rewritten", request.model, session, scratch)
        measured = measure_models(
            [before, after], rounds=request.rounds, paired=True, progress=request.progress
        )
    except (ModelError, ProgramError, RunnerError) as error:
        _log.warning("%s goes out as it came: %s", request.model, error)
        return msgspec.structs.replace(
            record, kept=False, reason=f"the other form does not run as it should: {error}"
        )
    known = TablePredictions(predictor_of_table=Predictor(table))
    return judge_form(record, before, after, measured, known)


def _under_test(
    model: PreparedModel, name: str, source: str, session: DeviceSession, scratch: Path
) -> ModelUnderTest:
    """A model converted for the device, and proved right there."""
    folder = new_folder(scratch / name)
    called = replace(model, name=f"{model.name}.{name}")
    return model_under_test(called, source, [Precision.FP32], [session], folder)


def _write(folder: Path, model: PreparedModel, record: RewritingRecord) -> None:
    """Writes the model and the record, all or nothing."""
    new_folder(folder)
    write_files(
        {
            folder / f"model{ending}": read_bytes(Path(f"{model.prefix}{ending}"))
            for ending in (".pdmodel", ".pdiparams")
        }
        | {folder / RECORD: encode_json(record)}
    )
