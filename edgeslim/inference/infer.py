"""``edgeslim infer``: runs a model on files, and interprets its outputs for each of them."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from edgeslim.conversion.model_inputs import read_given
from edgeslim.conversion.model_source import ModelSource, SavedModel, find_model
from edgeslim.conversion.prepare import PreparedModel, prepare
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
from edgeslim.inference.pictures import is_tensor, picture_reader, picture_size, read_input
from edgeslim.inference.results import FileResult, Inference, SavedTensor
from edgeslim.opspec import Shape
from edgeslim.progress import SILENT, Progress
from edgeslim.training.tasks import ReadsPictures, find_task

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["FileResult", "Inference", "infer"]

_log = logging.getLogger(__name__)

_FILES_AT_ONCE = 32
"""Files whose inputs and outputs are in memory at a time."""


@dataclass(frozen=True, kw_only=True, slots=True)
class _Wanted:
    """How a model's outputs are interpreted, and which of them are written."""

    model: PreparedModel
    input_shape: Shape
    reader: ReadsPictures
    kind: str
    out: Path | None
    raw: bool
    top: int
    score: float


def infer(
    model: str,
    inputs: Sequence[Path],
    *,
    engine: str = "paddle",
    task: str | None = None,
    out: Path | None = None,
    top: int = 5,
    score: float = 0.5,
    raw: bool = False,
    mean: Sequence[float] = (),
    scale: Sequence[float] = (),
    device: str | DeviceChoice = "",
    precision: str = "",
    input_shape: Shape | None = None,
    progress: Progress = SILENT,
) -> Inference:
    """Runs a model on pictures or tensors and interprets its outputs.

    Args:
        model: A saved model, a function in a file, or a name, as on the command line.
        inputs: Pictures, or ``.npy`` files that are used unchanged; ``.npz`` files of all inputs
            for models with several.
        engine: ``paddle``, or ``lite`` for Paddle-Lite's runtime on a device.
        task: Task of the model, as for `edgeslim.evaluate`: decides how pictures are read, and
            names the classes.
        out: Folder for pictures with boxes, and for raw outputs.
        top: Number of classes that are listed for each picture.
        score: Lowest score of a box, from 0 to 1.
        raw: Whether all outputs are written as ``.npy`` files.
        mean: Without a task, pixels from 0 to 255 are read as ``(pixel - mean) / scale``; one
            number, or three for the channels.
        scale: Divisor of pixels, as for ``mean``.
        device: Device that Paddle-Lite runs on; by default this machine.
        precision: Precision for Paddle-Lite; by default the model's own.
        input_shape: Input shape of the network, if the model leaves it open.
        progress: Where the progress is shown.

    Raises:
        UsageError: An unknown name, an impossible number, or no inputs.
        BadFileError: A file is no picture, or a tensor that does not fit.
        ModelError: The model reads several pictures at once; its classes are not the task's.
    """
    chosen = _check(inputs, engine, out, top, score, raw=raw)
    found = None if task is None else find_task(task)
    source = _with_seed(find_model(model, num_classes=None if found is None else found.num_classes))
    with temporary_folder() as scratch:
        shapes: Mapping[str, Shape] = {} if input_shape is None else {"": input_shape}
        first = read_given(inputs[0]) if is_tensor(inputs[0]) else None
        prepared = prepare(source, scratch / "model", input_shapes=shapes, inputs=first)
        shape = _picture_shape(prepared, inputs)
        detects = shape[:1] == (1,) and is_detector(_output_shapes(prepared), shape)
        reader = picture_reader(
            *(found, task or "", tuple(mean), tuple(scale)),
            finds_boxes=detects,
            dtype=prepared.graph.feed_type(next(iter(prepared.graph.feeds))),
        )
        wanted = _Wanted(
            model=prepared,
            input_shape=shape,
            reader=reader,
            kind=_kind(prepared, reader, detects=detects, has_task=found is not None),
            out=None if out is None else new_folder(out),
            raw=raw,
            top=top,
            score=score,
        )
        with load_model(chosen, prepared, device=device, precision=precision) as run:
            outputs = _run_files(inputs, wanted, run, progress)
    return Inference(model=prepared.name, engine=chosen, kind=wanted.kind, outputs=tuple(outputs))


def _run_files(
    inputs: Sequence[Path], wanted: _Wanted, run: RunModel, progress: Progress
) -> list[FileResult]:
    """Runs the model on each file and interprets its outputs."""
    outputs: list[FileResult] = []
    with progress.stage("pictures", len(inputs)) as stage:
        for start in range(0, len(inputs), _FILES_AT_ONCE):
            files = inputs[start : start + _FILES_AT_ONCE]
            read = [read_input(file, wanted.reader, wanted.model) for file in files]
            for file, arrays in zip(files, run(read), strict=True):
                outputs.append(_interpret(file, _stem(file, outputs), arrays, wanted))
            stage.advance(len(files))
    return outputs


def _check(
    inputs: Sequence[Path], engine: str, out: Path | None, top: int, score: float, *, raw: bool
) -> Engine:
    """Checks the arguments before anything is done, and returns the engine."""
    if not inputs:
        raise UsageError("there is nothing to show; give pictures or .npy files with --inputs")
    if top < 1:
        raise UsageError(f"--top must be at least 1, not {top}")
    if not 0 <= score <= 1:
        raise UsageError(f"--score is from 0 to 1, not {score:g}")
    if raw and out is None:
        raise UsageError("--raw needs a folder to write outputs into; give --out")
    for path in inputs:
        if not path.is_file():
            what = "is a folder" if path.is_dir() else "does not exist"
            raise BadFileError(f"{path} {what}; give pictures, .npy or .npz files")
    if engine not in set(Engine):
        raise UnknownNameError("engine", engine, [known.value for known in Engine])
    return Engine(engine)


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
    file: Path, stem: str, arrays: Sequence[NDArray[Any]], wanted: _Wanted
) -> FileResult:
    """Interprets the outputs for one file, and writes what was asked for."""
    is_picture = not is_tensor(file)
    if wanted.kind != "tensors" and not all(np.isfinite(array).all() for array in arrays):
        raise ModelError(
            f"what {wanted.model.name} gives for {file} is no numbers, and so no {wanted.kind}; "
            "show it what it is made for, read as it was trained (--task, --mean, --scale)"
        )
    classes: tuple[RankedClass, ...] = ()
    boxes: tuple[FoundBox, ...] = ()
    if wanted.kind == "classes":
        classes = classes_of(arrays, wanted.reader, wanted.top, wanted.model.name)
    elif wanted.kind == "boxes":
        boxes = boxes_of(arrays, wanted.reader, wanted.input_shape, wanted.score)
    drawn = None
    if wanted.kind == "boxes" and wanted.out is not None and is_picture:
        drawn = wanted.out / f"{stem}.boxes.png"
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
                file=_write_array(array, wanted.out / f"{stem}.{place}.npy")
                if wanted.raw and wanted.out is not None
                else None,
            )
            for place, (name, array) in enumerate(
                zip(wanted.model.graph.fetches, arrays, strict=True)
            )
        ),
    )


def _write_array(array: NDArray[Any], path: Path) -> Path:
    stream = BytesIO()
    np.save(stream, array, allow_pickle=False)
    write_bytes(path, stream.getvalue())
    return path
