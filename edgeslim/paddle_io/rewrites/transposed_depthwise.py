"""Transposed depthwise convolutions for which the runtime chooses its general kernel.

The results of Paddle-Lite 2.13's depthwise kernels for ``x86`` and ``arm``
(``conv_transpose_depthwise.cc``) depend on what ran before. They are chosen for a square filter
for each channel, with strides of 1 or 2 and without dilation. A column of zeros beside each filter,
and one more column of the result that is cut off, is the same convolution by the general kernel.
"""

from __future__ import annotations

from edgeslim.paddle_io.rewrites._rewrite import RewriteStage, rewrite_in_place
from edgeslim.paddle_io.rewrites._wider_filters import widen_filters
from edgeslim.targets.convolutions import TRANSPOSED_DEPTHWISE

__all__ = ["REWRITE"]

REWRITE = rewrite_in_place(RewriteStage.OPERATORS, widen_filters, TRANSPOSED_DEPTHWISE)
