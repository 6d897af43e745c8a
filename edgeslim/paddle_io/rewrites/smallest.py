"""The smallest elements, as the largest negated ones: Paddle-Lite 2.13 finds only the largest."""

from __future__ import annotations

from edgeslim.paddle_io.rewrites._rewrite import RewriteStage, rewrite_by_formula
from edgeslim.paddle_io.sketch import Sketch
from edgeslim.targets.sorting import SMALLEST

__all__ = ["REWRITE"]


def _smallest(s: Sketch) -> dict[str, str]:
    shape, count = s.shape(s.result()), s.source("K")
    values = s.write(
        "top_k_v2",
        {"X": s.scale(s.x, -1.0), **({"K": count} if count else {})},
        shape,
        k=int(s.attribute("k", 1)),
        axis=int(s.attribute("axis", -1)),
        largest=True,
        sorted=True,
    )
    indices = s.add_output("Indices", shape, s.element_type(s.result("Indices")))
    return {"Out": s.scale(values, -1.0), "Indices": indices}


REWRITE = rewrite_by_formula(RewriteStage.OPERATORS, _smallest, SMALLEST)
