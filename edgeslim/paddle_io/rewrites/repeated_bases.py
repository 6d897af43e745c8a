"""Powers of fewer bases than exponents, with a base for each exponent.

The kernel of Paddle-Lite 2.13 for arm always takes the smaller of two tensors for the second
(``lite/kernels/arm/elementwise_compute.cc``), which is right for sums and products only.
"""

from __future__ import annotations

from edgeslim.paddle_io.rewrites._rewrite import RewriteStage, rewrite_by_formula
from edgeslim.paddle_io.sketch import Sketch
from edgeslim.targets.elementwise import REPEATED_BASES

__all__ = ["REWRITE"]


def _repeat_bases(s: Sketch) -> str:
    shape = s.shape(s.result())
    return s.binary("pow", s.expand(s.x, shape), s.source("Y"), int(s.attribute("axis", -1)))


REWRITE = rewrite_by_formula(RewriteStage.OPERATORS, _repeat_bases, REPEATED_BASES)
