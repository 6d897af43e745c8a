"""Files as a network reads them: pictures in the way of its task, or tensors as they are."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from edgeslim.conversion.model_inputs import fitted, read_given
from edgeslim.errors import ModelError, UsageError
from edgeslim.photos import open_photo, read_header
from edgeslim.training.tasks import ReadsPictures, Task
from edgeslim.training.tasks._photos import evaluation_crop, whole

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from edgeslim.conversion.prepare import PreparedModel
    from edgeslim.opspec import Shape

__all__ = ["PlainPictures", "is_tensor", "picture_reader", "picture_size", "read_input"]

TENSORS = {".npy", ".npz"}
"""Endings of files that are fed as they are."""

_MEAN = (123.675, 116.28, 103.53)
_SCALE = (58.395, 57.12, 57.375)
"""Of ImageNet's pixels from 0 to 255, red, green and blue: what networks without a task expect."""


@dataclass(frozen=True, kw_only=True, slots=True)
class PlainPictures:
    """How pictures are read without a task: ``(pixel - mean) / scale``, pixels from 0 to 255.

    Args:
        mean, scale: For each channel, or one number for all; by default ImageNet's.
        finds_boxes: Whether the whole picture is shown; otherwise its middle, 224 of 256 along the
            shorter side, as networks for ImageNet are judged.
        class_names: There are none, so classes go by their numbers.
    """

    mean: tuple[float, ...] = _MEAN
    scale: tuple[float, ...] = _SCALE
    finds_boxes: bool = False
    class_names: tuple[str, ...] = ()

    def picture(self, path: Path, input_shape: Shape) -> NDArray[np.float32]:
        _, channels, height, width = input_shape
        photo = open_photo(path, channels)
        bring = whole if self.finds_boxes else evaluation_crop
        pixels = np.asarray(bring(photo, height, width), dtype=np.float64)
        pixels = pixels.reshape(height, width, channels).transpose(2, 0, 1)
        mean, scale = (_for_channels(each, channels) for each in (self.mean, self.scale))
        return np.ascontiguousarray((pixels - mean) / scale, dtype=np.float32)


def picture_reader(
    task: Task | None,
    name: str,
    mean: tuple[float, ...],
    scale: tuple[float, ...],
    *,
    finds_boxes: bool,
    dtype: str = "float32",
) -> ReadsPictures:
    """How pictures are read for a network.

    Args:
        task: What it was trained for, if that is known.
        name: The task as it was asked for.
        mean: What the user says instead; empty is the default.
        scale: Likewise.
        finds_boxes: Whether the network is a detector by its outputs.
        dtype: What it reads; pixels of ``uint8`` are left as they are.

    Raises:
        UsageError: Numbers beside a task that has its own, or that cannot be meant; a task that
            reads no pictures but its own.
    """
    if task is None:
        if any(each == 0 or not np.isfinite(each) for each in scale):
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
    """One file as the network's inputs by name, of exactly their shapes and types.

    Raises:
        BadFileError: It is no picture, or holds what the network does not read.
        ModelError: The network does not read pictures.
    """
    graph = model.graph
    if is_tensor(path):
        return dict(fitted(read_given(path), graph, model.name).arrays)
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
    """Whether a file is fed as it is."""
    return path.suffix.lower() in TENSORS


def picture_size(path: Path) -> tuple[int, int]:
    """Width and height in pixels, as it is seen upright.

    Raises:
        BadFileError: It is no picture.
    """
    return read_header(path).upright


def _for_channels(numbers: tuple[float, ...], channels: int) -> NDArray[np.float64]:
    """One number a channel ``(C, 1, 1)``; of colours, a grey picture has their mean."""
    given = np.asarray(numbers, dtype=np.float64)
    if len(given) not in {1, channels}:
        given = given.mean(keepdims=True)
    return np.broadcast_to(given, (channels,)).reshape(channels, 1, 1)
