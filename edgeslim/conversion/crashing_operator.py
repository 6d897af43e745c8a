"""The operator that crashes the optimizer, found by converting parts of the program."""

from __future__ import annotations

from bisect import bisect_left
from dataclasses import replace
from pathlib import Path
from typing import Any

from edgeslim.errors import EdgeslimError, ProgramAbortedError, ProgramCrashedError
from edgeslim.files import temporary_folder, write_bytes
from edgeslim.lite.converter import Conversion, convert_one
from edgeslim.paddle_io.block_edits import names_in, shape_of
from edgeslim.paddle_io.cut_program import cut_program
from edgeslim.paddle_io.proto import read_program

__all__ = ["name_crashing_operator"]

_SAYS_ITSELF = "ops are not supported on"
"""Words of the optimizer where it names the operators itself."""

_TIMEOUT_S = 60.0
_ENDS = {"feed", "fetch"}


def name_crashing_operator(error: EdgeslimError, conversion: Conversion) -> EdgeslimError:
    """Adds to the error of an optimizer that aborted or crashed which operator causes it.

    That is the first, in the order of the program, up to which it cannot be converted. Of two
    operators that are fused, the later one is named.
    """
    if _SAYS_ITSELF in str(error):
        return error
    program = read_program(conversion.model)
    block = program.blocks[0]
    made = [(op, _first_output(op)) for op in block.ops if op.type not in _ENDS]
    made = [(op, name) for op, name in made if name]
    try:
        with temporary_folder() as folder:
            found = _find_first_crash(program, [name for _, name in made], conversion, folder)
    except EdgeslimError:
        return error
    if found is None:
        return error
    op, name = made[found]
    return type(error)(
        f"{error}; it ends at {_operator_text(block, op)} -> {_shape(block, name)} ({name!r})"
    )


def _find_first_crash(
    program: Any,  # noqa: ANN401 - a ProgramDesc
    names: list[str],
    conversion: Conversion,
    folder: Path,
) -> int | None:
    """Place of the first tensor up to which a program cannot be converted, by bisection."""

    def ends(place: int) -> bool:
        part = folder / f"{place}.pdmodel"
        write_bytes(part, cut_program(program, [names[place]]).SerializeToString())
        one = replace(conversion, model=part, output=folder / f"{place}", timeout_s=_TIMEOUT_S)
        try:
            convert_one(one)
        except (ProgramAbortedError, ProgramCrashedError):
            return True
        return False

    last = len(names) - 1
    if last < 0 or not ends(last):
        return None
    return bisect_left(range(last), True, key=ends)


def _first_output(op: Any) -> str:  # noqa: ANN401 - an OpDesc
    return next((slot.arguments[0] for slot in op.outputs if slot.arguments), "")


def _operator_text(block: Any, op: Any) -> str:  # noqa: ANN401
    kept = {variable.name for variable in block.vars if variable.persistable}
    read = names_in(op.inputs)
    read.sort(key=kept.__contains__)  # weights last
    return f"{op.type} {', '.join(_shape(block, name) for name in read)}".strip()


def _shape(block: Any, name: str) -> str:  # noqa: ANN401
    return "x".join(map(str, shape_of(block, name))) or "one number"
