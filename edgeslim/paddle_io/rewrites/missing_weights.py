"""Norms without factors and offsets get ones and noughts, without which ``opt`` crashes."""

from __future__ import annotations

from collections import Counter
from math import prod
from typing import Any

import numpy as np

from edgeslim.paddle_io.block_edits import argument, attribute, shape_of
from edgeslim.paddle_io.proto import framework
from edgeslim.paddle_io.rewrites._rewrite import Draft, Rewrite, Stage

__all__ = ["REWRITE"]


def _complete(draft: Draft) -> Counter[str]:
    done: Counter[str] = Counter()
    for op in draft.block.ops:
        if op.type not in {"batch_norm", "layer_norm"}:
            continue
        size = _size(draft, op)
        for slot, value in (("Scale", 1.0), ("Bias", 0.0)):
            if argument(op.inputs, slot) or not size:
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
            done[f"{op.type}: {slot} of {value:g} added"] += 1
    return done


def _size(draft: Draft, op: Any) -> int:  # noqa: ANN401 - an OpDesc
    """How many factors there would be; none if that is not known."""
    if op.type == "batch_norm":
        return prod(shape_of(draft.block, argument(op.inputs, "Mean")))
    shape = shape_of(draft.block, argument(op.inputs, "X"))
    extents = shape[int(attribute(op, "begin_norm_axis", 1)) :]
    return prod(extents) if min(extents, default=0) > 0 else 0


REWRITE = Rewrite(stage=Stage.FORM, apply=_complete)
