"""Fully connected layer with its bias and activation."""

from __future__ import annotations

from edgeslim.ops._kind import OperatorKind
from edgeslim.ops._matrix import macs_of_product
from edgeslim.opspec import OpSpec

__all__ = ["KIND"]


def _macs(spec: OpSpec) -> int:
    return macs_of_product(spec, weight="W")


def _paddleslim1_flops(spec: OpSpec, *, whole_numbers: bool) -> int:  # noqa: ARG001
    return 2 * _macs(spec)


KIND = OperatorKind(
    kind="fc",
    slots=("Input", "W", "Bias"),
    attributes={"in_num_col_dims": 1, "activation_type": "", "op_type": "matmul_v2"},
    macs=_macs,
    paddleslim1_flops=_paddleslim1_flops,
)
