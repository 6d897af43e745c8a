"""Results of running a model on files, as values."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from edgeslim.inference.engines import Engine
from edgeslim.inference.interpretation import FoundBox, RankedClass
from edgeslim.opspec import Shape

__all__ = ["FileResult", "Inference", "SavedTensor"]


@dataclass(frozen=True, kw_only=True, slots=True)
class SavedTensor:
    """A raw output of a model.

    Args:
        name: Name of the output in the model.
        shape: Shape of the output.
        file: File that it was written to; None unless that was asked for.
    """

    name: str
    shape: Shape
    file: Path | None


@dataclass(frozen=True, kw_only=True, slots=True)
class FileResult:
    """The result of a model for one file.

    Args:
        input: Path of the file.
        size: Width and height of the picture, in pixels; None for a tensor.
        classes: The most probable classes, if the model is a classifier.
        boxes: The objects that were found, if the model is a detector.
        drawn: The picture with the boxes, if a folder was given for it.
        tensors: All outputs of the model.
    """

    input: Path
    size: tuple[int, int] | None
    classes: tuple[RankedClass, ...]
    boxes: tuple[FoundBox, ...]
    drawn: Path | None
    tensors: tuple[SavedTensor, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class Inference:
    """The results of a model for all files.

    Args:
        model: Short name of the model.
        engine: The program that ran it.
        kind: What the outputs are: ``classes``, ``boxes`` or ``tensors``.
        outputs: The result for each file, in order.
    """

    model: str
    engine: Engine
    kind: str
    outputs: tuple[FileResult, ...]
