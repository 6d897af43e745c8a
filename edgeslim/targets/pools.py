"""Pooling: windows that are not looked at, and scratch that threads share."""

from __future__ import annotations

from edgeslim.targets._law import Law, Operator

__all__ = ["ADAPTIVE_WINDOWS", "LAWS", "pools_adaptively"]


def pools_adaptively(operator: Operator) -> bool:
    """Whether it pools into a given number of windows that are not one."""
    return bool(
        operator.given("adaptive", False)
        and not operator.given("global_pooling", False)
        and set(operator.given("ksize", ())) != {1}
    )


def _is_taken_for_fixed_windows(operator: Operator) -> bool:
    """Whether a kernel for fixed windows is chosen, by sizes and strides alone."""
    return pools_adaptively(operator) and tuple(operator.given("strides", (1, 1))) != (1, 2)


ADAPTIVE_WINDOWS = Law(
    name="adaptive-windows",
    operators=("pool2d",),
    condition="adaptive pooling whose result is taken for the size of a fixed window",
    meets=_is_taken_for_fixed_windows,
    happens="the kernels for fixed windows are taken, without looking at adaptive",
    rewrite="adaptive-windows",
    form="by the general kernel",
    source="lite/kernels/arm/pool_compute.cc",
)

LAWS = (ADAPTIVE_WINDOWS,)
