"""Max pooling with indices, rewritten without the indices if nothing reads them."""

from __future__ import annotations

from edgeslim.paddle_io.rewrites._rewrite import RewriteStage, rewrite_by_formula
from edgeslim.paddle_io.sketch import Sketch
from edgeslim.targets.pools import WITH_PLACES

__all__ = ["REWRITE"]


def _pool(s: Sketch) -> str | None:
    if s.is_used("Mask") or s.attribute("adaptive", False):
        return None
    return s.pool(
        "max",
        s.x,
        s.shape(s.result()),
        window=s.attribute("ksize", (1, 1)),
        strides=s.attribute("strides", (1, 1)),
        paddings=s.attribute("paddings", (0, 0)),
        ceil_mode=bool(s.attribute("ceil_mode", False)),
        global_pooling=bool(s.attribute("global_pooling", False)),
    )


REWRITE = rewrite_by_formula(RewriteStage.FORMULAS, _pool, WITH_PLACES)
