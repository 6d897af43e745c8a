"""Pooling: ignored windows, miscounted padding, scratch that threads share.

Paddle-Lite's kernel for Arm is chosen by the size and strides of windows and by the padding
(``lite/kernels/arm/pool_compute.cc``); all but the general one are for one kind of window.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import Enum

from edgeslim.opspec import Shape
from edgeslim.targets._law import EVERY_PRECISION, EVERYWHERE, Law, Operator
from edgeslim.window_sides import window_sides

__all__ = [
    "ADAPTIVE_WINDOWS",
    "COUNTED_PADDING",
    "EMPTY_WINDOWS",
    "FEW_COLUMNS",
    "LAWS",
    "SHARED_PADDING",
    "SHARED_WEIGHT",
    "WITH_PLACES",
    "Pool",
    "PoolKernel",
    "counts_padding_otherwise",
    "fixed_pool_of",
    "pool_of",
    "pools_adaptively",
    "sides_of",
]

_SOURCE = "lite/backends/arm/math/pooling.cc"


class PoolKernel(Enum):
    """The kernels for Arm that laws distinguish."""

    GENERAL = "pooling_basic"
    GLOBAL = "pooling_global"
    PADDED = "pooling_common_padding_s1_max"
    TWO_BY_TWO = "pooling2x2s2p0"
    TWO_BY_TWO_PADDED = "pooling2x2s2p1"
    THREE_BY_TWO = "pooling3x3s2p0"
    OTHER = "one that is right"


@dataclass(frozen=True, kw_only=True, slots=True)
class Pool:
    """Pooling of images; pairs are of rows and columns.

    Args:
        channels: Number of channels of the input.
        extents: Height and width of the input.
        windows: Height and width of a window; for adaptive pooling, numbers of windows.
        strides: Distances between neighbouring windows.
        before: Padding above and on the left.
        after: Padding below and on the right.
        output: Height and width of the output.
        is_max: Whether it is max pooling; else average pooling.
        is_exclusive: Whether an average leaves out the padding.
        is_adaptive: Whether the windows divide the input into a given number of parts.
        is_global: Whether the window is the whole input.
    """

    channels: int
    extents: tuple[int, int]
    windows: tuple[int, int]
    strides: tuple[int, int]
    before: tuple[int, int]
    after: tuple[int, int]
    output: tuple[int, int]
    is_max: bool
    is_exclusive: bool
    is_adaptive: bool
    is_global: bool

    @property
    def kernel(self) -> PoolKernel:
        """The kernel that Paddle-Lite chooses on Arm for fp32."""
        top, left = self.before
        window, step = self.windows[0], self.strides[0]
        square = self.windows == (window, window) and self.strides == (step, step)
        is_even = {*self.before, *self.after} == {top}
        narrow = square and top == left and max(self.after) < 2
        if self.is_global or (narrow and is_even and top == 0 and self.windows == self.extents):
            return PoolKernel.GLOBAL
        columns = self.extents[1]
        if narrow and self.extents[0] > window and columns > window:
            if columns > 8 and step == 2 and window <= 2 and top < window:
                return self._two_by_two(window, top)
            if is_even and window == 3 and step in (1, 2) and top < 2:
                average = not self.is_max and (step, top) == (2, 0)
                return PoolKernel.THREE_BY_TWO if average else PoolKernel.OTHER
        if square and step == 1 and is_even and self.is_max and top < window:
            return PoolKernel.OTHER if (window, top) == (5, 2) else PoolKernel.PADDED
        return PoolKernel.GENERAL

    def _two_by_two(self, window: int, top: int) -> PoolKernel:
        if window == 1:
            return PoolKernel.OTHER if self.is_max else PoolKernel.GENERAL
        if self.is_max:
            return PoolKernel.OTHER
        return PoolKernel.TWO_BY_TWO_PADDED if top else PoolKernel.TWO_BY_TWO

    @property
    def needed_after(self) -> tuple[int, int]:
        """How far the last windows reach beyond the input, below and on the right."""
        if self.is_adaptive:
            return (0, 0)
        rows, columns = (
            max(0, (output - 1) * step + window - extent - before)
            for output, step, window, extent, before in zip(
                self.output, self.strides, self.windows, self.extents, self.before, strict=True
            )
        )
        return rows, columns

    def starts(self, axis: int) -> list[int]:
        """The first index of each window along an axis; negative in the padding."""
        return [
            place * self.strides[axis] - self.before[axis] for place in range(self.output[axis])
        ]

    def counts_inside(self, axis: int) -> list[int]:
        """Number of elements of each window along an axis that are in the input."""
        return [
            max(0, min(start + self.windows[axis], self.extents[axis]) - max(start, 0))
            for start in self.starts(axis)
        ]

    def paddle_counts(self, axis: int) -> list[int]:
        """Number of elements of each window along an axis that Paddle counts, with the padding.

        After the input Paddle counts as much padding as before it.
        """
        end = self.extents[axis] + self.before[axis]
        return [min(start + self.windows[axis], end) - start for start in self.starts(axis)]

    def arm_counts(self, axis: int) -> list[int]:
        """Number of elements of each window along an axis that the kernel for Arm counts."""
        kernel = self.kernel
        if kernel is PoolKernel.GENERAL:
            return self.general_kernel_counts(axis, self.before[axis])
        if kernel not in {PoolKernel.TWO_BY_TWO, PoolKernel.TWO_BY_TWO_PADDED}:
            return self.paddle_counts(axis)
        end = self.extents[axis] + min(1, self.after[axis])
        return [min(start + self.windows[axis], end) - start for start in self.starts(axis)]

    def general_kernel_counts(self, axis: int, after: int) -> list[int]:
        """Number of elements of each window along an axis that the general kernel counts.

        Args:
            axis: 0 for rows, 1 for columns.
            after: The padding that the kernel assumes after the input.
        """
        window, before = self.windows[axis], self.before[axis]
        end, counts = self.extents[axis] + after, []
        for start in self.starts(axis):
            first = max(start, 0)
            more = before if first < before and first + window > end else 0
            is_inside = start + window < self.extents[axis]
            counts.append(window if is_inside else min(first + window, end) - first + more)
        return counts


def pool_of(operator: Operator) -> Pool | None:
    """The pooling of images that an operator does; None if sizes are not known."""
    source, result = operator.shape(), operator.result()
    if len(source) != 4 or len(result) != 4 or min(*source[1:], *result[2:]) < 0:
        return None
    extents, output = source[2:], result[2:]
    is_adaptive = bool(operator.attribute("adaptive", False))
    is_global = bool(operator.attribute("global_pooling", False))
    windows, strides = _pair(operator, "ksize"), _pair(operator, "strides")
    sides = sides_of(operator, extents, windows, strides)
    return Pool(
        channels=source[1],
        extents=(extents[0], extents[1]),
        windows=(extents[0], extents[1]) if is_global else windows,
        strides=strides,
        before=(sides[0], sides[2]),
        after=(sides[1], sides[3]),
        output=(output[0], output[1]),
        is_max=operator.attribute("pooling_type", "max") == "max",
        is_exclusive=bool(operator.attribute("exclusive", True)),
        is_adaptive=is_adaptive,
        is_global=is_global,
    )


def fixed_pool_of(operator: Operator) -> Pool | None:
    """The pooling over fixed windows that an operator does; None for other pooling."""
    pool = pool_of(operator)
    return None if pool is None or pool.is_adaptive or pool.is_global else pool


def counts_padding_otherwise(
    operator: Operator, kernel_counts: Callable[[Pool, int], Sequence[int]]
) -> bool:
    """Whether a kernel divides averages that count the padding by other numbers than Paddle.

    Args:
        operator: An operator that pools images.
        kernel_counts: Number of elements of each window along an axis that the kernel counts.
    """
    pool = fixed_pool_of(operator)
    if pool is None or pool.is_max or pool.is_exclusive:
        return False
    return any(pool.paddle_counts(axis) != kernel_counts(pool, axis) for axis in range(2))


def _pair(operator: Operator, name: str) -> tuple[int, int]:
    rows, columns = operator.attribute(name, (1, 1))
    return int(rows), int(columns)


def sides_of(
    operator: Operator, extents: Shape, windows: Sequence[int], strides: Sequence[int]
) -> tuple[int, ...]:
    """The padding of pooling: before and after each axis, in their order."""
    ignored = operator.attribute("adaptive", False) or operator.attribute("global_pooling", False)
    return window_sides(
        "VALID" if ignored else operator.attribute("padding_algorithm", "EXPLICIT"),
        operator.attribute("paddings", (0,) * len(extents)),
        extents,
        windows,
        strides,
    )


def pools_adaptively(operator: Operator) -> bool:
    """Whether it is adaptive pooling to more than one element."""
    return bool(
        operator.attribute("adaptive", False)
        and not operator.attribute("global_pooling", False)
        and set(operator.attribute("ksize", ())) != {1}
    )


def _is_taken_for_fixed_windows(operator: Operator) -> bool:
    """Whether adaptive pooling gets a kernel for fixed windows, by sizes and strides alone."""
    pool = pool_of(operator)
    if not pools_adaptively(operator):
        return False
    return pool is None or pool.kernel is not PoolKernel.GENERAL


def _has_empty_windows(operator: Operator) -> bool:
    pool = fixed_pool_of(operator)
    return (
        pool is not None and pool.is_max and 0 in (*pool.counts_inside(0), *pool.counts_inside(1))
    )


def _counts_otherwise(operator: Operator) -> bool:
    return counts_padding_otherwise(operator, Pool.arm_counts)


def _shares_its_padding(operator: Operator) -> bool:
    pool = fixed_pool_of(operator)
    return pool is not None and pool.channels > 1 and pool.kernel is PoolKernel.PADDED


def _writes_beyond_rows(operator: Operator) -> bool:
    pool = fixed_pool_of(operator)
    return pool is not None and pool.kernel is PoolKernel.THREE_BY_TWO and pool.output[1] <= 4


def _shares_its_weight(operator: Operator) -> bool:
    pool = fixed_pool_of(operator)
    return (
        pool is not None
        and pool.channels > 1
        and pool.kernel is PoolKernel.TWO_BY_TWO
        and pool.needed_after[0] > 0
    )


def _is_wrong_with_places(operator: Operator) -> bool:
    sides = tuple(operator.attribute("paddings", (0, 0)))
    return "Mask" in operator.read_inside or bool(
        not operator.attribute("adaptive", False)
        and (
            len(set(sides)) > 1
            or operator.attribute("ceil_mode", False)
            or operator.attribute("global_pooling", False)
        )
    )


ADAPTIVE_WINDOWS = Law(
    name="adaptive-windows",
    operators=("pool2d",),
    condition="adaptive pooling whose output size is taken for the size of a fixed window",
    meets=_is_taken_for_fixed_windows,
    precisions=EVERY_PRECISION,
    happens="a kernel for fixed windows is chosen, and adaptive is ignored",
    rewrite="pools",
    form="by the general kernel; to the input's own size, as nothing",
    source="lite/kernels/arm/pool_compute.cc",
)

COUNTED_PADDING = Law(
    name="counted-padding",
    operators=("pool2d",),
    condition="average pooling that counts the padding, where padding differs from side to side, "
    "a window reaches beyond both sides, or the last one is cut",
    meets=_counts_otherwise,
    precisions=EVERY_PRECISION,
    happens="sums are divided by another number of elements",
    rewrite="pools",
    form="as average pooling without the padding, times constants",
    source=_SOURCE,
)

EMPTY_WINDOWS = Law(
    name="empty-windows",
    operators=("pool2d",),
    condition="max pooling over windows that lie completely in the padding",
    meets=_has_empty_windows,
    precisions=EVERY_PRECISION,
    happens="the result is 0 or an element of another window instead of the lowest number",
    rewrite="pools",
    form="of an input that is padded with the lowest number first",
    source=_SOURCE,
)

SHARED_PADDING = Law(
    name="shared-padding",
    operators=("pool2d",),
    condition="max pooling over square windows with strides of 1, of other sizes than 3 and 5",
    meets=_shares_its_padding,
    precisions=EVERY_PRECISION,
    happens="all threads pad their channels in the same memory",
    several_threads=True,
    rewrite="pools",
    form="as windows of 5 and 3 one after another, or as rows of columns",
    source=_SOURCE,
)

FEW_COLUMNS = Law(
    name="few-columns",
    operators=("pool2d",),
    condition="average pooling over windows of 3x3 with strides of 2 to four columns or fewer",
    meets=_writes_beyond_rows,
    precisions=EVERY_PRECISION,
    happens="four numbers too many are written for each row",
    rewrite="pools",
    form="by the general kernel, or as averages of columns and of rows",
    source=_SOURCE,
)

SHARED_WEIGHT = Law(
    name="shared-weight",
    operators=("pool2d",),
    condition="average pooling over windows of 2x2 with strides of 2, the last with one row",
    meets=_shares_its_weight,
    precisions=EVERY_PRECISION,
    happens="rows of other channels are divided by the number of elements of that last row",
    several_threads=True,
    rewrite="pools",
    form="by the general kernel",
    source=_SOURCE,
)

WITH_PLACES = Law(
    name="pooling-with-places",
    operators=("max_pool2d_with_index",),
    condition="max pooling with indices, where another operator reads those, columns are padded "
    "otherwise than rows, or the last windows are cut",
    meets=_is_wrong_with_places,
    kernels=EVERYWHERE,
    precisions=EVERY_PRECISION,
    happens="indices are floats, columns are padded as rows are, and cut windows are missing",
    rewrite="pools-with-places",
    form="without the indices, if nothing reads them",
    mend="leave out the indices (return_mask)",
    source="lite/kernels/host/max_pool_with_index_compute.cc",
)

LAWS = (
    ADAPTIVE_WINDOWS,
    COUNTED_PADDING,
    EMPTY_WINDOWS,
    SHARED_PADDING,
    FEW_COLUMNS,
    SHARED_WEIGHT,
    WITH_PLACES,
)
