"""Translation of the files of a Paddle 3 model to those of an old one, without Paddle."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from edgeslim.files import copy_file, new_folder, write_bytes
from edgeslim.paddle_io.parameters import (
    check_parameters,
    has_descriptions,
    persistent_tensors,
    write_parameters,
)
from edgeslim.paddle_io.pir.program_translation import translate_program
from edgeslim.paddle_io.pir.reader import read_pir
from edgeslim.paddle_io.pir.writer import tensor_description
from edgeslim.paddle_io.unused_parameters import UNUSED_PARAMETER

__all__ = ["old_description", "translate_files"]


def old_description(path: Path, parameters: Path) -> Any:  # noqa: ANN401 - a ProgramDesc
    """The old description of a model of Paddle 3, to which the same file of parameters belongs.

    Names of inputs and parameters stay. A program without parameters needs no file of them; its
    description has one parameter that nothing reads.

    Args:
        path: Path of the program, ``inference.json``.
        parameters: Path of its parameters, ``inference.pdiparams``, which are checked.

    Raises:
        BadFileError: A file is missing, cut off, damaged or of another model.
        ModelError: The program has operators that old programs, or Paddle-Lite, do not have.
    """
    read = read_pir(path)
    program = translate_program(read, path)
    stored = {
        parameter.name: parameter.type for parameter in read.parameters if parameter.is_stored
    }
    encoded = {kind: tensor_description(kind) for kind in set(stored.values())}
    descriptions = {name: encoded[kind] for name, kind in stored.items()}
    if stored and not has_descriptions(parameters, descriptions):
        check_parameters(parameters, program, exactly=True)  # says what is wrong
    return program


def translate_files(path: Path, parameters: Path, prefix: Path) -> None:
    """Writes ``prefix.pdmodel`` and ``prefix.pdiparams`` of a model of Paddle 3.

    Nothing is written before both files have been checked completely.

    Raises:
        BadFileError, ModelError: As `old_description`.
        UnwritableError: The folder is read-only or the disk is full.
    """
    program = old_description(path, parameters)
    target = Path(f"{prefix}.pdiparams")
    if UNUSED_PARAMETER in persistent_tensors(program):
        write_parameters(target, {UNUSED_PARAMETER: np.ones((1,), np.float32)})
    else:
        new_folder(prefix.parent)
        copy_file(parameters, target)
    write_bytes(Path(f"{prefix}.pdmodel"), program.SerializeToString())
