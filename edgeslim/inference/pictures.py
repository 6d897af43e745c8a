"""Reads files as a network's inputs: pictures as its task reads them, or tensors unchanged."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from edgeslim.conversion.model_inputs import fit_inputs, read_given
from edgeslim.errors import ModelError, UsageError
from edgeslim.photos import open_photo, read_header
from edgeslim.picture_steps import Arithmetic, PicturePart, PictureSteps
from edgeslim.training.tasks import ReadsPictures, Task
from edgeslim.training.tasks._photos import crop_for_evaluation, photo_steps, resize_whole

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from edgeslim.conversion.prepare import PreparedModel
    from edgeslim.opspec import Shape

__all__ = ["PlainPictures", "is_tensor", "picture_reader", "picture_size", "read_input"]

TENSORS = {".npy", ".npz"}
"""Endings of files whose arrays are used unchanged."""

_MEAN = (123.675, 116.28, 103.53)
_SCALE = (58.395, 57.12, 57.375)
"""Mean and deviation of ImageNet's pixels from 0 to 255, red, green and blue: the defaults."""


@dataclass(frozen=True, kw_only=True, slots=True)
class PlainPictures:
    """Reads pictures without a task: ``(pixel - mean) / scale``, pixels from 0 to 255.

    Args:
        mean, scale: A number for each channel, or one for all; by default ImageNet's.
        finds_boxes: Whether the whole picture is used; otherwise its middle, 224 of 256 along the
            shorter side, as networks for ImageNet are evaluated.
        class_names: Always empty: without a task, classes have numbers only.
    """

    mean: tuple[float, ...] = _MEAN
    scale: tuple[float, ...] = _SCALE
    finds_boxes: bool = False
    class_names: tuple[str, ...] = ()

    def picture(self, path: Path, input_shape: Shape) -> NDArray[np.float32]:
        _, channels, height, width = input_shape
        photo = open_photo(path, channels)
        bring = resize_whole if self.finds_boxes else crop_for_evaluation
        pixels = np.asarray(bring(photo, height, width), dtype=np.float64)
        pixels = pixels.reshape(height, width, channels).transpose(2, 0, 1)
        mean, scale = (_for_channels(numbers, channels) for numbers in (self.mean, self.scale))
        return np.ascontiguousarray((pixels - mean) / scale, dtype=np.float32)

    def picture_steps(self, input_shape: Shape) -> PictureSteps:
        """The steps of `picture` behind the decoder."""
        part = PicturePart.WHOLE if self.finds_boxes else PicturePart.MIDDLE
        channels = input_shape[1]
        mean, scale = (
            tuple(_for_channels(numbers, channels).ravel().tolist())
            for numbers in (self.mean, self.scale)
        )
        return replace(
            photo_steps(input_shape, part),
            divisor=1.0,
            mean=mean,
            deviation=scale,
            arithmetic=Arithmetic.DOUBLE,
        )


def picture_reader(
    task: Task | None,
    name: str,
    mean: tuple[float, ...],
    scale: tuple[float, ...],
    *,
    finds_boxes: bool,
    dtype: str = "float32",
) -> ReadsPictures:
    """Chooses how pictures are read for a network.

    Args:
        task: Task of the network, if it is known.
        name: Name of the task as it was given.
        mean: Mean of pixels without a task; empty for the default.
        scale: Divisor of pixels without a task; empty for the default.
        finds_boxes: Whether the network's outputs are those of a detector.
        dtype: Type of the network's input; pixels for ``uint8`` stay unchanged.

    Raises:
        UsageError: Numbers beside a task that has its own, or impossible ones; a task that reads
            no pictures but its own examples.
    """
    if task is None:
        if any(number == 0 or not np.isfinite(number) for number in scale):
            raise UsageError(f"--scale divides pixels and cannot be {', '.join(map(str, scale))}")
        for what, given in (("mean", mean), ("scale", scale)):
            if len(given) not in {0, 1, 3}:
                raise UsageError(f"--{what} is one number or three, not {len(given)}")
        as_they_are = dtype == "uint8"
        return PlainPictures(
            mean=mean or ((0.0,) if as_they_are else _MEAN),
            scale=scale or ((1.0,) if as_they_are else _SCALE),
            finds_boxes=finds_boxes,
        )
    if mean or scale:
        raise UsageError(f"{name} has a mean and a scale of its own; leave --mean and --scale out")
    if not isinstance(task, ReadsPictures):
        raise UsageError(
            f"{name} reads no pictures but its own examples; define class_names, finds_boxes and "
            "picture(path, input_shape) in it, or leave --task out"
        )
    return task


def read_input(path: Path, reader: ReadsPictures, model: PreparedModel) -> dict[str, NDArray[Any]]:
    """Reads one file as the network's inputs by name, with their shapes and types.

    Raises:
        BadFileError: The file is no picture, or its arrays do not fit.
        ModelError: The network does not read pictures.
    """
    graph = model.graph
    if is_tensor(path):
        return dict(fit_inputs(read_given(path), graph, model.name).arrays)
    (name, shape), *others = graph.feeds.items()
    dtype = graph.feed_type(name)
    if others:
        names = ", ".join(graph.feeds)
        raise ModelError(
            f"{model.name} has {len(graph.feeds)} inputs ({names}), and a picture fills one; write "
            "all of them with numpy.savez and give --inputs FILE.npz"
        )
    if len(shape) != 4 or shape[1] not in {1, 3} or dtype not in {"float32", "uint8"}:
        of = "" if dtype == "float32" else f" of {dtype}"
        raise ModelError(
            f"{model.name} reads {list(shape)}{of}, which is no picture (N, 3, H, W) or "
            "(N, 1, H, W); give it tensors as .npy files"
        )
    picture = reader.picture(path, shape).reshape(shape)
    if dtype == "float32":
        return {name: picture}
    if not isinstance(reader, PlainPictures):
        raise ModelError(
            f"{model.name} reads pixels of uint8, and the task standardises them; leave --task out"
        )
    return {name: np.clip(np.rint(picture), 0, 255).astype(dtype)}


def is_tensor(path: Path) -> bool:
    """Whether a file holds arrays, which are used unchanged."""
    return path.suffix.lower() in TENSORS


def picture_size(path: Path) -> tuple[int, int]:
    """Width and height of a picture in pixels, when it is turned upright.

    Raises:
        BadFileError: The file is no picture.
    """
    return read_header(path).upright


def _for_channels(numbers: tuple[float, ...], channels: int) -> NDArray[np.float64]:
    """One number for each channel, ``(C, 1, 1)``; a grey picture gets the mean of the colours'."""
    given = np.asarray(numbers, dtype=np.float64)
    if len(given) not in {1, channels}:
        given = given.mean(keepdims=True)
    return np.broadcast_to(given, (channels,)).reshape(channels, 1, 1)
