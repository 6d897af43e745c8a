"""Paddle 3's ``inference.json`` to ``model.pdmodel``, without Paddle."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from edgeslim.files import copy_file, new_folder, write_bytes
from edgeslim.paddle_io.parameters import (
    UNUSED_PARAMETER,
    check_parameters,
    write_parameters,
)
from edgeslim.paddle_io.pir.reader import read_pir
from edgeslim.paddle_io.pir.translation import old_program

__all__ = ["translate", "translated"]


def translated(path: Path, parameters: Path) -> Any:  # noqa: ANN401 - a ProgramDesc
    """The old description of a model of Paddle 3, to which the parameters' file is as it is.

    Names of inputs and parameters stay. A program that has no parameters needs no file of them,
    and its description has one that nothing reads.

    Args:
        path: The program, ``inference.json``.
        parameters: Its parameters, ``inference.pdiparams``, which are looked through.

    Raises:
        BadFileError: A file is missing, cut off, damaged or of another model.
        ModelError: The program has what old programs, or Paddle-Lite, have no word for.
    """
    program = old_program(read_pir(path), path)
    if not _is_without_parameters(program):
        check_parameters(parameters, program, exactly=True)
    return program


def translate(path: Path, parameters: Path, prefix: Path) -> None:
    """Writes ``prefix.pdmodel`` and ``prefix.pdiparams`` of a model of Paddle 3.

    Nothing is written before all of both files is found to be good.

    Raises:
        BadFileError, ModelError: As `translated`.
        UnwritableError: Read-only folder, full disk.
    """
    program = translated(path, parameters)
    target = Path(f"{prefix}.pdiparams")
    if _is_without_parameters(program):
        write_parameters(target, {UNUSED_PARAMETER: np.ones((1,), np.float32)})
    else:
        new_folder(prefix.parent)
        copy_file(parameters, target)
    write_bytes(Path(f"{prefix}.pdmodel"), program.SerializeToString())


def _is_without_parameters(program: Any) -> bool:  # noqa: ANN401 - a ProgramDesc
    return any(
        variable.name == UNUSED_PARAMETER and variable.persistable
        for variable in program.blocks[0].vars
    )
