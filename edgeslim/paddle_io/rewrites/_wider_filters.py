"""Filters with a column of zeros, for which the runtime chooses its general kernel."""

from __future__ import annotations

import numpy as np

from edgeslim.paddle_io.block_edits import set_argument, set_attribute
from edgeslim.paddle_io.sketch import Sketch
from edgeslim.targets.convolutions import dilations_of, sides_around

__all__ = ["widen_filters"]

_ALGORITHMS = {"EXPLICIT", "SAME", "VALID"}


def widen_filters(s: Sketch) -> bool:
    """Gives a convolution, transposed or not, filters with one more column, which is zero.

    One more column of padding on the right (or of the result that is cut off, where the convolution
    is transposed) makes it the same convolution. Leaves it as it is, and returns False, where its
    filters are no parameter.
    """
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
    set_attribute(s.op, "dilations", dilations_of(s.operator))
    set_attribute(s.op, "padding_algorithm", "EXPLICIT")
    return True
