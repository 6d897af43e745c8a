"""Operators of two tensors, and powers by a constant."""

from __future__ import annotations

from math import prod

from edgeslim.targets._law import EVERY_PRECISION, EVERYWHERE, Law, Operator

__all__ = ["LAWS", "POWERS", "REPEATED_BASES"]


def _is_of_numbers(operator: Operator) -> bool:
    return operator.element_type in {"float32", "int32", "int64"}


def _is_base_repeated(operator: Operator) -> bool:
    """Whether there are fewer bases than results."""
    return prod(operator.shape("X")) != prod(operator.result())


POWERS = Law(
    name="powers",
    operators=("pow",),
    condition="a power by one number",
    meets=_is_of_numbers,
    happens="what is not positive becomes another number or none, and threads write over each "
    "other's results",
    kernels=EVERYWHERE,
    precisions=EVERY_PRECISION,
    rewrite="powers",
    form="as products and roots, or by a tensor",
    source="lite/backends/arm/math/power.cc, lite/backends/x86/math/power.cc",
)

REPEATED_BASES = Law(
    name="repeated-bases",
    operators=("elementwise_pow",),
    condition="fewer bases than exponents",
    meets=_is_base_repeated,
    happens="bases and exponents change places, as they may in a product",
    precisions=EVERY_PRECISION,
    rewrite="repeated-bases",
    form="with a base for each exponent",
    source="lite/kernels/arm/elementwise_compute.cc (OprandSwapable)",
)

LAWS = (POWERS, REPEATED_BASES)
