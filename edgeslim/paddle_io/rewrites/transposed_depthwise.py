"""Transposed depthwise convolutions for which the runtime chooses its general kernel.

The results of Paddle-Lite 2.13's depthwise kernels for ``x86`` and ``arm``
(``conv_transpose_depthwise.cc``) depend on what ran before. They are chosen for a square filter
for each channel, with strides of 1 or 2 and without dilation. A column of zeros beside each filter,
and one more column of the result that is cut off, is the same convolution by the general kernel.
"""

from __future__ import annotations

import numpy as np

from edgeslim.paddle_io.block_edits import set_argument, set_attribute
from edgeslim.paddle_io.rewrites._rewrite import RewriteStage, rewrite_in_place
from edgeslim.paddle_io.sketch import Sketch
from edgeslim.targets.convolutions import TRANSPOSED_DEPTHWISE, sides_around

__all__ = ["REWRITE"]

_ALGORITHMS = {"EXPLICIT", "SAME", "VALID"}


def _widen(s: Sketch) -> bool:
    filters = s.source("Filter")
    value = s.value(filters)
    if value is None or s.attribute("padding_algorithm", "EXPLICIT") not in _ALGORITHMS:
        return False
    wider, name = np.pad(value, ((0, 0), (0, 0), (0, 0), (0, 1))), f"{filters}.wide"
    known = s.value(name)  # of another convolution with the same filter
    if known is None or not np.array_equal(known, wider):
        name = s.draft.add_parameter(name, wider)
    set_argument(s.op.inputs, "Filter", name)
    top, bottom, left, right = sides_around(s.operator)
    set_attribute(s.op, "paddings", (top, bottom, left, right + 1))
    set_attribute(s.op, "padding_algorithm", "EXPLICIT")
    return True


REWRITE = rewrite_in_place(RewriteStage.OPERATORS, _widen, TRANSPOSED_DEPTHWISE)
