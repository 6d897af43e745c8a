"""Deformable convolutions."""

from __future__ import annotations

from edgeslim.targets._law import EVERY_PRECISION, EVERYWHERE, Law, Operator

__all__ = ["DEFORMABLE_GROUPS", "LAWS"]


def _has_groups(operator: Operator) -> bool:
    return max(int(operator.attribute(name, 1)) for name in ("groups", "deformable_groups")) > 1


DEFORMABLE_GROUPS = Law(
    name="deformable-groups",
    operators=("deformable_conv",),
    condition="with several groups of channels or of offsets",
    meets=_has_groups,
    happens="the process ends unless both numbers are equal, and on arm the weights of the second "
    "group are read from a wrong address",
    kernels=EVERYWHERE,
    precisions=EVERY_PRECISION,
    rewrite="deformable-groups",
    form="group by group",
    source="lite/operators/deformable_conv_op.cc, lite/kernels/arm/deformable_conv_compute.cc",
)

LAWS = (DEFORMABLE_GROUPS,)
