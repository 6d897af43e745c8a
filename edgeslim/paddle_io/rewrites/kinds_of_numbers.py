"""Which elements are finite, infinite or no numbers, for which Paddle-Lite 2.13 has no kernels."""

from __future__ import annotations

from collections.abc import Callable

from edgeslim.paddle_io.proto import framework
from edgeslim.paddle_io.rewrites._composing import Formula, rewritten
from edgeslim.paddle_io.rewrites._numbers import finite, inverted, number
from edgeslim.paddle_io.rewrites._rewrite import Rewrite, Stage
from edgeslim.paddle_io.sketch import Sketch
from edgeslim.targets.absent import ABSENT_QUESTIONS

__all__ = ["REWRITE"]


def _is_infinite(s: Sketch) -> str:
    """A number, and not finite."""
    sides = {"X": number(s, s.x), "Y": finite(s, s.x)}
    return s.write("logical_xor", sides, s.shape(s.x), element_type=framework().VarType.BOOL)


def _of_floats(formula: Callable[[Sketch], str], kind: str) -> Formula:
    """A formula for floats; of whole numbers, which are finite, a comparison with themselves."""

    def either(s: Sketch) -> str:
        is_float = s.element_type(s.x) == framework().VarType.FP32
        return formula(s) if is_float else s.compared(kind, s.x, s.x)

    return either


_FORMULAS: dict[str, Formula] = {
    "isfinite_v2": _of_floats(lambda s: finite(s, s.x), "equal"),
    "isinf_v2": _of_floats(_is_infinite, "not_equal"),
    "isnan_v2": _of_floats(lambda s: inverted(s, number(s, s.x)), "not_equal"),
}

REWRITE = Rewrite(stage=Stage.OPERATORS, apply=rewritten(_FORMULAS, ABSENT_QUESTIONS))
