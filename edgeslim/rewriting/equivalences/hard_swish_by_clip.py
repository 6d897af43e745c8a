"""The hard swish as a product with a bounded linear function."""

from __future__ import annotations

from edgeslim.rewriting.equivalences._functions import function_equivalence
from edgeslim.rewriting.network import Op
from edgeslim.rewriting.writer import OperatorWriter

__all__ = ["EQUIVALENCE"]


_USUAL = {"threshold": 6.0, "scale": 6.0, "offset": 3.0}
"""The attributes that Paddle computes with, whatever an operator says."""


def _is_usual(op: Op) -> bool:
    return all(op.attributes.get(name, value) == value for name, value in _USUAL.items())


def _relu6(writer: OperatorWriter, op: Op, x: str) -> str | None:
    if not _is_usual(op):
        return None
    bounded = writer.apply("relu6", writer.scale(x, 1.0, 3.0), threshold=6.0)
    return writer.binary("mul", x, writer.scale(bounded, 1 / 6))


def _clip(writer: OperatorWriter, op: Op, x: str) -> str | None:
    if not _is_usual(op):
        return None
    return writer.binary("mul", x, writer.clip(writer.scale(x, 1 / 6, 0.5), 0.0, 1.0))


EQUIVALENCE = function_equivalence(
    {"hard_swish": lambda _: dict(_USUAL)},
    {"clip": _clip, "relu6": _relu6},
    law="hard_swish(x) = x * clip(x / 6 + 0.5, 0, 1) = x * relu6(x + 3) / 6",
    limits="other attributes than 6, 6 and 3, with which Paddle and Paddle-Lite differ",
    saves="nothing on x86, where it is merged into the convolution before it; elsewhere where it "
    "stands alone and is slow",
    bound=1e-6,
)
