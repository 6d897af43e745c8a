"""Powers of fewer bases than exponents, with a base for each.

The kernel of Paddle-Lite 2.13 for arm takes the smaller of two tensors for the second, whichever
it is (``lite/kernels/arm/elementwise_compute.cc``), which is right for sums and products.
"""

from __future__ import annotations

from edgeslim.paddle_io.rewrites._rewrite import RewriteStage, rewrite_by_formula
from edgeslim.paddle_io.sketch import Sketch
from edgeslim.targets.elementwise import REPEATED_BASES

__all__ = ["REWRITE"]


def _of_as_many(s: Sketch) -> str:
    shape = s.shape(s.result())
    return s.binary("pow", s.expand(s.x, shape), s.source("Y"), int(s.attribute("axis", -1)))


REWRITE = rewrite_by_formula(RewriteStage.OPERATORS, _of_as_many, REPEATED_BASES)
