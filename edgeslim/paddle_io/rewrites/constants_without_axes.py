"""Tensors of one element instead of tensors without axes, where a program asks for these.

Paddle-Lite converts such constants and shapes, and aborts on the device when it comes to them.
"""

from __future__ import annotations

from typing import Any

from edgeslim.paddle_io.block_edits import arguments
from edgeslim.paddle_io.program_operators import BlockView
from edgeslim.paddle_io.proto import framework
from edgeslim.paddle_io.rewrites._rewrite import Draft, Rewrite, Stage
from edgeslim.targets.forms import CONSTANTS_WITHOUT_AXES, SHAPES_WITHOUT_AXES

__all__ = ["REWRITE"]


def _apply(draft: Draft) -> None:
    for block in draft.program.blocks:
        view = BlockView(block)
        for op in block.ops:
            operator = view.operator(op)
            for law in (CONSTANTS_WITHOUT_AXES, SHAPES_WITHOUT_AXES):
                if law.is_met_by(operator):
                    draft.note(law, operator)
                    _give_axis(block, op)


def _give_axis(block: Any, op: Any) -> None:  # noqa: ANN401 - a BlockDesc and an OpDesc
    tensors = {variable.name: variable.type.dense_tensor.tensor for variable in block.vars}
    shape = next(each for each in op.attrs if each.name == "shape")
    long = shape.type == framework().AttrType.LONGS
    (shape.longs if long else shape.ints).append(1)
    for name in arguments(op.outputs, "Out"):
        tensors[name].dims.append(1)


REWRITE = Rewrite(stage=Stage.FORM, apply=_apply)
