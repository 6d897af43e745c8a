"""Call stacks in programs: Paddle stores in every operator the lines of code that created it.

They hold paths of the machine that saved the model, and most of the file's size. Nothing computes
with them, so they are removed from every model that is written here.
"""

from __future__ import annotations

from typing import Any

__all__ = ["drop_call_stacks"]

_CALL_STACK = "op_callstack"


def drop_call_stacks(program: Any) -> bool:  # noqa: ANN401 - a ProgramDesc
    """Removes the call stacks from a program, in place; returns whether there were any."""
    found = False
    for block in program.blocks:
        for op in block.ops:
            for place in reversed(range(len(op.attrs))):
                if op.attrs[place].name == _CALL_STACK:
                    del op.attrs[place]
                    found = True
    return found
