"""Norms without factors and offsets get ones and noughts, without which ``opt`` crashes."""

from __future__ import annotations

from math import prod
from typing import Any

import numpy as np

from edgeslim.paddle_io.block_edits import argument, attribute, shape_of
from edgeslim.paddle_io.program_operators import BlockView
from edgeslim.paddle_io.proto import framework
from edgeslim.paddle_io.rewrites._rewrite import Draft, Rewrite, Stage
from edgeslim.targets.forms import NORMS_WITHOUT_WEIGHTS

__all__ = ["REWRITE"]


def _complete(draft: Draft) -> None:
    view = BlockView(draft.block)
    for op in draft.block.ops:
        operator = view.operator(op)
        size = _size(draft, op) if NORMS_WITHOUT_WEIGHTS.is_met_by(operator) else 0
        if not size:
            continue
        draft.note(NORMS_WITHOUT_WEIGHTS, operator)
        for slot, value in (("Scale", 1.0), ("Bias", 0.0)):
            if argument(op.inputs, slot):
                continue
            name = draft.add_parameter(
                f"{argument(op.outputs, 'Y')}.{slot.lower()}",
                np.full([size], value, np.float32),
                framework().VarType.FP32,
            )
            for place in reversed(range(len(op.inputs))):
                if op.inputs[place].parameter == slot:
                    del op.inputs[place]
            op.inputs.add(parameter=slot, arguments=[name])


def _size(draft: Draft, op: Any) -> int:  # noqa: ANN401 - an OpDesc
    """How many factors there would be; none if that is not known."""
    if op.type == "batch_norm":
        return prod(shape_of(draft.block, argument(op.inputs, "Mean")))
    shape = shape_of(draft.block, argument(op.inputs, "X"))
    extents = shape[int(attribute(op, "begin_norm_axis", 1)) :]
    return prod(extents) if min(extents, default=0) > 0 else 0


REWRITE = Rewrite(stage=Stage.FORM, apply=_complete)
