"""Saved models whose files have other names, found by their content.

A program description and the parameters beside it are recognised by their content, where that is
unambiguous: ``model`` with ``params``, ``__model__`` with a file for each parameter as Paddle 1
saved them, or a program and parameters that were renamed.
"""

from __future__ import annotations

import struct
from pathlib import Path

from edgeslim.errors import BadFileError
from edgeslim.paddle_io.parameters import persistent_tensors
from edgeslim.paddle_io.proto import read_program

__all__ = ["find_parameters", "find_renamed_model"]

_PROGRAM_START = b"\n"
"""Tag of the first field of a program description."""

_TENSOR_START = struct.Struct("<IQIi")
"""Start of a parameter: version, levels of detail, tensor version, length of the description."""

_LONGEST = 1 << 28
"""Most bytes of a description; those of the largest networks have a few million."""


def find_renamed_model(path: Path) -> tuple[Path, Path] | None:
    """Finds the program and the parameters that a path means; None if it means none.

    Args:
        path: A folder, a program description, or parameters. Parameters with a file each are
            given by their folder.

    Raises:
        BadFileError: There is one program, and it is not clear which parameters it has.
    """
    if path.is_file() and _is_program(path):
        program = path
    elif path.is_dir() or (path.is_file() and _is_tensor(path)):
        folder = path if path.is_dir() else path.parent
        programs = [file for file in _files(folder) if _is_program(file)]
        if len(programs) != 1:
            return None
        (program,) = programs
    else:
        return None
    parameters = find_parameters(program, given=path)
    if parameters is None and not persistent_tensors(read_program(program)):
        return program, program.with_suffix(".pdiparams")  # Paddle writes none then
    if parameters is None:
        raise BadFileError(
            f"{program} is a program, and there are no parameters of it beside it; what was saved "
            "with it (.pdiparams, __params__, params, or a file for each parameter) belongs into "
            "the same folder"
        )
    return program, parameters


def find_parameters(program: Path, *, given: Path | None = None) -> Path | None:
    """Finds the parameters beside a program: a file, or its folder if they have a file each.

    Args:
        program: File of the program description.
        given: File of parameters that the user named, if any.
    """
    try:
        names = list(persistent_tensors(read_program(program)))
    except BadFileError:
        return None
    folder = program.parent
    if len(names) > 1 and all((folder / name).is_file() for name in names):
        return folder
    if given is not None and given.is_file() and _is_tensor(given):
        return given
    original = folder / "__params__"
    if program.name.startswith("__model__") and original.is_file():
        return original
    tensors = [file for file in _files(folder) if _is_tensor(file)]
    alike = [file for file in tensors if file.stem == program.stem]
    found = alike if len(alike) == 1 else tensors
    return found[0] if len(found) == 1 else None


def _files(folder: Path) -> list[Path]:
    return sorted(file for file in folder.iterdir() if file.is_file())


def _is_program(path: Path) -> bool:
    try:
        with path.open("rb") as stream:
            if stream.read(1) != _PROGRAM_START or stream.seek(0, 2) > _LONGEST:
                return False
        read_program(path)
    except (OSError, BadFileError):
        return False
    return True


def _is_tensor(path: Path) -> bool:
    """Whether a file begins as a parameter does."""
    try:
        with path.open("rb") as stream:
            start = stream.read(_TENSOR_START.size)
    except OSError:
        return False
    if len(start) < _TENSOR_START.size:
        return False
    version, levels, tensor_version, length = _TENSOR_START.unpack(start)
    return (version, levels, tensor_version) == (0, 0, 0) and 0 < length <= 1024
