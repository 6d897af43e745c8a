"""Transpositions."""

from __future__ import annotations

from edgeslim.targets._law import EVERY_PRECISION, EVERYWHERE, Law, Operator

__all__ = ["DEEP_TRANSPOSITIONS", "LAWS", "TURNED_BOOLEANS"]

_KINDS = ("transpose", "transpose2")
_MOST_AXES = 6


def _is_deep(operator: Operator) -> bool:
    return len(operator.shape()) > _MOST_AXES


def _is_of_booleans(operator: Operator) -> bool:
    return operator.element_type == "bool"


DEEP_TRANSPOSITIONS = Law(
    name="deep-transpositions",
    operators=_KINDS,
    condition="of more than six axes",
    meets=_is_deep,
    happens="the process ends, or memory beyond the result is overwritten",
    kernels=EVERYWHERE,
    precisions=EVERY_PRECISION,
    rewrite="transpositions",
    form="with axes that stay together merged",
    mend="build it of two transpositions with a reshape between them",
    source="lite/kernels/arm/transpose_compute.cc, lite/kernels/x86/transpose_compute.h",
)

TURNED_BOOLEANS = Law(
    name="turned-truth",
    operators=_KINDS,
    condition="of booleans",
    meets=_is_of_booleans,
    happens="the process ends, or there is no kernel",
    kernels=EVERYWHERE,
    precisions=EVERY_PRECISION,
    rewrite="transpositions",
    form="as whole numbers",
    source="lite/kernels/arm/transpose_compute.cc",
)

LAWS = (DEEP_TRANSPOSITIONS, TURNED_BOOLEANS)
