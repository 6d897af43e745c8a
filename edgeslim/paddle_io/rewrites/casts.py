"""Casts for which Paddle-Lite 2.13 has no kernel, by way of floats."""

from __future__ import annotations

from edgeslim.paddle_io.proto import framework
from edgeslim.paddle_io.rewrites._composing import rewritten
from edgeslim.paddle_io.rewrites._rewrite import Rewrite, Stage
from edgeslim.paddle_io.sketch import Sketch
from edgeslim.targets.casts import CASTS_IN_TWO_STEPS

__all__ = ["REWRITE"]

_BYTE = 256.0


def _by_floats(s: Sketch) -> str:
    types = framework().VarType
    wanted = int(s.attribute("out_dtype", types.FP32))
    floats = s.cast(s.x)
    if wanted == types.UINT8 and s.element_type(s.x) != types.BOOL:
        # What is beyond a byte begins again, as Paddle's does; a float's end is the compiler's.
        whole = s.apply("floor", s.scaled(floats, 1.0 / _BYTE))
        floats = s.both("sub", floats, s.scaled(whole, _BYTE))
    return s.cast(floats, wanted)


REWRITE = Rewrite(stage=Stage.OPERATORS, apply=rewritten({"cast": _by_floats}, CASTS_IN_TWO_STEPS))
