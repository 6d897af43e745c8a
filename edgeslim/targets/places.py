"""Slices and rolls."""

from __future__ import annotations

from edgeslim.targets._law import EVERY_PRECISION, EVERYWHERE, Law, Operator, is_any

__all__ = ["BACKWARD_SLICES", "LAWS", "ROLLS_OF_ALL", "UNBOUND"]

_TENSORS = ("StartsTensor", "EndsTensor", "StridesTensor")


def _goes_backwards(operator: Operator) -> bool:
    steps = operator.attribute("strides", ())
    return any(step < 0 for step in steps) and not set(_TENSORS) & operator.inputs.keys()


def _rolls_all(operator: Operator) -> bool:
    return not operator.attribute("axis", ()) and "ShiftsTensor" not in operator.inputs


BACKWARD_SLICES = Law(
    name="backward-slices",
    operators=("strided_slice",),
    condition="by negative steps",
    meets=_goes_backwards,
    happens="they start at the wrong end, or the run ends",
    kernels=EVERYWHERE,
    precisions=EVERY_PRECISION,
    rewrite="absent-places",
    form="by gathering elements",
    source="lite/kernels/host/strided_slice_compute.cc",
)

ROLLS_OF_ALL = Law(
    name="rolls-of-all",
    operators=("roll",),
    condition="without an axis",
    meets=_rolls_all,
    happens="the first axis is rolled",
    kernels=EVERYWHERE,
    precisions=EVERY_PRECISION,
    rewrite="absent-places",
    form="by gathering elements",
    source="lite/operators/roll_op.cc",
)

UNBOUND = Law(
    name="unbound",
    operators=("unbind",),
    condition="always",
    meets=is_any,
    happens="results that are not read have no memory, which ends the run",
    kernels=EVERYWHERE,
    precisions=EVERY_PRECISION,
    rewrite="unbound",
    form="as split and squeeze2",
    source="lite/operators/unbind_op.cc",
)

LAWS = (BACKWARD_SLICES, ROLLS_OF_ALL, UNBOUND)
