"""Masks of finite, infinite and NaN elements, for which Paddle-Lite 2.13 has no kernels."""

from __future__ import annotations

from collections.abc import Callable

from edgeslim.paddle_io.proto import framework
from edgeslim.paddle_io.rewrites._masks import finite_mask, number_mask
from edgeslim.paddle_io.rewrites._rewrite import Formula, RewriteStage, rewrite_by_formula
from edgeslim.paddle_io.sketch import Sketch
from edgeslim.targets.absent import ABSENT_QUESTIONS

__all__ = ["REWRITE"]


def _infinite_mask(s: Sketch) -> str:
    return s.logical("logical_xor", number_mask(s, s.x), finite_mask(s, s.x))


def _nan_mask(s: Sketch) -> str:
    return s.logical("logical_not", number_mask(s, s.x))


def _for_floats(formula: Callable[[Sketch], str], kind: str) -> Formula:
    """A formula for floats; integers are finite, and are compared with themselves."""

    def mask(s: Sketch) -> str:
        is_float = s.element_type(s.x) == framework().VarType.FP32
        return formula(s) if is_float else s.compare(kind, s.x, s.x)

    return mask


_FORMULAS: dict[str, Formula] = {
    "isfinite_v2": _for_floats(lambda s: finite_mask(s, s.x), "equal"),
    "isinf_v2": _for_floats(_infinite_mask, "not_equal"),
    "isnan_v2": _for_floats(_nan_mask, "not_equal"),
}

REWRITE = rewrite_by_formula(RewriteStage.OPERATORS, _FORMULAS, ABSENT_QUESTIONS)
