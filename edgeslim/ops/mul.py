"""Matrix product as Paddle 1.x writes fully connected layers."""

from __future__ import annotations

from edgeslim.ops._kind import OperatorKind
from edgeslim.ops._matrix import channels, macs_of_product
from edgeslim.opspec import OpSpec

__all__ = ["KIND"]


def _macs(spec: OpSpec) -> int:
    return macs_of_product(spec, weight="Y")


def _paddleslim1_flops(spec: OpSpec, *, whole_numbers: bool) -> int:  # noqa: ARG001
    return 2 * _macs(spec)


KIND = OperatorKind(
    kind="mul",
    slots=("X", "Y"),
    attributes={"x_num_col_dims": 1, "y_num_col_dims": 1},
    macs=_macs,
    paddleslim1_flops=_paddleslim1_flops,
    channels=channels,
)
