"""Elementwise operators of two tensors, powers and rounding."""

from __future__ import annotations

from math import prod

from edgeslim.targets._law import EVERY_PRECISION, EVERYWHERE, Law, Operator, is_any

__all__ = [
    "FLOOR_OF_FLOATS",
    "HALVES",
    "INFINITIES_COMPARED",
    "LAWS",
    "POWERS",
    "REPEATED_BASES",
    "WHOLE_NUMBERS",
]


def _is_of_numbers(operator: Operator) -> bool:
    return operator.element_type in {"float32", "int32", "int64"}


def _is_of_whole_numbers(operator: Operator) -> bool:
    by_tensors = {"Min", "Max"} & operator.inputs.keys()
    return operator.element_type in {"int32", "int64"} and not by_tensors


def _is_base_repeated(operator: Operator) -> bool:
    """Whether there are fewer bases than results, or as many along fewer axes."""
    x, y = operator.shape("X"), operator.shape("Y")
    return len(x) < len(y) or prod(x) != prod(operator.result())


POWERS = Law(
    name="powers",
    operators=("pow",),
    condition="with one number as the exponent",
    meets=_is_of_numbers,
    happens="powers of numbers that are not positive are wrong or NaN, and threads overwrite each "
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
    condition="of fewer bases than exponents, or as many along fewer axes",
    meets=_is_base_repeated,
    happens="bases and exponents are swapped, as operands of a product may be",
    precisions=EVERY_PRECISION,
    rewrite="repeated-bases",
    form="with a base for each exponent",
    source="lite/kernels/arm/elementwise_compute.cc (OprandSwapable)",
)

FLOOR_OF_FLOATS = Law(
    name="floor-of-floats",
    operators=("elementwise_floordiv", "elementwise_mod"),
    condition="of floats",
    meets=lambda operator: operator.element_type == "float32",
    happens="quotients are rounded towards 0, or the floats are read as integers",
    kernels=EVERYWHERE,
    precisions=EVERY_PRECISION,
    rewrite="absent-functions",
    form="by the floor of the quotient",
    source="lite/kernels/arm/elementwise_compute.cc, lite/kernels/x86/elementwise_compute.cc",
)

HALVES = Law(
    name="halves",
    operators=("round",),
    condition="always",
    meets=is_any,
    happens="halves are rounded away from 0, always to whole numbers; Paddle rounds to even ones",
    kernels=EVERYWHERE,
    precisions=EVERY_PRECISION,
    rewrite="absent-functions",
    form="by floor and comparisons",
    mend="round to whole numbers, without decimals",
    source="lite/kernels/host/round_compute.cc",
)

_REDUCTIONS = tuple(f"reduce_{kind}" for kind in ("max", "mean", "min", "prod", "sum"))

WHOLE_NUMBERS = Law(
    name="whole-numbers",
    operators=("clip", "elementwise_floordiv", "elementwise_mod", *_REDUCTIONS),
    condition="of whole numbers, with limits that are no tensors",
    meets=_is_of_whole_numbers,
    happens="the numbers are read as floats, or quotients are rounded towards 0",
    kernels=EVERYWHERE,
    precisions=EVERY_PRECISION,
    rewrite="whole-numbers",
    form="through floats, exact up to 2**24",
    source="lite/kernels/x86, lite/kernels/arm: registered for floats alone",
)

COMPARISONS = ("equal", "greater_equal", "greater_than", "less_equal", "less_than", "not_equal")


def _compares_other_ranks(operator: Operator) -> bool:
    """Whether one side has fewer axes, which are not consecutive axes of the other's shape."""
    x, y = operator.shape("X"), operator.shape("Y")
    if len(x) == len(y) or min(*x, *y, 1) < 1 or prod(x) == prod(y):
        return False
    if len(x) < len(y):
        return True
    while y[-1:] == (1,):
        y = y[:-1]
    start = int(operator.attribute("axis", -1))
    start = len(x) - len(operator.shape("Y")) if start < 0 else start
    return y != x[start : start + len(y)]


COMPARISONS_OF_OTHER_RANKS = Law(
    name="comparisons-of-other-ranks",
    operators=COMPARISONS,
    condition="where the first has fewer axes, or the second has not consecutive axes of the first",
    meets=_compares_other_ranks,
    happens="wrong elements are compared, or the run ends",
    kernels=EVERYWHERE,
    precisions=EVERY_PRECISION,
    rewrite="compared-alike",
    form="with as many axes on both sides",
    source="lite/kernels/host/compare_compute.cc, lite/operators/compare_op.cc",
)

INFINITIES_COMPARED = Law(
    name="infinities-compared",
    operators=("equal", "not_equal"),
    condition="of floats, unless one side is known to be finite",
    meets=None,
    happens="an infinity does not equal itself; on arm NaN does not differ from itself",
    kernels=EVERYWHERE,
    precisions=EVERY_PRECISION,
    rewrite="infinities-compared",
    form="with separate comparisons of infinities, and a test for NaN",
    source="lite/kernels/host/compare_compute.cc (_EqualFunctor), "
    "cmake/postproject.cmake (-ffast-math)",
)

LAWS = (
    POWERS,
    REPEATED_BASES,
    FLOOR_OF_FLOATS,
    HALVES,
    WHOLE_NUMBERS,
    COMPARISONS_OF_OTHER_RANKS,
    INFINITIES_COMPARED,
)
