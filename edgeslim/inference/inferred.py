"""What a model says of files, as values."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from edgeslim.inference.answers import FoundBox, RankedClass
from edgeslim.inference.engines import Engine
from edgeslim.opspec import Shape

__all__ = ["Inference", "Inferred", "SavedTensor"]


@dataclass(frozen=True, kw_only=True, slots=True)
class SavedTensor:
    """An output as the model gives it.

    Args:
        name: In the model.
        shape: Its extents.
        file: Where it was written; None unless that was asked for.
    """

    name: str
    shape: Shape
    file: Path | None


@dataclass(frozen=True, kw_only=True, slots=True)
class Inferred:
    """What a model says of one file.

    Args:
        input: The file.
        size: Width and height of the picture, in pixels; None of a tensor.
        classes: The most probable, of a classifier.
        boxes: What was found, of a detector.
        drawn: The picture with the boxes, if a folder was given for it.
        tensors: All outputs.
    """

    input: Path
    size: tuple[int, int] | None
    classes: tuple[RankedClass, ...]
    boxes: tuple[FoundBox, ...]
    drawn: Path | None
    tensors: tuple[SavedTensor, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class Inference:
    """What a model says of all files.

    Args:
        model: Its short name.
        engine: What ran it.
        kind: ``classes``, ``boxes`` or ``tensors``.
        outputs: For each file, in order.
    """

    model: str
    engine: Engine
    kind: str
    outputs: tuple[Inferred, ...]
