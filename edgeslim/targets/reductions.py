"""Sums, means and largest values over axes."""

from __future__ import annotations

from edgeslim.targets._law import EVERY_PRECISION, EVERYWHERE, Law, Operator

__all__ = ["DEEP_REDUCTIONS", "LAWS"]

_MOST_AXES = 4


def _is_deep(operator: Operator) -> bool:
    shape = operator.shape()
    return len(shape) > _MOST_AXES and min(shape) > 0 and operator.element_type == "float32"


DEEP_REDUCTIONS = Law(
    name="deep-reductions",
    operators=tuple(f"reduce_{kind}" for kind in ("max", "mean", "min", "prod", "sum")),
    condition="of floats with more than four axes",
    meets=_is_deep,
    happens="the result is never written, or memory behind the axes is",
    kernels=EVERYWHERE,
    precisions=EVERY_PRECISION,
    rewrite="deep-reductions",
    form="of three axes, those that go together as one",
    source="lite/kernels/x86/reduce_compute.h, lite/kernels/arm/reduce_mean_compute.cc",
)

LAWS = (DEEP_REDUCTIONS,)
