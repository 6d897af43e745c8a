"""``unbind`` rewritten as ``split`` and ``squeeze2``.

The runtime's kernel (Paddle-Lite 2.13, ``lite/operators/unbind_op.cc``) has no memory for results
that are not read, and ends the process if only some of its results are.
"""

from __future__ import annotations

from typing import Any

from edgeslim.opspec import Attribute
from edgeslim.paddle_io.block_edits import (
    argument,
    arguments,
    attribute,
    new_operator,
    new_variable,
    replace_operators,
    scratch_variable,
    shape_of,
    type_of,
)
from edgeslim.paddle_io.draft import Draft
from edgeslim.paddle_io.program_operators import BlockView
from edgeslim.paddle_io.rewrites._rewrite import Rewrite, RewriteStage
from edgeslim.targets.places import UNBOUND

__all__ = ["REWRITE"]


def _apply(draft: Draft) -> None:
    block = draft.block
    view = BlockView(block)
    replacements = {}
    for index, op in enumerate(block.ops):
        if op.type in UNBOUND.operators:
            draft.note(UNBOUND, view.operator(op))
            replacements[index] = _split(block, op)
    replace_operators(block, replacements)


def _split(block: Any, op: Any) -> list[Any]:  # noqa: ANN401
    source, results = argument(op.inputs, "X"), arguments(op.outputs, "Out")
    shape, axis = list(shape_of(block, source)), int(attribute(op, "axis", 0))
    axis += len(shape) if axis < 0 else 0
    element_type = type_of(block, source)
    shape[axis] = 1
    parts = [source]
    ops = []
    if len(results) > 1:
        parts = [
            new_variable(block, f"{result}.part", shape, element_type=element_type)
            for result in results
        ]
        attributes: dict[str, Attribute] = {"axis": axis, "num": len(results), "sections": ()}
        ops.append(new_operator("split", {"X": [source]}, {"Out": parts}, attributes))
    for part, result in zip(parts, results, strict=True):
        outputs = {"Out": [result], "XShape": [scratch_variable(block, result, "XShape")]}
        ops.append(new_operator("squeeze2", {"X": [part]}, outputs, {"axes": (axis,)}))
    return ops


REWRITE = Rewrite(stage=RewriteStage.OPERATORS, apply=_apply)
