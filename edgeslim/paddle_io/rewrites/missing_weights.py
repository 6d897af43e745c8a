"""Norms without factors and offsets get ones and zeros, without which ``opt`` crashes."""

from __future__ import annotations

from math import prod

import numpy as np

from edgeslim.paddle_io.rewrites._rewrite import RewriteStage, rewrite_in_place
from edgeslim.paddle_io.sketch import Sketch
from edgeslim.targets.forms import NORMS_WITHOUT_WEIGHTS

__all__ = ["REWRITE"]


def _add_weights(s: Sketch) -> bool:
    size = _size(s)
    if not size:
        return False
    for slot, value in (("Scale", 1.0), ("Bias", 0.0)):
        if s.source(slot):
            continue
        name = s.draft.add_parameter(f"{s.result('Y')}.{slot.lower()}", np.full([size], value))
        for index in reversed(range(len(s.op.inputs))):
            if s.op.inputs[index].parameter == slot:
                del s.op.inputs[index]
        s.op.inputs.add(parameter=slot, arguments=[name])
    return True


def _size(s: Sketch) -> int:
    """The number of factors; 0 if it is not known."""
    if s.op.type == "batch_norm":
        return prod(s.shape(s.source("Mean")))
    extents = s.shape(s.x)[int(s.attribute("begin_norm_axis", 1)) :]
    return prod(extents) if min(extents, default=0) > 0 else 0


REWRITE = rewrite_in_place(RewriteStage.FORM, _add_weights, NORMS_WITHOUT_WEIGHTS)
