"""Mish by the sigmoid instead of the hyperbolic tangent of a logarithm of an exponential."""

from __future__ import annotations

from edgeslim.rewriting.equivalences._functions import function_equivalence
from edgeslim.rewriting.network import Op
from edgeslim.rewriting.writer import OperatorWriter

__all__ = ["EQUIVALENCE"]


_LEAST_THRESHOLD = 20.0
"""Above the threshold ``x tanh(x)`` is computed; from here on the same as mish by rounding."""


def _squares(writer: OperatorWriter, x: str) -> str:
    """``sigmoid(-x)`` squared."""
    below = writer.apply("sigmoid", writer.scale(x, -1.0))
    return writer.binary("mul", below, below)


def _is_whole(op: Op) -> bool:
    """Whether it is mish for every element."""
    return float(op.attributes.get("threshold", _LEAST_THRESHOLD)) >= _LEAST_THRESHOLD


def _reciprocal(writer: OperatorWriter, op: Op, x: str) -> str | None:
    if not _is_whole(op):
        return None
    inverse = writer.apply("reciprocal", writer.scale(_squares(writer, x), 1.0, 1.0))
    return writer.binary("mul", x, writer.scale(inverse, 2.0, -1.0))


def _division(writer: OperatorWriter, op: Op, x: str) -> str | None:
    if not _is_whole(op):
        return None
    squares = _squares(writer, x)
    above = writer.binary("mul", x, writer.scale(squares, -1.0, 1.0))
    return writer.binary("div", above, writer.scale(squares, 1.0, 1.0))


EQUIVALENCE = function_equivalence(
    {"mish": lambda _: {"threshold": 20.0}},
    {"reciprocal": _reciprocal, "division": _division},
    law="mish(x) = x tanh(ln(1 + exp(x))) = x (1 - q^2) / (1 + q^2), q = sigmoid(-x)",
    limits="a threshold below 20; results of elements far below zero are off by up to 1e-7 times "
    "the element",
    saves="nothing on x86, where a sigmoid, two products and three scales take longer than a mish; "
    "for devices whose mish is slow",
    bound=3e-6,
)
