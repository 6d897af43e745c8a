"""The approximate GELU by the sigmoid."""

from __future__ import annotations

import math

from edgeslim.rewriting.equivalences._functions import function_equivalence
from edgeslim.rewriting.network import Op
from edgeslim.rewriting.writer import OperatorWriter

__all__ = ["EQUIVALENCE"]

_FACTOR = 2.0 * math.sqrt(2.0 / math.pi)
_CUBIC = 0.044715
"""Numbers of the approximation; Paddle has the same."""


def _sigmoid(writer: OperatorWriter, op: Op, x: str) -> str | None:
    if not op.attributes.get("approximate", False):
        return None
    square = writer.binary("mul", x, x)
    inner = writer.binary("mul", x, writer.scale(square, _FACTOR * _CUBIC, _FACTOR))
    return writer.binary("mul", x, writer.apply("sigmoid", inner))


EQUIVALENCE = function_equivalence(
    {"gelu": lambda _: {"approximate": True}},
    {"sigmoid": _sigmoid},
    law="0.5 x (1 + tanh(u)) = x * sigmoid(2 u), u = sqrt(2 / pi) (x + 0.044715 x^3)",
    limits="the exact GELU, by the error function",
    saves="x86: it takes 90 times its 1x1 convolution as products, a clip and a tanh, and 5 times "
    "by the sigmoid",
    bound=1e-6,
)
