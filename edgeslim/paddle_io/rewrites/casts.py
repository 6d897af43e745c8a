"""Casts for which Paddle-Lite 2.13 has no kernel, in two steps by way of float32."""

from __future__ import annotations

from edgeslim.paddle_io.proto import framework
from edgeslim.paddle_io.rewrites._rewrite import RewriteStage, rewrite_by_formula
from edgeslim.paddle_io.sketch import Sketch
from edgeslim.targets.casts import CASTS_IN_TWO_STEPS

__all__ = ["REWRITE"]

_BYTE = 256.0


def _cast_by_floats(s: Sketch) -> str:
    types = framework().VarType
    wanted = int(s.attribute("out_dtype", types.FP32))
    floats = s.cast(s.x)
    if wanted == types.UINT8 and s.element_type(s.x) != types.BOOL:
        # Larger numbers wrap around, as in Paddle; for floats it depends on the compiler.
        whole = s.apply("floor", s.scale(floats, 1.0 / _BYTE))
        floats = s.binary("sub", floats, s.scale(whole, _BYTE))
    return s.cast(floats, wanted)


REWRITE = rewrite_by_formula(RewriteStage.OPERATORS, _cast_by_floats, CASTS_IN_TWO_STEPS)
