"""``edgeslim infer``: runs a model on files, and interprets its outputs for each of them."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import numpy as np

from edgeslim.conversion.model_inputs import read_given
from edgeslim.conversion.model_source import ModelSource, SavedModel, find_model
from edgeslim.conversion.prepare import PreparedModel, prepare
from edgeslim.conversion.required_memory import check_memory
from edgeslim.conversion.shape_options import ONLY_SHAPE
from edgeslim.device import DeviceChoice
from edgeslim.errors import BadFileError, ModelError, UnknownNameError, UsageError
from edgeslim.files import new_folder, temporary_folder, write_bytes
from edgeslim.inference.drawing import draw_boxes
from edgeslim.inference.engines import Engine, RunModel, load_model
from edgeslim.inference.interpretation import (
    FoundBox,
    RankedClass,
    boxes_of,
    classes_of,
    is_classifier,
    is_detector,
)
from edgeslim.inference.picture_options import PlainPictureOptions
from edgeslim.inference.pictures import is_tensor, picture_reader, picture_size, read_input
from edgeslim.inference.results import FileResult, Inference, SavedTensor
from edgeslim.opspec import Shape
from edgeslim.options import ARGUMENT, OPTION, Option, called_with, parse_paths
from edgeslim.progress import SILENT, Progress
from edgeslim.training.tasks import ReadsPictures, find_task

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["FileResult", "InferRequest", "Inference", "infer"]

_log = logging.getLogger(__name__)

_FILES_AT_ONCE = 32
"""Files whose inputs and outputs are in memory at a time."""


_OUTPUTS = Option("Outputs")
_ENGINE = Option("Engine")


@dataclass(frozen=True, kw_only=True, slots=True)
class InferRequest(PlainPictureOptions):
    """What can be asked of `infer`."""

    model: Annotated[str, ARGUMENT] = field(kw_only=False)
    """Saved model, file.py:function, or a name."""
    inputs: Annotated[Sequence[Path], OPTION(parse_all=parse_paths)] = field(kw_only=False)
    """Pictures, or .npy files that are used unchanged; .npz files for models with several inputs.
    Those after the first need no --inputs."""
    task: Annotated[str | None, OPTION] = None
    """How pictures are read, and class names: NAME, NAME:FOLDER or file.py."""
    input_shape: Annotated[Shape | None, ONLY_SHAPE] = None
    """Input shape of the network, if the model leaves it open: 1,3,224,224."""
    out: Annotated[Path | None, _OUTPUTS] = None
    """Folder for pictures with boxes, and for raw outputs."""
    top: Annotated[int, _OUTPUTS] = 5
    """Number of classes that are listed for each picture."""
    score: Annotated[float, _OUTPUTS] = 0.5
    """Lowest score of boxes, from 0 to 1."""
    raw: Annotated[bool, _OUTPUTS] = False
    """Write all outputs as .npy files."""
    engine: Annotated[str, _ENGINE] = "paddle"
    """paddle, or lite for Paddle-Lite's runtime on a device."""
    device: Annotated[str | DeviceChoice, _ENGINE("--device", parse=str)] = ""
    """Where Paddle-Lite runs; by default this machine."""
    precision: Annotated[str, _ENGINE] = ""
    """For Paddle-Lite: fp32, int8, fp16 or int16; by default the model's own."""
    progress: Progress = SILENT
    """Shows how far it is."""

    def chosen_engine(self) -> Engine:
        """The engine, after everything that is asked was checked.

        Raises:
            UsageError: An impossible number, an unknown engine, or no inputs.
            BadFileError: An input is no file.
        """
        if not self.inputs:
            raise UsageError("there is nothing to show; give pictures or .npy files with --inputs")
        if self.top < 1:
            raise UsageError(f"--top must be at least 1, not {self.top}")
        if not 0 <= self.score <= 1:
            raise UsageError(f"--score is from 0 to 1, not {self.score:g}")
        if self.raw and self.out is None:
            raise UsageError("--raw needs a folder to write outputs into; give --out")
        for path in self.inputs:
            if not path.is_file():
                what = "is a folder" if path.is_dir() else "does not exist"
                raise BadFileError(f"{path} {what}; give pictures, .npy or .npz files")
        if self.engine not in set(Engine):
            raise UnknownNameError("engine", self.engine, [known.value for known in Engine])
        return Engine(self.engine)


@dataclass(frozen=True, kw_only=True, slots=True)
class _Reading:
    """How files become inputs of a model, and outputs become results."""

    request: InferRequest
    model: PreparedModel
    input_shape: Shape
    reader: ReadsPictures
    kind: str


@called_with(InferRequest)
def infer(request: InferRequest) -> Inference:
    """Runs a model on pictures or tensors and interprets its outputs.

    Raises:
        UsageError: An unknown name, an impossible number, or no inputs.
        BadFileError: A file is no picture, or a tensor that does not fit.
        ModelError: The model reads several pictures at once; its classes are not the task's.
    """
    engine, inputs = request.chosen_engine(), request.inputs
    found = None if request.task is None else find_task(request.task)
    classes = None if found is None else found.num_classes
    source = _with_seed(find_model(request.model, num_classes=classes))
    with temporary_folder() as scratch:
        shapes = {} if request.input_shape is None else {"": request.input_shape}
        first = read_given(inputs[0]) if is_tensor(inputs[0]) else None
        prepared = prepare(source, scratch / "model", input_shapes=shapes, inputs=first)
        check_memory(prepared.graph, prepared.name)
        shape = _picture_shape(prepared, inputs)
        detects = shape[:1] == (1,) and is_detector(_output_shapes(prepared), shape)
        reader = picture_reader(
            *(found, request.task or "", tuple(request.mean), tuple(request.scale)),
            finds_boxes=detects,
            dtype=prepared.graph.feed_type(next(iter(prepared.graph.feeds))),
        )
        reading = _Reading(
            request=request,
            model=prepared,
            input_shape=shape,
            reader=reader,
            kind=_kind(prepared, reader, detects=detects, has_task=found is not None),
        )
        if request.out is not None:
            new_folder(request.out)
        with load_model(
            *(engine, prepared), device=request.device, precision=request.precision
        ) as run:
            outputs = _run_files(reading, run)
    return Inference(model=prepared.name, engine=engine, kind=reading.kind, outputs=tuple(outputs))


def _run_files(reading: _Reading, run: RunModel) -> list[FileResult]:
    """Runs the model on each file and interprets its outputs."""
    inputs, progress = reading.request.inputs, reading.request.progress
    outputs: list[FileResult] = []
    with progress.stage("pictures", len(inputs)) as stage:
        for start in range(0, len(inputs), _FILES_AT_ONCE):
            files = inputs[start : start + _FILES_AT_ONCE]
            read = [read_input(file, reading.reader, reading.model) for file in files]
            for file, arrays in zip(files, run(read), strict=True):
                outputs.append(_interpret(file, _stem(file, outputs), arrays, reading))
            stage.advance(len(files))
    return outputs


def _with_seed(source: ModelSource) -> ModelSource:
    """Gives a model that a function builds a fixed seed, so that its results can be repeated."""
    if isinstance(source, SavedModel):
        return source
    _log.warning("%s is built by a function: weights that it does not load are random", source.name)

    def build() -> Any:  # noqa: ANN401 - a network of Paddle's
        from edgeslim.training.trainer import build_seeded

        return build_seeded(source.build, 0)

    return replace(source, build=build)


def _picture_shape(model: PreparedModel, files: Sequence[Path]) -> Shape:
    """Shape of the input that pictures go into: the only one, or the first with four axes.

    Raises:
        ModelError: The model reads several pictures at once, and gets one.
    """
    feeds = model.graph.feeds
    if len(feeds) != 1:
        return next((feed for feed in feeds.values() if len(feed) == 4), next(iter(feeds.values())))
    ((name, shape),) = feeds.items()
    picture = next((file for file in files if not is_tensor(file)), None)
    if shape[:1] != (1,) and picture is not None:
        raise ModelError(
            f"{model.name} reads {list(shape)} as {name!r}, and {picture} is one picture; "
            f"give --input-shape {','.join(map(str, (1, *shape[1:])))}, and tensors of several "
            "rows by themselves"
        )
    return shape


def _output_shapes(model: PreparedModel) -> list[Shape]:
    shapes = model.graph.shapes
    return [shapes[name] for name in model.graph.fetches]


def _kind(model: PreparedModel, reader: ReadsPictures, *, detects: bool, has_task: bool) -> str:
    """Decides what the outputs are: ``boxes``, ``classes`` or ``tensors``.

    Raises:
        ModelError: The task needs something else.
    """
    shapes = _output_shapes(model)
    kind = "boxes" if detects else "classes" if is_classifier(shapes) else "tensors"
    wanted = "boxes" if reader.finds_boxes else "classes"
    if has_task and kind != wanted:
        raise ModelError(
            f"{model.name} gives {[list(shape) for shape in shapes]}, and the task wants {wanted}: "
            + (
                "raw outputs of a detector that is known"
                if wanted == "boxes"
                else "scores (1, classes) first"
            )
        )
    return kind


def _stem(file: Path, before: Sequence[FileResult]) -> str:
    """Names output files like their input, numbered if an earlier input has the same name."""
    count = sum(earlier.input.stem == file.stem for earlier in before)
    return file.stem if count == 0 else f"{file.stem}-{count + 1}"


def _interpret(
    file: Path, stem: str, arrays: Sequence[NDArray[Any]], reading: _Reading
) -> FileResult:
    """Interprets the outputs for one file, and writes what was asked for."""
    is_picture = not is_tensor(file)
    request = reading.request
    if reading.kind != "tensors" and not all(np.isfinite(array).all() for array in arrays):
        raise ModelError(
            f"what {reading.model.name} gives for {file} is no numbers, and so no {reading.kind}; "
            "show it what it is made for, read as it was trained (--task, --mean, --scale)"
        )
    classes: tuple[RankedClass, ...] = ()
    boxes: tuple[FoundBox, ...] = ()
    if reading.kind == "classes":
        classes = classes_of(arrays, reading.reader, request.top, reading.model.name)
    elif reading.kind == "boxes":
        boxes = boxes_of(arrays, reading.reader, reading.input_shape, request.score)
    drawn = None
    if reading.kind == "boxes" and request.out is not None and is_picture:
        drawn = request.out / f"{stem}.boxes.png"
        draw_boxes(file, boxes, drawn)
    return FileResult(
        input=file,
        size=picture_size(file) if is_picture else None,
        classes=classes,
        boxes=boxes,
        drawn=drawn,
        tensors=tuple(
            SavedTensor(
                name=name,
                shape=array.shape,
                file=_write_array(array, request.out / f"{stem}.{place}.npy")
                if request.raw and request.out is not None
                else None,
            )
            for place, (name, array) in enumerate(
                zip(reading.model.graph.fetches, arrays, strict=True)
            )
        ),
    )


def _write_array(array: NDArray[Any], path: Path) -> Path:
    stream = BytesIO()
    np.save(stream, array, allow_pickle=False)
    write_bytes(path, stream.getvalue())
    return path
