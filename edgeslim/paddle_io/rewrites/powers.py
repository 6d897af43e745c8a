"""Powers by a constant as products, roots and reciprocals.

The kernels for ``pow`` compute ``exp(factor * log(x))``. That for x86 of Paddle-Lite 2.13 gives
something else wherever ``x`` is negative (``lite/backends/x86/math/power.cc``), and so a
LayerNorm or a variance written by hand; that for arm loses some digits.
"""

from __future__ import annotations

from collections import Counter
from typing import Any

from edgeslim.opspec import Attribute
from edgeslim.paddle_io.block_edits import (
    argument,
    arguments,
    attribute,
    new_operator,
    new_variable,
    replace_operators,
    shape_of,
)
from edgeslim.paddle_io.rewrites._rewrite import Draft, Rewrite, Stage

__all__ = ["REWRITE"]

_MOST = 64
"""Powers are written as products up to this."""

_ROOTS = {0.5: "sqrt", -0.5: "rsqrt"}


def _apply(draft: Draft) -> Counter[str]:
    made: dict[int, list[Any]] = {}
    for index, op in enumerate(draft.block.ops):
        if op.type != "pow" or arguments(op.inputs, "FactorTensor"):
            continue
        written = _written(draft.block, op, float(attribute(op, "factor", 1.0)))
        if written:
            made[index] = written
    replace_operators(draft.block, made)
    return Counter({"pow written as products and roots": len(made)} if made else {})


def _written(block: Any, op: Any, factor: float) -> list[Any]:  # noqa: ANN401
    """The operators that a power is written as; none if it stays."""
    source, result = argument(op.inputs, "X"), argument(op.outputs, "Out")
    if factor in _ROOTS:
        return [_single(_ROOTS[factor], source, result)]
    if not factor.is_integer() or abs(factor) > _MOST:
        return []
    if factor == 0:
        return [_single("scale", source, result, scale=0.0, bias=1.0, bias_after_scale=True)]
    if factor == 1:
        return [_single("scale", source, result, scale=1.0, bias=0.0, bias_after_scale=True)]
    if factor == -1:
        return [_single("reciprocal", source, result)]
    product = result
    if factor < 0:
        product = new_variable(block, f"{result}.power", shape_of(block, result))
    ops = _product(block, source, product, int(abs(factor)))
    return ops if product == result else [*ops, _single("reciprocal", product, result)]


def _product(block: Any, source: str, result: str, power: int) -> list[Any]:  # noqa: ANN401
    """A whole power from 2 on, by squaring."""
    shape = shape_of(block, result)
    ops: list[Any] = []
    made = source
    digits = f"{power:b}"[1:]
    for place, digit in enumerate(digits):
        last = place == len(digits) - 1
        squared = result if last and digit == "0" else new_variable(block, f"{result}.part", shape)
        ops.append(_single("square", made, squared))
        made = squared
        if digit == "1":
            times = result if last else new_variable(block, f"{result}.part", shape)
            ops.append(
                new_operator(
                    "elementwise_mul", {"X": [made], "Y": [source]}, {"Out": [times]}, {"axis": -1}
                )
            )
            made = times
    return ops


def _single(kind: str, source: str, result: str, **attributes: Attribute) -> Any:  # noqa: ANN401
    return new_operator(kind, {"X": [source]}, {"Out": [result]}, attributes)


REWRITE = Rewrite(stage=Stage.OPERATORS, apply=_apply)
