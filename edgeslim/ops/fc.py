"""Fully connected layer with its bias and activation."""

from __future__ import annotations

from edgeslim.ops._kind import OperatorKind
from edgeslim.ops._matrix import channels, macs_of_product
from edgeslim.opspec import Attributes, OpSpec, Shapes

__all__ = ["KIND"]


def _normal(attributes: Attributes, _inputs: Shapes, _weights: Shapes) -> Attributes:
    """The ceiling of a relu6 only where there is one."""
    keep = dict(attributes)
    if attributes["activation_type"] != "relu6":
        del keep["alpha"]
    return Attributes(keep)


def _macs(spec: OpSpec) -> int:
    return macs_of_product(spec, weight="W")


def _paddleslim1_flops(spec: OpSpec, *, whole_numbers: bool) -> int:  # noqa: ARG001
    return 2 * _macs(spec)


KIND = OperatorKind(
    kind="fc",
    slots=("Input", "W", "Bias"),
    attributes={
        "in_num_col_dims": 1,
        "activation_type": "",
        "op_type": "matmul_v2",
        "alpha": 6.0,
    },
    normal=_normal,
    macs=_macs,
    paddleslim1_flops=_paddleslim1_flops,
    channels=channels,
)
