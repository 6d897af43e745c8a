"""Reductions over sets of axes that kernels have no branch for, or a wrong one.

Kernels for Arm reduce one axis, or two neighbouring axes in order; others end the process. So do
those for booleans on every target. Kernels for x86 reduce any axes of up to four, and write nothing
for a tensor with more.
"""

from __future__ import annotations

from collections.abc import Sequence

from edgeslim.targets._law import EVERY_PRECISION, EVERYWHERE, Law, Operator

__all__ = ["DEEP_REDUCTIONS", "LAWS", "LOST_AXES", "LOST_BOOLEANS", "has_branch", "reduced_axes"]

_LIMITS = ("reduce_max", "reduce_min")
_SUMS = ("reduce_prod", "reduce_sum")
_BOOLEANS = ("reduce_all", "reduce_any")
_NUMBERS = (*_LIMITS, "reduce_mean", *_SUMS)
_PAIRS = {(0, 1), (1, 2), (2, 3)}
_MOST_AXES = 4


def reduced_axes(operator: Operator, name: str = "dim") -> tuple[int, ...]:
    """The axes that a reduction is over, from the first to the last.

    Args:
        operator: The operator that reduces.
        name: The attribute that holds its axes.
    """
    rank = len(operator.shape())
    written = operator.attribute(name, (0,))
    axes = {int(axis) % rank for axis in ((written,) if isinstance(written, int) else written)}
    if operator.attribute("reduce_all", False) or not axes:
        axes = set(range(rank))
    return tuple(sorted(axes))


def has_branch(kind: str, rank: int, axes: Sequence[int]) -> bool:
    """Whether all kernels reduce a tensor correctly over some axes.

    Args:
        kind: Kind of the reduction, such as ``reduce_sum``.
        rank: Number of axes of the tensor.
        axes: The axes, counted from the first, in the order in which they are written.
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
    written = tuple(int(axis) % rank for axis in operator.attribute("dim", (0,)))
    if len(axes) == rank:
        by_flag = kind in _BOOLEANS or (kind in _SUMS and operator.attribute("reduce_all", False))
        listed = {1: {0, 1}, 3: {0, 3}, 4: {0}}.get(rank, set()) if kind in _LIMITS else set()
        if by_flag or len(written) in listed:
            return False
    return written != axes or not has_branch(kind, rank, axes)


LOST_AXES = Law(
    name="lost-axes",
    operators=_NUMBERS,
    condition="over other axes than one, or two neighbouring ones in order; for tensors of three "
    "or two axes, a maximum over two; a mean of everything; a product unless there are four axes",
    meets=_is_lost,
    precisions=EVERY_PRECISION,
    happens="the process ends; a mean of everything is one element's share, and a reduction of "
    "everything by reduce_all alone writes beyond its result",
    rewrite="reductions",
    form="as consecutive reductions that kernels have",
    source="lite/kernels/arm/reduce_mean_compute.cc and those beside it",
)

LOST_BOOLEANS = Law(
    name="lost-truths",
    operators=_BOOLEANS,
    condition="over other axes than all, one, or two neighbouring ones in order",
    meets=_is_lost,
    kernels=EVERYWHERE,
    precisions=EVERY_PRECISION,
    happens="the process ends",
    rewrite="reductions",
    form="as consecutive reductions that kernels have",
    source="lite/kernels/host/reduce_compute.cc",
)

DEEP_REDUCTIONS = Law(
    name="deep-reductions",
    operators=_NUMBERS,
    condition="over some of more than four axes",
    meets=_is_deep,
    kernels=EVERYWHERE,
    precisions=EVERY_PRECISION,
    happens="nothing is written on x86, and on arm memory beyond the axes is overwritten",
    rewrite="reductions",
    form="as consecutive reductions that kernels have",
    source="lite/kernels/x86/reduce_compute.h, lite/kernels/arm/reduce_mean_compute.cc",
)

LAWS = (DEEP_REDUCTIONS, LOST_AXES, LOST_BOOLEANS)
