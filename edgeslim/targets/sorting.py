"""Sorting, and indices of the largest elements."""

from __future__ import annotations

from edgeslim.targets._law import EVERY_PRECISION, EVERYWHERE, Law

__all__ = ["LARGEST_OF_ALL", "LAWS", "SMALLEST"]

SMALLEST = Law(
    name="smallest",
    operators=("top_k_v2",),
    condition="largest=False",
    meets=lambda operator: not operator.attribute("largest", True),
    happens="the largest elements are found",
    kernels=EVERYWHERE,
    precisions=EVERY_PRECISION,
    rewrite="smallest",
    form="of the negated elements",
    source="lite/kernels/host/topk_v2_compute.cc",
)

LARGEST_OF_ALL = Law(
    name="largest-of-all",
    operators=("arg_max",),
    condition="over all axes",
    meets=lambda operator: bool(operator.attribute("flatten", False)),
    happens="the first axis is used",
    kernels=EVERYWHERE,
    precisions=EVERY_PRECISION,
    rewrite="absent-sums",
    form="of all elements in a row",
    source="lite/operators/argmax_op.cc",
)

LAWS = (SMALLEST, LARGEST_OF_ALL)
