"""Images padded with another value than 0, which Paddle writes with a third axis of extent 1.

Paddle-Lite 2.13 removes the axis itself and mixes up the sides, which `merge_barriers` prevents;
its kernel for three axes then writes the value byte by byte. Its kernel for images, ``pad2d``,
reads sides and value correctly.
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
from edgeslim.paddle_io.draft import Draft
from edgeslim.paddle_io.program_operators import BlockView
from edgeslim.paddle_io.rewrites._rewrite import Rewrite, RewriteStage
from edgeslim.targets.paddings import PADDED_VALUES

__all__ = ["REWRITE"]


def _apply(draft: Draft) -> None:
    block = draft.block
    readers, makers, view = readers_of(block), makers_of(block), BlockView(block)
    replacements: dict[int, list[Any]] = {}
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
            continue  # left to `absent_places`, as sequences and volumes are
        replacements[index] = [_pad2d(op, before, block.ops[behind])]
        replacements[behind] = []
        if readers[source] == 1:
            replacements[list(block.ops).index(before)] = []
        draft.note(PADDED_VALUES, operator)
    replace_operators(block, replacements)


def _first_reader(block: Any, name: str) -> int | None:  # noqa: ANN401
    """The index of the first operator that reads a tensor as its X."""
    indices = (index for index, op in enumerate(block.ops) if argument(op.inputs, "X") == name)
    return next(indices, None)


def _pad2d(op: Any, before: Any, behind: Any) -> Any:  # noqa: ANN401
    """Padding of an image, in the place of a padding between ``unsqueeze2`` and ``squeeze2``."""
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
    return [int(side) for side in attribute(op, "paddings", (0,) * 6)]


def _is_about_depth(op: Any, kind: str) -> bool:  # noqa: ANN401
    return op.type == kind and [int(axis) for axis in attribute(op, "axes", ())] in ([2], [-3])


# Before `absent_places`, which joins the remaining inputs with constants.
REWRITE = Rewrite(stage=RewriteStage.FORMULAS, apply=_apply)
