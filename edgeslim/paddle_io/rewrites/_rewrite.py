"""What every rewrite is: when it comes, and what it does to a program and its parameters."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from enum import IntEnum
from pathlib import Path
from typing import Any

import numpy as np

from edgeslim.errors import ModelError
from edgeslim.execution import Precision
from edgeslim.paddle_io.block_edits import new_variable
from edgeslim.paddle_io.parameters import parameter_bytes, persistent_tensors, read_parameters
from edgeslim.targets import Law, Operator, Place, Violation

__all__ = ["Draft", "Rewrite", "Stage"]


class Stage(IntEnum):
    """When a rewrite comes; within a stage none depends on another."""

    VALUES = -1
    """What Paddle computes once, while all is as it came."""
    NAMES = 0
    """Names of operators."""
    FORM = 1
    """Attributes, outputs and constants as Paddle-Lite looks for them."""
    FORMULAS = 2
    """Operators written with others that are rewritten in their turn."""
    OPERATORS = 3
    """Operators that its kernels have not, or get wrong, written with those that they have."""
    AXES = 4
    """Operators of more axes, or of more numbers, than its kernels have room for, those of other
    rewrites included."""
    CONSTANTS = 5
    """Constants where the optimizer finds them."""
    BIASES = 6
    """Constants behind a convolution or product, which becomes one with some of them."""
    APART = 7
    """Operators kept apart that the optimizer would merge wrongly."""


class Draft:
    """A program on its way to Paddle-Lite, and its parameters, both to be changed in place.

    Args:
        program: The ``ProgramDesc``.
        parameters: The combined file; without one, what needs values is left as it is.
        place: Where it is to run, if it is written for one place alone.

    Attributes:
        noted: What met which law, and is written otherwise now.
    """

    def __init__(
        self,
        program: Any,  # noqa: ANN401
        parameters: Path | None = None,
        place: Place | None = None,
    ) -> None:
        self.program = program
        self.place = place
        self.noted: list[Violation] = []
        self._file = parameters
        self._values: dict[str, np.ndarray[Any, Any]] | None = None
        self._added: dict[str, np.ndarray[Any, Any]] = {}
        self._is_described_otherwise = False

    @property
    def block(self) -> Any:  # noqa: ANN401 - a BlockDesc
        """The operators that run."""
        return self.program.blocks[0]

    def is_about(self, law: Law) -> bool:
        """Whether a law holds where it is to run; all do if it is written for all places."""
        return self.place is None or law.is_about(self.place)

    def note(self, law: Law, operator: Operator) -> None:
        """Says that an operator met a law, and is written otherwise."""
        self.noted.append(Violation(law=law, operator=operator))

    def note_other_description(self) -> None:
        """Says that a parameter's description has another type or other axes than its file."""
        self._is_described_otherwise = True

    def value(self, name: str) -> np.ndarray[Any, Any] | None:
        """What a parameter holds; None if it is none, or its file is not known.

        Raises:
            BadFileError: As `edgeslim.paddle_io.parameters.read_parameters`.
        """
        if name in self._added:
            return self._added[name]
        if self._file is None or name not in persistent_tensors(self.program):
            return None
        return self._stored(self._file).get(name)

    def _stored(self, file: Path) -> dict[str, np.ndarray[Any, Any]]:
        if self._values is None:
            added = set(self._added)
            original = type(self.program)()
            original.CopyFrom(self.program)
            kept = [each for each in original.blocks[0].vars if each.name not in added]
            del original.blocks[0].vars[:]
            original.blocks[0].vars.extend(kept)
            self._values = read_parameters(file, original)
        return self._values

    def add_parameter(self, name: str, value: np.ndarray[Any, Any], element_type: int) -> str:
        """One more parameter, under a name that is not taken; says the name.

        Args:
            name: What it is called if that is free.
            value: Its value.
            element_type: Paddle's number of what it is of.
        """
        free = new_variable(
            self.block, name, value.shape, element_type=element_type, persistable=True
        )
        self._added[free] = value
        return free

    def changed_parameters(self) -> bytes | None:
        """A combined file of the parameters as they are now; None if the old one still holds.

        Raises:
            ModelError: There is no old one.
        """
        if not self._added and not self._is_described_otherwise:
            return None
        if self._file is None:
            raise ModelError("a program without its parameters cannot get more of them")
        shapes = persistent_tensors(self.program)
        values = {
            name: value.reshape(shapes.get(name, value.shape))
            for name, value in {**self._stored(self._file), **self._added}.items()
        }
        return parameter_bytes(values, self.program)


@dataclass(frozen=True, kw_only=True, slots=True)
class Rewrite:
    """One idea of what to write otherwise.

    Args:
        stage: When it comes.
        apply: Changes a draft in place, and notes what; or counts it, by a phrase for each kind.
        precisions: It comes where a model is converted to one of these, for the place alone; by
            default it comes before, for all places.
        again: It comes for all places, and where a model is converted to one of these again, for
            other rewrites that come then make what it is about.
    """

    stage: Stage
    apply: Callable[[Draft], Counter[str] | None]
    precisions: frozenset[Precision] = frozenset()
    again: frozenset[Precision] = frozenset()

    def is_for(self, draft: Draft) -> bool:
        """Whether it comes for a draft."""
        if draft.place is None:
            return not self.precisions
        return draft.place.precision in self.precisions | self.again
