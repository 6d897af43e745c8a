"""The whole of ``edgeslim export``: from a run to the folder of an app."""

from __future__ import annotations

import logging
import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec
import numpy as np

from edgeslim.apps import AppContents, AppSample, Port, Result, app_files
from edgeslim.apps._contents import DTYPES
from edgeslim.conversion.model_inputs import check_input_types, read_given
from edgeslim.conversion.model_source import SavedModel, find_model
from edgeslim.conversion.optimized import OptimizedFile
from edgeslim.conversion.paddle_outputs import paddle_outputs
from edgeslim.conversion.precisions import precisions_of
from edgeslim.conversion.prepare import PreparedModel, prepare
from edgeslim.deployment.claims import Claim, Proof
from edgeslim.deployment.origins import NO_BASELINE
from edgeslim.deployment.proving import open_prover
from edgeslim.deployment.request import DeployRequest, resolve
from edgeslim.deployment.variants import convert_to_precision
from edgeslim.errors import ModelError
from edgeslim.execution import Precision, Target
from edgeslim.exporting.reading import PictureReading, Shown, read_samples, reading_of
from edgeslim.exporting.request import Exported, ExportRequest
from edgeslim.files import read_json, replace_folder, temporary_folder, write_bytes
from edgeslim.inference.interpretation import (
    boxes_of,
    classes_of,
    is_classifier,
    is_detector,
)
from edgeslim.inference.pictures import PlainPictures
from edgeslim.options import called_with
from edgeslim.picture_steps import BoxDecoding
from edgeslim.targets import Place
from edgeslim.training.detection.heads import HEADS
from edgeslim.training.tasks import TASKS, ReadsPictures, Task, find_task

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from edgeslim.opspec import Shape

__all__ = ["export"]

_log = logging.getLogger(__name__)

_TOLERANCE = 1e-3
"""In fp32: the largest difference over the largest value, as a deployment allows."""

_TIMES_PROVED, _LEAST_LOWER = 4.0, 0.01
"""In lower precision: a multiple of the difference that the proof found, and its least."""

_CLASSES = 5


_FLOAT_BYTES = 4


class _RunFile(msgspec.Struct, frozen=True):
    """The task in the description of a run: by itself, or among its settings."""

    task: str | None = None
    settings: _RunFile | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class _Converted:
    """A model converted for its app, and what proved it right."""

    file: OptimizedFile
    precision: Precision
    proof: Proof

    @property
    def tolerance(self) -> float:
        """Largest allowed difference of an output, as a share of its largest value."""
        if self.precision is Precision.FP32:
            return _TOLERANCE
        return max(_LEAST_LOWER, float(f"{_TIMES_PROVED * self.proof.difference.max_rel:.2g}"))


@called_with(ExportRequest)
def export(request: ExportRequest) -> Exported:
    """Makes an app of a model: converted, with its preprocessing, samples and a comparison.

    The folder appears whole or not at all.

    Raises:
        UsageError: Unknown names, an existing folder, options that contradict.
        BadFileError: Files of the model, the task or the pictures cannot be read.
        ModelError: The model's classes are not the task's, it reads or gives what apps do not
            have, or its file is not proved right.
        ProgramError: The model does not convert.
    """
    app = request.check()
    target = request.chosen_target(app)
    name = request.task or _task_of(Path(request.model))
    task = None if request.reads_plain_pictures or not name else find_task(name)
    with temporary_folder() as scratch, request.progress.stage("export", 3) as stage:
        prepared = _prepare(request, task, scratch)
        reading = reading_of(request, task, prepared, finds_boxes=_finds_boxes(prepared))
        shown = read_samples(request, task, prepared, reading, scratch)
        outputs = paddle_outputs(prepared, [one.inputs for one in shown])
        stage.advance(note="samples run in Paddle")
        converted = _convert(prepared, target, request.precision, scratch)
        stage.advance(note="converted, and outputs compared")
        contents = _contents(
            prepared, reading, converted, list(zip(shown, outputs, strict=True)), target
        )
        kind = name.partition(":")[0].partition(",")[0] if task else ""
        files = app_files(app, replace(contents, task=kind if kind in TASKS else ""))
        with temporary_folder(near=request.out.absolute().parent) as beside:
            for path, content in files.items():
                write_bytes(beside / "app" / path, content)
            replace_folder(beside / "app", request.out.absolute())
        stage.advance(note="written")
    return Exported(
        folder=request.out,
        app=request.app,
        model=prepared.name,
        kind=contents.kind,
        target=target,
        precision=converted.precision,
        size_bytes=len(contents.model),
        proved_by=converted.proof.by,
        preprocessing=contents.steps is not None,
        labels=len(contents.labels),
        samples=len(contents.samples),
        tolerance=contents.tolerance,
        files=tuple(files),
        compare=app.compare,
        built=app.built,
        notes=tuple(filter(None, (reading.note, *contents.unproved))),
    )


def _task_of(run: Path) -> str:
    """The task that a run's folder has kept; empty if it has kept none."""
    for name in ("pruning.json", "search.json", "result.json"):
        if (run / name).is_file():
            found = read_json(run / name, _RunFile)
            task = found.task or (found.settings and found.settings.task)
            if task:
                return task
    return ""


def _prepare(request: ExportRequest, task: Task | None, scratch: Path) -> PreparedModel:
    source = resolve(DeployRequest(request.model, baseline=NO_BASELINE)).source
    if not isinstance(source, SavedModel):
        source = find_model(request.model, num_classes=task.num_classes if task else None)
        _log.warning(
            "%s is built by a function: weights that it does not load are random", source.name
        )
    prepared = prepare(
        *(source, scratch / "model"),
        input_shapes=request.input_shapes,
        inputs=None if request.inputs is None else read_given(request.inputs),
    )
    check_input_types(prepared.graph, prepared.name)
    return prepared


def _finds_boxes(model: PreparedModel) -> bool:
    return is_detector(_output_shapes(model), next(iter(model.graph.feeds.values())))


def _output_shapes(model: PreparedModel) -> list[Shape]:
    return [model.graph.shapes[name] for name in model.graph.fetches]


def _convert(model: PreparedModel, target: Target, asked: str, scratch: Path) -> _Converted:
    (precision,) = precisions_of((asked,) if asked else (), model, target)
    with open_prover() as prover:
        source, file = convert_to_precision(model, Place.of(target, precision), scratch)
        claim = Claim(model=source, file=file, target=target, precision=precision)
        return _Converted(file=file, precision=precision, proof=prover.prove(claim, scratch))


def _contents(
    model: PreparedModel,
    reading: PictureReading,
    converted: _Converted,
    runs: Sequence[tuple[Shown, Sequence[NDArray[Any]]]],
    target: Target,
) -> AppContents:
    """The contents of the app, but for the name of its task."""
    graph, reader = model.graph, reading.reader
    kind, shape = _kind(model, reader), next(iter(graph.feeds.values()))
    outputs = [(name, array) for name, array in zip(graph.fetches, runs[0][1], strict=True)]
    maps = [*graph.feature_maps.values(), *graph.feeds.values()]
    return AppContents(
        name=model.name,
        kind=kind,
        model=converted.file.path.read_bytes(),
        target=target,
        precision=converted.precision,
        library_version=converted.file.facts.library_version,
        inputs=tuple(
            _port(name, size, graph.feed_type(name)) for name, size in graph.feeds.items()
        ),
        outputs=tuple(_port(name, array.shape, array.dtype.name) for name, array in outputs),
        labels=() if reader is None else tuple(reader.class_names),
        task="",
        steps=reading.steps,
        decoding=_decoding(model, shape) if kind == "boxes" else None,
        samples=tuple(_sample(shown, arrays, kind, reader, model) for shown, arrays in runs),
        tolerance=converted.tolerance,
        activation_bytes=_FLOAT_BYTES * sum(map(math.prod, maps)),
        unproved=converted.proof.gaps,
    )


def _kind(model: PreparedModel, reader: ReadsPictures | None) -> str:
    """What the outputs are.

    Raises:
        ModelError: They are not what the task's networks give.
    """
    shapes = _output_shapes(model)
    if reader is None:
        return "tensors"
    kind = "boxes" if _finds_boxes(model) else "classes" if is_classifier(shapes) else "tensors"
    wanted = "boxes" if reader.finds_boxes else "classes"
    if kind != wanted and not isinstance(reader, PlainPictures):
        raise ModelError(
            f"{model.name} gives {[list(shape) for shape in shapes]}, and the task wants {wanted}; "
            "give the task that it was trained for"
        )
    return kind


def _port(name: str, shape: Shape, dtype: str) -> Port:
    """An input or output.

    Raises:
        ModelError: No app reads or writes its type.
    """
    if dtype not in DTYPES:
        raise ModelError(
            f"{name!r} is of {dtype}, and apps have {', '.join(DTYPES)}; cast it in the network"
        )
    return Port(name=name, shape=tuple(map(int, shape)), dtype=dtype)


def _decoding(model: PreparedModel, input_shape: Shape) -> BoxDecoding:
    size = (input_shape[2], input_shape[3])
    heads = HEADS.members().values()
    return next(h for h in heads if h.recognises(_output_shapes(model), size)).decoding(size)


def _sample(
    shown: Shown,
    outputs: Sequence[NDArray[Any]],
    kind: str,
    reader: ReadsPictures | None,
    model: PreparedModel,
) -> AppSample:
    """A sample with what its outputs mean, computed in float64, as apps do it."""
    results: tuple[Result, ...] = ()
    exact = [output.astype(np.float64) for output in outputs]
    if kind == "classes" and reader is not None:
        results = tuple(
            Result(number=one.number, score=one.probability)
            for one in classes_of(exact, reader, _CLASSES, model.name)
        )
    elif kind == "boxes" and reader is not None:
        shape = next(iter(model.graph.feeds.values()))
        results = tuple(
            Result(number=box.number, score=box.score, box=box.box)
            for box in boxes_of(exact, reader, shape, 0.0)
        )
    return AppSample(
        picture=shown.picture,
        inputs=tuple(shown.inputs[name] for name in model.graph.feeds),
        outputs=tuple(outputs),
        results=results,
    )
