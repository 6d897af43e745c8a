"""Call stacks in programs: Paddle writes into every operator where the code stood that made it.

They are paths of the machine that saved the model, with the lines of its code, and most of the
file's size. Nothing computes with them, so no model that is written here has any.
"""

from __future__ import annotations

from typing import Any

__all__ = ["drop_call_stacks"]

_CALL_STACK = "op_callstack"


def drop_call_stacks(program: Any) -> bool:  # noqa: ANN401 - a ProgramDesc
    """Takes the call stacks out of a program, in place, and says whether there were any."""
    found = False
    for block in program.blocks:
        for op in block.ops:
            for place in reversed(range(len(op.attrs))):
                if op.attrs[place].name == _CALL_STACK:
                    del op.attrs[place]
                    found = True
    return found
