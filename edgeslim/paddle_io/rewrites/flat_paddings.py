"""Pictures padded with another value than 0, which Paddle writes with a third axis of one.

Paddle-Lite 2.13 takes the axis away itself and mixes up the sides, which `merge_barriers` keeps
from happening; its kernel with three axes then writes the value byte by byte. Its kernel for
pictures, which is written here, reads both.
"""

from __future__ import annotations

from typing import Any

from edgeslim.paddle_io.block_edits import (
    argument,
    attribute,
    makers_of,
    new_operator,
    readers_of,
    replace_operators,
)
from edgeslim.paddle_io.program_operators import BlockView
from edgeslim.paddle_io.rewrites._rewrite import Draft, Rewrite, Stage
from edgeslim.targets.paddings import PADDED_VALUES

__all__ = ["REWRITE"]


def _apply(draft: Draft) -> None:
    block = draft.block
    readers, makers, view = readers_of(block), makers_of(block), BlockView(block)
    made: dict[int, list[Any]] = {}
    for index, op in enumerate(block.ops):
        operator = view.operator(op)
        if not PADDED_VALUES.is_met_by(operator):
            continue
        source, result = argument(op.inputs, "X"), argument(op.outputs, "Out")
        before, behind = makers.get(source), _first_reader(block, result)
        if (
            before is None
            or behind is None
            or readers[result] > 1
            or _sides(op)[4:] != [0, 0]
            or not _is_about_depth(before, "unsqueeze2")
            or not _is_about_depth(block.ops[behind], "squeeze2")
        ):
            continue  # as lines and volumes are (`absent_places`)
        made[index] = [_flat(op, before, block.ops[behind])]
        made[behind] = []
        if readers[source] == 1:
            made[next(place for place, each in enumerate(block.ops) if each == before)] = []
        draft.note(PADDED_VALUES, operator)
    replace_operators(block, made)


def _first_reader(block: Any, name: str) -> int | None:  # noqa: ANN401
    """The place of what reads a tensor as its X."""
    places = (place for place, op in enumerate(block.ops) if argument(op.inputs, "X") == name)
    return next(places, None)


def _flat(op: Any, before: Any, behind: Any) -> Any:  # noqa: ANN401
    """A padding in two axes, of what was given a third, to what is without it again."""
    left, right, top, bottom = _sides(op)[:4]
    return new_operator(
        "pad2d",
        {"X": [argument(before.inputs, "X")]},
        {"Out": [argument(behind.outputs, "Out")]},
        {
            "paddings": (top, bottom, left, right),
            "mode": "constant",
            "pad_value": float(attribute(op, "value", 0.0)),
            "data_format": "NCHW",
        },
    )


def _sides(op: Any) -> list[int]:  # noqa: ANN401
    return [int(each) for each in attribute(op, "paddings", (0,) * 6)]


def _is_about_depth(op: Any, kind: str) -> bool:  # noqa: ANN401
    return op.type == kind and [int(each) for each in attribute(op, "axes", ())] in ([2], [-3])


# Before the operators, where all that is left is joined with constants.
REWRITE = Rewrite(stage=Stage.FORMULAS, apply=_apply)
