"""Casts that Paddle-Lite has no kernels for."""

from __future__ import annotations

from edgeslim.execution import Precision
from edgeslim.targets._law import EVERYWHERE, Answer, Law, Operator

__all__ = ["CASTS_IN_TWO_STEPS", "CASTS_WITHOUT_KERNEL", "LAWS"]

_ALL = frozenset(Precision)

_KERNELS = {
    "float32": {"float32", "int64", "int32", "uint8", "bool"},
    "int64": {"float32", "int64", "int32"},
    "int32": {"float32", "int64", "int32", "bool"},
    "bool": {"float32", "int64", "int32", "bool"},
    "uint8": {"float32"},
    "int8": {"float32"},
}
"""The types that each type can be cast to."""

_NAMES = {
    0: "bool",
    1: "int16",
    2: "int32",
    3: "int64",
    5: "float32",
    20: "uint8",
    21: "int8",
}
"""NumPy's name of each type, by Paddle's number."""


def _pair(operator: Operator) -> tuple[str, str] | None:
    """The types that are cast from and to; None where other laws are about them."""
    names = [_NAMES.get(operator.attribute(name, -1)) for name in ("in_dtype", "out_dtype")]
    return (names[0], names[1]) if names[0] and names[1] else None


def _has_no_kernel(operator: Operator) -> bool:
    pair = _pair(operator)
    return pair is not None and pair[1] not in _KERNELS.get(pair[0], ())


def _can_go_through_floats(operator: Operator) -> bool:
    pair = _pair(operator)
    return pair is not None and pair[0] in _KERNELS and pair[1] in _KERNELS["float32"]


CASTS_IN_TWO_STEPS = Law(
    name="casts-in-two-steps",
    operators=("cast",),
    condition=(
        "int64 to bool or uint8; int32 or bool to uint8; uint8 or int8 to anything but float32"
    ),
    meets=lambda operator: _has_no_kernel(operator) and _can_go_through_floats(operator),
    happens="its kernel ends the program",
    kernels=EVERYWHERE,
    precisions=_ALL,
    rewrite="casts",
    form="by way of float32",
    source="lite/kernels/host/cast_compute.cc",
)

CASTS_WITHOUT_KERNEL = Law(
    name="casts-without-kernel",
    operators=("cast",),
    condition="of int16, or to int16 or int8",
    meets=lambda operator: _has_no_kernel(operator) and not _can_go_through_floats(operator),
    happens="its kernel ends the program",
    kernels=EVERYWHERE,
    precisions=_ALL,
    answer=Answer.REFUSED,
    mend="keep the numbers in int32, uint8 or float32",
    source="lite/kernels/host/cast_compute.cc",
)

LAWS = (CASTS_IN_TWO_STEPS, CASTS_WITHOUT_KERNEL)
