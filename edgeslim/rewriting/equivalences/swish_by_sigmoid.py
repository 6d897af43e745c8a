"""Swish as a product with the sigmoid."""

from __future__ import annotations

from edgeslim.rewriting.equivalences._functions import function_equivalence
from edgeslim.rewriting.network import Op
from edgeslim.rewriting.writer import OperatorWriter

__all__ = ["EQUIVALENCE"]


def _product(writer: OperatorWriter, op: Op, x: str) -> str | None:
    if float(op.attributes.get("beta", 1.0)) != 1.0:
        return None
    # Without the barrier the optimizer would make a swish of it again.
    return writer.binary("mul", x, writer.apart(writer.apply("sigmoid", x)))


EQUIVALENCE = function_equivalence(
    {"swish": lambda _: {"beta": 1.0}, "silu": lambda _: {}},
    {"product": _product},
    law="swish(x) = x * sigmoid(x)",
    limits="another beta than 1, which Paddle does not compute with",
    saves="x86: a swish takes 10 times its 1x1 convolution, a sigmoid and a product 2 times",
    bound=1e-6,
)
