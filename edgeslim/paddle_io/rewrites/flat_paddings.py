"""Pictures padded with another value than 0, which Paddle writes with a third axis of one.

Paddle-Lite 2.13 takes the axis away itself and mixes up the sides, which `merge_barriers` keeps
from happening; its kernel with three axes then pads with nought, whatever the value. Its kernel for
pictures, which is written here, reads both.
"""

from __future__ import annotations

from collections import Counter
from typing import Any

from edgeslim.errors import ModelError
from edgeslim.paddle_io.block_edits import (
    argument,
    attribute,
    makers_of,
    new_operator,
    readers_of,
    replace_operators,
)
from edgeslim.paddle_io.rewrites._rewrite import Draft, Rewrite, Stage

__all__ = ["REWRITE"]


def _apply(draft: Draft) -> Counter[str]:
    block = draft.block
    readers, makers = readers_of(block), makers_of(block)
    made: dict[int, list[Any]] = {}
    done = 0
    for index, op in enumerate(block.ops):
        if op.type != "pad3d" or not _is_wrong(op):
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
            raise ModelError(
                f"a pad3d (of {result!r}) pads with {attribute(op, 'value', 0.0)}, and "
                "Paddle-Lite's kernel pads with 0; subtract the value before and add it behind"
            )
        made[index] = [_flat(op, before, block.ops[behind])]
        made[behind] = []
        if readers[source] == 1:
            made[next(place for place, each in enumerate(block.ops) if each == before)] = []
        done += 1
    replace_operators(block, made)
    return Counter({"padding without its third axis": done} if done else {})


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


def _is_wrong(op: Any) -> bool:  # noqa: ANN401
    if attribute(op, "data_format", "NCDHW") != "NCDHW":
        return False
    constant = attribute(op, "mode", "constant") == "constant"
    return constant and float(attribute(op, "value", 0.0)) != 0


def _is_about_depth(op: Any, kind: str) -> bool:  # noqa: ANN401
    return op.type == kind and [int(each) for each in attribute(op, "axes", ())] in ([2], [-3])


# Behind the operators: lines and volumes are written otherwise there (`absent_places`).
REWRITE = Rewrite(stage=Stage.CONSTANTS, apply=_apply)
