"""Convolutions whose taps are moved."""

from __future__ import annotations

from edgeslim.targets._law import EVERY_PRECISION, EVERYWHERE, Law, Operator

__all__ = ["DEFORMABLE_GROUPS", "LAWS"]


def _has_groups(operator: Operator) -> bool:
    return max(int(operator.given(name, 1)) for name in ("groups", "deformable_groups")) > 1


DEFORMABLE_GROUPS = Law(
    name="deformable-groups",
    operators=("deformable_conv",),
    condition="of several groups of channels, or with several of offsets",
    meets=_has_groups,
    happens="unless there are as many of both it ends, and on arm the weights of the second group "
    "are looked for where none are",
    kernels=EVERYWHERE,
    precisions=EVERY_PRECISION,
    rewrite="deformable-groups",
    form="group by group",
    source="lite/operators/deformable_conv_op.cc, lite/kernels/arm/deformable_conv_compute.cc",
)

LAWS = (DEFORMABLE_GROUPS,)
