"""Padded depthwise convolutions whose own kernels for Arm are wrong, by the general kernel.

Paddle-Lite 2.13 chooses its depthwise kernels for square filters. With a column of zeros beside
each filter, and one more column of padding on the right, the general kernel computes the same
convolution.
"""

from __future__ import annotations

from edgeslim.paddle_io.rewrites._rewrite import RewriteStage, rewrite_in_place
from edgeslim.paddle_io.rewrites._wider_filters import widen_filters
from edgeslim.targets.convolutions import FIVE_COLUMNS, ROW_TOO_MANY, WIDE_PADDING

__all__ = ["REWRITE"]

REWRITE = rewrite_in_place(
    RewriteStage.OPERATORS, widen_filters, FIVE_COLUMNS, ROW_TOO_MANY, WIDE_PADDING
)
