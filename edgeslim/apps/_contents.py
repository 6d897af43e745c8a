"""What an app is made of, as values: the model, its data, and pictures with expected outputs."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from edgeslim.execution import Precision, Target
from edgeslim.picture_steps import BoxDecoding, PictureSteps

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from edgeslim.opspec import Shape

__all__ = ["DTYPES", "AppContents", "AppSample", "Port", "Result"]

DTYPES = {"float32": "f32", "int32": "i32", "int64": "i64", "int8": "i8", "uint8": "u8"}
"""Types of elements that apps read and write, and the endings of their files."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Port:
    """An input or an output of a model.

    Args:
        name: Its name in the model.
        shape: Shape of its array.
        dtype: Type of its elements, one of `DTYPES`.
    """

    name: str
    shape: Shape
    dtype: str

    @property
    def elements(self) -> int:
        """Number of elements."""
        return math.prod(self.shape)

    @property
    def ending(self) -> str:
        """Ending of files with its values."""
        return DTYPES[self.dtype]


@dataclass(frozen=True, kw_only=True, slots=True)
class Result:
    """A class with its probability, or an object that was found.

    Args:
        number: Number of its class, from 0.
        score: Its probability or score, from 0 to 1.
        box: Left, top, right and bottom edge as shares of the picture; empty for a class.
    """

    number: int
    score: float
    box: tuple[float, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class AppSample:
    """A picture, or inputs, with what the model makes of it.

    Args:
        picture: Pixels ``(H, W)`` or ``(H, W, 3)`` of uint8; None for inputs alone.
        inputs: The inputs in order.
        outputs: Paddle's outputs in order.
        results: What these outputs mean, the surest first.
    """

    picture: NDArray[np.uint8] | None
    inputs: tuple[NDArray[Any], ...]
    outputs: tuple[NDArray[Any], ...]
    results: tuple[Result, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class AppContents:
    """Everything that an app is made of.

    Args:
        name: Name of the model, as people wrote it.
        kind: What the outputs are: ``classes``, ``boxes`` or ``tensors``.
        model: The optimized model, as bytes of its ``.nb`` file.
        target: Kind of processor that it is converted for.
        precision: Precision that it is converted to.
        library_version: Version of Paddle-Lite that it is for.
        inputs: Inputs of the model in order.
        outputs: Outputs of the model in order.
        labels: Names of the classes; empty if they have only numbers.
        task: Kind of the task, without its folder; empty without one.
        steps: How pictures become the input; None if that is not known.
        decoding: How boxes are read from the outputs of a detector.
        samples: Pictures or inputs with expected outputs.
        tolerance: Largest allowed difference of an output, as a share of its largest value.
        activation_bytes: Bytes of all values between operators together, if none shared memory.
        unproved: What nothing has proved of the file, a sentence each.
    """

    name: str
    kind: str
    model: bytes
    target: Target
    precision: Precision
    library_version: str
    inputs: tuple[Port, ...]
    outputs: tuple[Port, ...]
    labels: tuple[str, ...]
    task: str
    steps: PictureSteps | None
    decoding: BoxDecoding | None
    samples: tuple[AppSample, ...]
    tolerance: float
    activation_bytes: int
    unproved: tuple[str, ...] = ()

    @property
    def identifier(self) -> str:
        """The model's name as a word that every language and build system takes."""
        letters = re.sub(r"[^a-z0-9]+", "_", self.name.lower()).strip("_")
        return f"model_{letters}" if letters else "model"

    @property
    def title(self) -> str:
        """The model's name for a text of one line, without what a document would interpret."""
        plain = re.sub(r"[^\w .,+()-]+", " ", self.name).strip()
        return " ".join(plain.split()) or "the model"

    @property
    def reads_pictures(self) -> bool:
        """Whether the app reads pictures, rather than inputs that are ready."""
        return self.steps is not None
