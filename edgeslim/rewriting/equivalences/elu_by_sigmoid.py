"""ELU by the sigmoid instead of the exponential function."""

from __future__ import annotations

from edgeslim.rewriting.equivalences._functions import function_equivalence
from edgeslim.rewriting.network import Op
from edgeslim.rewriting.writer import OperatorWriter

__all__ = ["EQUIVALENCE"]


def _sigmoid(writer: OperatorWriter, op: Op, x: str) -> str:
    alpha = float(op.attributes.get("alpha", 1.0))
    below = writer.apply("relu", writer.scale(x, -1.0))
    # exp(-r) = 1 / sigmoid(r) - 1, where the sigmoid is from 0.5 to 1.
    inverse = writer.apply("reciprocal", writer.apply("sigmoid", below))
    negative = writer.scale(inverse, alpha, -2.0 * alpha)
    return writer.binary("add", writer.apply("relu", x), negative)


EQUIVALENCE = function_equivalence(
    {"elu": lambda draw: {"alpha": draw.one_of(1.0, draw.number(0.1, 2.0))}},
    {"sigmoid": _sigmoid},
    law="elu(x) = relu(x) + a (1 / sigmoid(relu(-x)) - 2)",
    limits="results below zero are off by up to 3e-7 * a each, whatever their size",
    saves="x86: an elu takes 15 times its 1x1 convolution, this 9 times",
    bound=2e-6,
)
