"""Parameters that a program needs or must not have for Paddle-Lite's optimizer to read it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from edgeslim.files import write_bytes
from edgeslim.paddle_io.block_edits import new_variable, readers_of
from edgeslim.paddle_io.parameters import (
    parameter_bytes,
    persistent_tensors,
    read_parameters,
    write_parameters,
)

__all__ = ["UNUSED_PARAMETER", "add_unused_parameter", "drop_empty_parameters"]

UNUSED_PARAMETER = "unused_weight"
"""Name of a parameter that nothing reads, since the optimizer needs at least one."""


def drop_empty_parameters(program: Any, path: Path) -> None:  # noqa: ANN401
    """Removes unread parameters without elements from a program and its file.

    Recurrent layers that are built in Paddle 3's static mode have such a parameter for the state
    of their dropout, and `opt` ends its process for it.

    Args:
        program: The ``ProgramDesc``, changed in place.
        path: Path of its parameters, rewritten if one is removed.

    Raises:
        BadFileError: As `read_parameters`.
        UnwritableError: The folder is read-only or the disk is full.
    """
    block = program.blocks[0]
    readers = readers_of(block)
    shapes = persistent_tensors(program)
    empty = {name for name, shape in shapes.items() if 0 in shape and not readers[name]}
    if not empty:
        return
    values = read_parameters(path, program)
    for variable in block.vars:
        if variable.name in empty:
            variable.persistable = variable.is_parameter = False
    if not add_unused_parameter(program, path):
        write_bytes(path, parameter_bytes(values, program))


def add_unused_parameter(program: Any, path: Path) -> bool:  # noqa: ANN401
    """Gives a program without parameters one, which the optimizer needs; returns whether it did.

    Args:
        program: The ``ProgramDesc``, changed in place.
        path: Path of the file of its parameters, which is written.

    Raises:
        UnwritableError: The folder is read-only or the disk is full.
    """
    if persistent_tensors(program):
        return False
    name = new_variable(program.blocks[0], UNUSED_PARAMETER, (1,), persistable=True)
    write_parameters(path, {name: np.ones((1,), np.float32)})
    return True
