"""A program on its way to Paddle-Lite: its description and parameters while both are changed."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from edgeslim.errors import ModelError
from edgeslim.paddle_io.block_edits import new_variable
from edgeslim.paddle_io.parameters import parameter_bytes, persistent_tensors, read_parameters
from edgeslim.targets import Law, Operator, Place, Violation

__all__ = ["Draft"]


class Draft:
    """A program on its way to Paddle-Lite, and its parameters, both to be changed in place.

    Args:
        program: The ``ProgramDesc`` of the program.
        parameters: The combined file of its parameters; without it, their values are not known.
        place: The place where it is to run, if it is rewritten for that place alone.
        values: The parameters by name, where they are read already.

    Attributes:
        noted: The operators that met a law and were rewritten.
    """

    def __init__(
        self,
        program: Any,  # noqa: ANN401
        parameters: Path | None = None,
        place: Place | None = None,
        values: Mapping[str, np.ndarray[Any, Any]] | None = None,
    ) -> None:
        self.program = program
        self.place = place
        self.noted: list[Violation] = []
        self._file = parameters
        self._values = None if values is None else dict(values)
        self._added: dict[str, np.ndarray[Any, Any]] = {}
        self._is_file_outdated = False

    @property
    def block(self) -> Any:  # noqa: ANN401 - a BlockDesc
        """The block of the operators that run."""
        return self.program.blocks[0]

    def is_about(self, law: Law) -> bool:
        """Whether a law holds where the program is to run; all do if it is for all places."""
        return self.place is None or law.is_about(self.place)

    def note(self, law: Law, operator: Operator) -> None:
        """Notes that an operator met a law and is rewritten."""
        self.noted.append(Violation(law=law, operator=operator))

    def note_other_description(self) -> None:
        """Notes that a parameter's description has another type or shape than its file."""
        self._is_file_outdated = True

    def value(self, name: str) -> np.ndarray[Any, Any] | None:
        """The value of a parameter; None if the tensor is none, or its file is not known.

        Raises:
            BadFileError: As `edgeslim.paddle_io.parameters.read_parameters`.
        """
        if name in self._added:
            return self._added[name]
        if name not in persistent_tensors(self.program):
            return None
        if self._values is None and self._file is not None:
            self._values = self._read_values(self._file)
        return None if self._values is None else self._values.get(name)

    def _read_values(self, file: Path) -> dict[str, np.ndarray[Any, Any]]:
        if self._values is not None:
            return self._values
        original = type(self.program)()
        original.CopyFrom(self.program)
        variables = [var for var in original.blocks[0].vars if var.name not in self._added]
        del original.blocks[0].vars[:]
        original.blocks[0].vars.extend(variables)
        return read_parameters(file, original)

    def add_parameter(
        self, name: str, value: np.ndarray[Any, Any], element_type: int | None = None
    ) -> str:
        """Adds a parameter under a free name, and returns the name.

        Args:
            name: The name, to which a number is added if it is taken.
            value: The parameter's value, in its shape.
            element_type: Paddle's number for its type of elements; float32 by default.
        """
        free = new_variable(
            self.block, name, value.shape, element_type=element_type, persistable=True
        )
        self._added[free] = value if element_type is not None else value.astype(np.float32)
        return free

    def changed_parameters(self) -> bytes | None:
        """A combined file of the parameters as they are now; None if the old file still holds.

        Raises:
            ModelError: The old file is not known.
        """
        if not self._added and not self._is_file_outdated:
            return None
        if self._file is None:
            raise ModelError("a program without its parameters cannot get more of them")
        shapes = persistent_tensors(self.program)
        values = {
            name: value.reshape(shapes.get(name, value.shape))
            for name, value in {**self._read_values(self._file), **self._added}.items()
        }
        return parameter_bytes(values, self.program)
