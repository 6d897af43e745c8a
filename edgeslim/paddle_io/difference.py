"""The difference of two results of Paddle's kernels that should be the same."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

__all__ = ["difference_and_scale"]

Array = np.ndarray[Any, Any]


def difference_and_scale(truth: Array, found: Array) -> tuple[float, float]:
    """The largest difference of two arrays of one shape, and the largest finite true value.

    Both are magnitudes, also for complex numbers. The difference is infinite if elements that are
    not finite differ at all; unequal whole numbers differ by at least 1.
    """
    wide = np.complex128 if "c" in {truth.dtype.kind, found.dtype.kind} else np.float64
    one, two = truth.astype(wide), found.astype(wide)
    finite = np.isfinite(one)
    scale = float(np.max(np.abs(one[finite]), initial=0.0))
    if not np.array_equal(one[~finite], two[~finite], equal_nan=True):
        return math.inf, scale
    off = float(np.max(np.abs(one[finite] - two[finite]), initial=0.0))
    if truth.dtype.kind in "biu" and not np.array_equal(truth, found):
        off = max(off, 1.0)  # which doubles need not show
    return (off if math.isfinite(off) else math.inf), scale
