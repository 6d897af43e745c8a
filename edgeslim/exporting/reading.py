"""Which pictures or inputs an app is compared by, and how they become a model's inputs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from edgeslim.conversion.model_inputs import fit_inputs, make_noise, read_given
from edgeslim.conversion.prepare import PreparedModel
from edgeslim.errors import ModelError, UsageError
from edgeslim.exporting.request import ExportRequest
from edgeslim.inference.pictures import PlainPictures, picture_reader
from edgeslim.photos import open_photo
from edgeslim.picture_steps import Filter, PicturePart, PictureSteps, apply
from edgeslim.training.tasks import DescribesPictures, ReadsPictures, Task

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from PIL import Image

    from edgeslim.opspec import Shape

__all__ = ["PictureReading", "Shown", "read_samples", "reading_of"]

_LONGEST_SIDE = 640
"""Samples are made smaller than this, or photos would make the app large."""


@dataclass(frozen=True, kw_only=True, slots=True)
class PictureReading:
    """How pictures become the input of a model.

    Args:
        reader: Reads pictures; None for a model of which nothing is known.
        steps: The steps of that as a value; None if there are none.
        note: What is missing, as a sentence; or empty.
    """

    reader: ReadsPictures | None
    steps: PictureSteps | None
    note: str = ""


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class Shown:
    """A picture that is shown to the model, and the inputs by name.

    Args:
        picture: Pixels of the picture, if it is one.
        inputs: An array for each input, by name.
    """

    picture: NDArray[np.uint8] | None
    inputs: dict[str, NDArray[Any]]


def reading_of(
    request: ExportRequest, task: Task | None, model: PreparedModel, *, finds_boxes: bool
) -> PictureReading:
    """How pictures become the input of a model.

    Raises:
        UsageError: The task reads no pictures but its own, and some are given.
        ModelError: The model reads no single picture.
    """
    if task is None and not request.reads_plain_pictures:
        return PictureReading(
            reader=None,
            steps=None,
            note="nothing says how pictures are read for this model, so the app takes tensors: "
            "give --task, or --mean and --scale with --pictures",
        )
    shape = _picture_shape(model)
    if task is None:
        numbers = tuple(request.mean), tuple(request.scale)
        given = (numbers[0] or (0.0,), numbers[1] or (1.0,))
        plain = picture_reader(None, "", *given, finds_boxes=finds_boxes)
        assert isinstance(plain, PlainPictures)  # noqa: S101 - without a task it is nothing else
        return PictureReading(reader=plain, steps=plain.picture_steps(shape))
    reader = task if isinstance(task, ReadsPictures) else None
    steps = task.picture_steps(shape) if isinstance(task, DescribesPictures) else None
    if reader is None and request.pictures:
        raise UsageError(
            "the task reads no pictures but its own examples; define class_names, finds_boxes and "
            "picture(path, input_shape) in it, or leave --pictures out"
        )
    note = ""
    if steps is None:
        sides = "x".join(map(str, shape[2:]))
        note = (
            f"the task does not say in steps how it reads pictures of {sides}, so the app takes "
            "tensors: define picture_steps and example_pictures in it"
        )
    return PictureReading(reader=reader, steps=steps, note=note)


def _picture_shape(model: PreparedModel) -> Shape:
    """The shape of the only input, which is one picture."""
    graph = model.graph
    (name, shape), *others = graph.feeds.items()
    dtype = graph.feed_type(name)
    if others or len(shape) != 4 or shape[0] != 1 or dtype != "float32":
        found = ", ".join(
            f"{graph.feed_type(one)} {list(size)}" for one, size in graph.feeds.items()
        )
        raise ModelError(
            f"{model.name} reads {found}, which is not one picture of float32 (1, C, H, W); leave "
            "the task out for an app that takes tensors, or give --input-shape 1,3,H,W"
        )
    return shape


def read_samples(
    request: ExportRequest,
    task: Task | None,
    model: PreparedModel,
    reading: PictureReading,
    scratch: Path,
) -> list[Shown]:
    """The samples of an app, with the inputs that the task makes of them.

    Raises:
        UsageError: The app reads pictures, and there is none.
        BadFileError: A picture cannot be read, or the inputs do not fit.
        ModelError: The steps of a task do not give what it reads.
    """
    pictures = _pictures(request, task, reading)
    if not pictures:
        if reading.steps is not None:
            raise UsageError("there are no pictures to compare the app by; give some by --pictures")
        return _inputs_alone(request, model)
    ((name, shape),) = model.graph.feeds.items()
    reader = reading.reader
    assert reader is not None  # noqa: S101 - or there are no pictures
    shown = []
    for number, picture in enumerate(pictures, 1):
        file = scratch / f"{number}.png"
        picture.save(file)
        read = reader.picture(file, shape).reshape(shape)
        if reading.steps is not None:
            _check_steps(reading.steps, picture, read)
        shown.append(Shown(picture=np.asarray(picture), inputs={name: read}))
    return shown


def _pictures(
    request: ExportRequest, task: object, reading: PictureReading
) -> Sequence[Image.Image]:
    """Pictures in the colours that are read, none too large."""
    if reading.reader is None:
        return []
    colours = 3 if reading.steps is None else reading.steps.colours
    found = [open_photo(path, 3) for path in request.pictures]
    if not found and isinstance(task, DescribesPictures):
        found = task.example_pictures(request.samples)
    for picture in found:
        picture.thumbnail((_LONGEST_SIDE, _LONGEST_SIDE))
    return [picture.convert("RGB" if colours == 3 else "L") for picture in found]


def _inputs_alone(request: ExportRequest, model: PreparedModel) -> list[Shown]:
    graph = model.graph
    if request.inputs is not None:
        fit = fit_inputs(read_given(request.inputs), graph, model.name)
        return [Shown(picture=None, inputs=dict(fit.arrays))]
    return [
        Shown(picture=None, inputs=make_noise(graph, np.random.default_rng(seed)))
        for seed in range(request.samples)
    ]


def _check_steps(steps: PictureSteps, picture: Image.Image, read: NDArray[np.float32]) -> None:
    """Checks that the steps give what the task reads, bit for bit.

    Raises:
        ModelError: They do not.
    """
    made = apply(steps, np.asarray(_resize(steps, picture)))
    if made.tobytes() != np.ascontiguousarray(read).tobytes():
        raise ModelError(
            "the picture_steps of the task do not give what its picture() reads, bit for bit; "
            "correct them, or leave them out for an app that takes tensors"
        )


def _resize(steps: PictureSteps, picture: Image.Image) -> Image.Image:
    from PIL import Image

    kind = Image.Resampling.BILINEAR if steps.filter is Filter.BILINEAR else Image.Resampling.BOX
    size = (steps.width, steps.height)
    if steps.part is PicturePart.WHOLE:
        return picture.resize(size, kind)
    scale = min(picture.width / steps.width, picture.height / steps.height) / steps.shrink
    wide, high = scale * steps.width, scale * steps.height
    left, upper = (picture.width - wide) * 0.5, (picture.height - high) * 0.5
    right, lower = min(left + wide, picture.width), min(upper + high, picture.height)
    return picture.resize(size, kind, box=(left, upper, right, lower))
