"""A tensor of one number."""

from __future__ import annotations

from edgeslim.ops._kind import OperatorKind

__all__ = ["KIND"]

KIND = OperatorKind(
    kind="fill_constant",
    slots=("ValueTensor", "ShapeTensor", "ShapeTensorList"),
    attributes={"value": 0.0, "dtype": 5, "shape": (1,)},
    written={"force_cpu": False, "str_value": ""},
)
