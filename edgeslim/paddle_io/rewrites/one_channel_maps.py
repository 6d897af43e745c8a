"""Convolutions to one channel of a large map, by a second filter of zeros.

Arm's kernels of Paddle-Lite 2.13 compute a product of one row as one of columns, and put its bias
for each of them on the stack. A convolution to two channels takes the usual kernel.
"""

from __future__ import annotations

import numpy as np

from edgeslim.paddle_io.block_edits import attributes_of
from edgeslim.paddle_io.rewrites._rewrite import RewriteStage, rewrite_by_formula
from edgeslim.paddle_io.sketch import Sketch
from edgeslim.targets.convolutions import ONE_CHANNEL_MAPS

__all__ = ["REWRITE"]


def _take_first_of_two(s: Sketch) -> str | None:
    filters = s.source("Filter")
    value = s.value(filters)
    if value is None or s.source("Bias"):
        return None
    two = s.draft.add_parameter(f"{filters}.two", np.concatenate([value, np.zeros_like(value)]))
    batch, _, *places = s.shape(s.result("Output"))
    inputs = {"Input": s.source("Input"), "Filter": two}
    both = s.write("conv2d", inputs, (batch, 2, *places), output="Output", **attributes_of(s.op))
    return s.slice(both, 0, 1, axis=1)


REWRITE = rewrite_by_formula(RewriteStage.OPERATORS, _take_first_of_two, ONE_CHANNEL_MAPS)
