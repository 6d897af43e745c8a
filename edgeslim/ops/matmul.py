"""Matrix product as Paddle 2.0 writes it."""

from __future__ import annotations

from edgeslim.ops._kind import OperatorKind
from edgeslim.ops._matrix import channels, macs_of_product
from edgeslim.opspec import OpSpec

__all__ = ["KIND"]


def _macs(spec: OpSpec) -> int:
    return macs_of_product(spec, weight="Y")


KIND = OperatorKind(
    kind="matmul",
    slots=("X", "Y"),
    attributes={"transpose_X": False, "transpose_Y": False, "alpha": 1.0},
    macs=_macs,
    channels=channels,
)
