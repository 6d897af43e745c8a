"""The part of a program that computes some of its tensors."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from edgeslim.errors import ModelError
from edgeslim.paddle_io.block_edits import names_in, new_operator

__all__ = ["cut_program"]

_ENDS = {"feed", "fetch"}


def cut_program(program: Any, names: Sequence[str]) -> Any:  # noqa: ANN401 - ProgramDescs
    """A copy of a program with other outputs, and only the operators that they need.

    It keeps all parameters, so that their file stays valid, and all inputs.

    Raises:
        ModelError: A tensor is not computed in the program.
    """
    cut = type(program)()
    cut.CopyFrom(program)
    block = cut.blocks[0]
    wanted, kept = set(names), []
    for op in reversed(block.ops):
        if op.type == "feed" or (
            op.type not in _ENDS and wanted.intersection(names_in(op.outputs))
        ):
            kept.append(op)
            wanted.update(names_in(op.inputs))
    made = {name for op in kept for name in names_in(op.outputs)}
    for name in names:
        if name not in made:
            raise ModelError(f"{name!r} is made nowhere in the program")
    holder = next(
        slot.arguments[0] for op in block.ops if op.type == "fetch" for slot in op.outputs
    )
    ends = [
        new_operator("fetch", {"X": [name]}, {"Out": [holder]}, {"col": place})
        for place, name in enumerate(names)
    ]
    operators = [*reversed(kept), *ends]
    copies = [type(op).FromString(op.SerializeToString()) for op in operators]
    del block.ops[:]
    block.ops.extend(copies)
    return cut
