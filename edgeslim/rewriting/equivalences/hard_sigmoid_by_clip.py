"""The hard sigmoid as a linear function within bounds."""

from __future__ import annotations

from edgeslim.rewriting.equivalences._functions import function_equivalence
from edgeslim.rewriting.network import Op
from edgeslim.rewriting.writer import OperatorWriter

__all__ = ["EQUIVALENCE"]


def _line(writer: OperatorWriter, op: Op, x: str, height: float) -> str:
    slope = float(op.attributes.get("slope", 0.2))
    offset = float(op.attributes.get("offset", 0.5))
    return writer.scale(x, slope * height, offset * height)


def _clip(writer: OperatorWriter, op: Op, x: str) -> str:
    return writer.clip(_line(writer, op, x, 1.0), 0.0, 1.0)


def _relu6(writer: OperatorWriter, op: Op, x: str) -> str:
    return writer.scale(writer.apply("relu6", _line(writer, op, x, 6.0), threshold=6.0), 1 / 6)


EQUIVALENCE = function_equivalence(
    {
        "hard_sigmoid": lambda draw: {
            "slope": draw.one_of(0.2, draw.number(0.1, 1.0)),
            "offset": draw.one_of(0.5, draw.number(0.0, 1.0)),
        }
    },
    {"clip": _clip, "relu6": _relu6},
    law="hard_sigmoid(x) = clip(a * x + b, 0, 1) = relu6(6 a * x + 6 b) / 6",
    limits="none",
    saves="x86: a hard_sigmoid takes 5 times its 1x1 convolution, a scale and a clip half of one",
    bound=1e-6,
)
