"""Reductions: sets of axes that kernels have no branch for, or have a wrong one.

Those for Arm know one axis, and two neighbours in their order; others end the process. So do
those for truths on every target. Those for x86 know all sets of up to four axes, and of a tensor
with more they write nothing.
"""

from __future__ import annotations

from collections.abc import Sequence

from edgeslim.targets._law import EVERY_PRECISION, EVERYWHERE, Law, Operator

__all__ = ["DEEP_REDUCTIONS", "LAWS", "LOST_AXES", "LOST_TRUTHS", "has_branch", "reduced_axes"]

_LIMITS = ("reduce_max", "reduce_min")
_SUMS = ("reduce_prod", "reduce_sum")
_TRUTHS = ("reduce_all", "reduce_any")
_NUMBERS = (*_LIMITS, "reduce_mean", *_SUMS)
_PAIRS = {(0, 1), (1, 2), (2, 3)}
_MOST_AXES = 4


def reduced_axes(operator: Operator, name: str = "dim") -> tuple[int, ...]:
    """The axes that a reduction takes together, from the first to the last.

    Args:
        operator: It.
        name: What it calls them.
    """
    rank = len(operator.shape())
    written = operator.given(name, (0,))
    axes = {int(axis) % rank for axis in ((written,) if isinstance(written, int) else written)}
    if operator.given("reduce_all", False) or not axes:
        axes = set(range(rank))
    return tuple(sorted(axes))


def has_branch(kind: str, rank: int, axes: Sequence[int]) -> bool:
    """Whether all kernels reduce a tensor over some axes as they are written.

    Args:
        kind: The operator.
        rank: How many axes the tensor has.
        axes: Counted from the first.
    """
    if rank > _MOST_AXES or (kind == "reduce_prod" and rank < _MOST_AXES):
        return False
    pairs = set() if kind in _LIMITS and rank < _MOST_AXES else _PAIRS
    return len(axes) == 1 or tuple(axes) in pairs


def _is_deep(operator: Operator) -> bool:
    rank = len(operator.shape())
    return rank > _MOST_AXES and len(reduced_axes(operator)) < rank


def _is_lost(operator: Operator) -> bool:
    kind, rank = operator.kind, len(operator.shape())
    if not rank or (kind in _NUMBERS and _is_deep(operator)):
        return False
    axes = reduced_axes(operator)
    written = tuple(int(axis) % rank for axis in operator.given("dim", (0,)))
    if len(axes) == rank:
        by_flag = kind in _TRUTHS or (kind in _SUMS and operator.given("reduce_all", False))
        listed = {1: {0, 1}, 3: {0, 3}, 4: {0}}.get(rank, set()) if kind in _LIMITS else set()
        if by_flag or len(written) in listed:
            return False
    return written != axes or not has_branch(kind, rank, axes)


LOST_AXES = Law(
    name="lost-axes",
    operators=_NUMBERS,
    condition="over other axes than one, or two neighbours in their order; of three or two axes, "
    "the largest over two; a mean of everything; of other than four axes, a product",
    meets=_is_lost,
    precisions=EVERY_PRECISION,
    happens="the process ends; a mean of everything is one element's share, and a reduction that "
    "reduce_all alone makes one of everything writes behind its result",
    rewrite="reductions",
    form="as one after another of those that there are",
    source="lite/kernels/arm/reduce_mean_compute.cc and those beside it",
)

LOST_TRUTHS = Law(
    name="lost-truths",
    operators=_TRUTHS,
    condition="over other axes than all, one, or two neighbours in their order",
    meets=_is_lost,
    kernels=EVERYWHERE,
    precisions=EVERY_PRECISION,
    happens="the process ends",
    rewrite="reductions",
    form="as one after another of those that there are",
    source="lite/kernels/host/reduce_compute.cc",
)

DEEP_REDUCTIONS = Law(
    name="deep-reductions",
    operators=_NUMBERS,
    condition="over some of more than four axes",
    meets=_is_deep,
    kernels=EVERYWHERE,
    precisions=EVERY_PRECISION,
    happens="nothing is written on x86, and memory behind the axes is on arm",
    rewrite="reductions",
    form="as one after another of those that there are",
    source="lite/kernels/x86/reduce_compute.h, lite/kernels/arm/reduce_mean_compute.cc",
)

LAWS = (DEEP_REDUCTIONS, LOST_AXES, LOST_TRUTHS)
