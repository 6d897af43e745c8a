"""Paddle 3's ``inference.json`` to ``model.pdmodel``, without Paddle."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from edgeslim.files import copy_file, new_folder, write_bytes
from edgeslim.paddle_io.parameters import (
    UNUSED_PARAMETER,
    are_described,
    check_parameters,
    persistent_tensors,
    write_parameters,
)
from edgeslim.paddle_io.pir.reader import read_pir
from edgeslim.paddle_io.pir.translation import old_program
from edgeslim.paddle_io.pir.writer import tensor_description

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
    read = read_pir(path)
    program = old_program(read, path)
    stored = {each.name: each.type for each in read.parameters if each.is_stored}
    encoded = {kind: tensor_description(kind) for kind in set(stored.values())}
    descriptions = {name: encoded[kind] for name, kind in stored.items()}
    if stored and not are_described(parameters, descriptions):
        check_parameters(parameters, program, exactly=True)  # says what is wrong
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
    if UNUSED_PARAMETER in persistent_tensors(program):
        write_parameters(target, {UNUSED_PARAMETER: np.ones((1,), np.float32)})
    else:
        new_folder(prefix.parent)
        copy_file(parameters, target)
    write_bytes(Path(f"{prefix}.pdmodel"), program.SerializeToString())
