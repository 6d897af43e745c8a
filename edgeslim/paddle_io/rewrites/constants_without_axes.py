"""Constants of one element instead of constants without axes.

Paddle-Lite converts the latter and aborts on the device when it comes to them.
"""

from __future__ import annotations

from typing import Any

from edgeslim.paddle_io.program_operators import BlockView
from edgeslim.paddle_io.proto import framework
from edgeslim.paddle_io.rewrites._rewrite import Draft, Rewrite, Stage
from edgeslim.targets.forms import CONSTANTS_WITHOUT_AXES

__all__ = ["REWRITE"]


def _apply(draft: Draft) -> None:
    for block in draft.program.blocks:
        view = BlockView(block)
        for op in block.ops:
            operator = view.operator(op)
            if CONSTANTS_WITHOUT_AXES.is_met_by(operator):
                draft.note(CONSTANTS_WITHOUT_AXES, operator)
                _give_axis(block, op)


def _give_axis(block: Any, op: Any) -> None:  # noqa: ANN401 - a BlockDesc and an OpDesc
    variables = {variable.name: variable for variable in block.vars}
    shape = next(each for each in op.attrs if each.name == "shape")
    long = shape.type == framework().AttrType.LONGS
    (shape.longs if long else shape.ints).append(1)
    for output in op.outputs:
        for name in output.arguments:
            variables[name].type.dense_tensor.tensor.dims.append(1)


REWRITE = Rewrite(stage=Stage.FORM, apply=_apply)
