"""Pooling: windows that are not looked at, padding that is not counted, scratch that threads share.

Paddle-Lite's kernel for Arm is chosen by the size and steps of a window and by the padding
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
    """The kernels for Arm, as far as laws tell them apart."""

    GENERAL = "pooling_basic"
    GLOBAL = "pooling_global"
    PADDED = "pooling_common_padding_s1_max"
    TWO_BY_TWO = "pooling2x2s2p0"
    TWO_BY_TWO_PADDED = "pooling2x2s2p1"
    THREE_BY_TWO = "pooling3x3s2p0"
    OTHER = "one that is right"


@dataclass(frozen=True, kw_only=True, slots=True)
class Pool:
    """A pooling of pictures; pairs are of rows and columns.

    Args:
        channels: How many there are.
        extents: Of a picture.
        windows: Sizes of a window; of adaptive pooling, how many there are.
        steps: From one window to the next.
        before: Padding above and on the left.
        behind: Padding below and on the right.
        made: Extents of the result.
        largest: Whether it takes the largest element; else their average.
        exclusive: Whether an average leaves out the padding.
        adaptive: Whether windows divide the picture evenly.
        over_all: Whether the window is the whole picture.
    """

    channels: int
    extents: tuple[int, int]
    windows: tuple[int, int]
    steps: tuple[int, int]
    before: tuple[int, int]
    behind: tuple[int, int]
    made: tuple[int, int]
    largest: bool
    exclusive: bool
    adaptive: bool
    over_all: bool

    @property
    def kernel(self) -> PoolKernel:
        """The one that Paddle-Lite takes on Arm for numbers of 32 bits."""
        top, left = self.before
        window, step = self.windows[0], self.steps[0]
        square = self.windows == (window, window) and self.steps == (step, step)
        alike = {*self.before, *self.behind} == {top}
        narrow = square and top == left and max(self.behind) < 2
        if self.over_all or (narrow and alike and top == 0 and self.windows == self.extents):
            return PoolKernel.GLOBAL
        columns = self.extents[1]
        if narrow and self.extents[0] > window and columns > window:
            if columns > 8 and step == 2 and window <= 2 and top < window:
                return self._two_by_two(window, top)
            if alike and window == 3 and step in (1, 2) and top < 2:
                average = not self.largest and (step, top) == (2, 0)
                return PoolKernel.THREE_BY_TWO if average else PoolKernel.OTHER
        if square and step == 1 and alike and self.largest and top < window:
            return PoolKernel.OTHER if (window, top) == (5, 2) else PoolKernel.PADDED
        return PoolKernel.GENERAL

    def _two_by_two(self, window: int, top: int) -> PoolKernel:
        if window == 1:
            return PoolKernel.OTHER if self.largest else PoolKernel.GENERAL
        if self.largest:
            return PoolKernel.OTHER
        return PoolKernel.TWO_BY_TWO_PADDED if top else PoolKernel.TWO_BY_TWO

    @property
    def needed(self) -> tuple[int, int]:
        """Padding below and on the right that the last windows reach into."""
        if self.adaptive:
            return (0, 0)
        rows, columns = (
            max(0, (made - 1) * step + window - extent - before)
            for made, step, window, extent, before in zip(
                self.made, self.steps, self.windows, self.extents, self.before, strict=True
            )
        )
        return rows, columns

    def starts(self, axis: int) -> list[int]:
        """Where windows begin along an axis, in the picture; before it, below nought."""
        return [place * self.steps[axis] - self.before[axis] for place in range(self.made[axis])]

    def inside(self, axis: int) -> list[int]:
        """How much of each window along an axis is in the picture."""
        return [
            max(0, min(start + self.windows[axis], self.extents[axis]) - max(start, 0))
            for start in self.starts(axis)
        ]

    def counted(self, axis: int) -> list[int]:
        """How much of each window along an axis Paddle counts, with the padding.

        On both sides it counts the padding before the picture.
        """
        end = self.extents[axis] + self.before[axis]
        return [min(start + self.windows[axis], end) - start for start in self.starts(axis)]

    def counted_on_arm(self, axis: int) -> list[int]:
        """Likewise what Paddle-Lite's kernel counts."""
        kernel = self.kernel
        if kernel is PoolKernel.GENERAL:
            return self.counted_generally(axis, self.before[axis])
        if kernel not in {PoolKernel.TWO_BY_TWO, PoolKernel.TWO_BY_TWO_PADDED}:
            return self.counted(axis)
        end = self.extents[axis] + min(1, self.behind[axis])
        return [min(start + self.windows[axis], end) - start for start in self.starts(axis)]

    def counted_generally(self, axis: int, behind: int) -> list[int]:
        """Likewise what its general kernel counts, which takes some padding for that behind."""
        window, before = self.windows[axis], self.before[axis]
        end, counted = self.extents[axis] + behind, []
        for start in self.starts(axis):
            first = max(start, 0)
            more = before if first < before and first + window > end else 0
            is_inside = start + window < self.extents[axis]
            counted.append(window if is_inside else min(first + window, end) - first + more)
        return counted


def pool_of(operator: Operator) -> Pool | None:
    """A pooling of pictures whose sizes are known."""
    source, result = operator.shape(), operator.result()
    if len(source) != 4 or len(result) != 4 or min(*source[1:], *result[2:]) < 0:
        return None
    extents, made = source[2:], result[2:]
    adaptive = bool(operator.given("adaptive", False))
    over_all = bool(operator.given("global_pooling", False))
    windows, steps = _pair(operator, "ksize"), _pair(operator, "strides")
    sides = sides_of(operator, extents, windows, steps)
    return Pool(
        channels=source[1],
        extents=(extents[0], extents[1]),
        windows=(extents[0], extents[1]) if over_all else windows,
        steps=steps,
        before=(sides[0], sides[2]),
        behind=(sides[1], sides[3]),
        made=(made[0], made[1]),
        largest=operator.given("pooling_type", "max") == "max",
        exclusive=bool(operator.given("exclusive", True)),
        adaptive=adaptive,
        over_all=over_all,
    )


def fixed_pool_of(operator: Operator) -> Pool | None:
    """A pooling by fixed windows, whose sizes are known."""
    pool = pool_of(operator)
    return None if pool is None or pool.adaptive or pool.over_all else pool


def counts_padding_otherwise(
    operator: Operator, counted: Callable[[Pool, int], Sequence[int]]
) -> bool:
    """Whether a kernel divides an average that counts the padding by other numbers than Paddle.

    Args:
        operator: A pooling.
        counted: How much of each window along an axis the kernel counts.
    """
    pool = fixed_pool_of(operator)
    if pool is None or pool.largest or pool.exclusive:
        return False
    return any(pool.counted(axis) != counted(pool, axis) for axis in range(2))


def _pair(operator: Operator, name: str) -> tuple[int, int]:
    rows, columns = operator.given(name, (1, 1))
    return int(rows), int(columns)


def sides_of(
    operator: Operator, extents: Shape, windows: Sequence[int], steps: Sequence[int]
) -> tuple[int, ...]:
    """How much a pooling pads: before and behind each axis, in their order."""
    ignored = operator.given("adaptive", False) or operator.given("global_pooling", False)
    return window_sides(
        "VALID" if ignored else operator.given("padding_algorithm", "EXPLICIT"),
        operator.given("paddings", (0,) * len(extents)),
        extents,
        windows,
        steps,
    )


def pools_adaptively(operator: Operator) -> bool:
    """Whether it pools into a given number of windows that are not one."""
    return bool(
        operator.given("adaptive", False)
        and not operator.given("global_pooling", False)
        and set(operator.given("ksize", ())) != {1}
    )


def _is_taken_for_fixed_windows(operator: Operator) -> bool:
    """Whether a kernel for fixed windows is chosen, by sizes and strides alone."""
    pool = pool_of(operator)
    if not pools_adaptively(operator):
        return False
    return pool is None or pool.kernel is not PoolKernel.GENERAL


def _has_empty_windows(operator: Operator) -> bool:
    pool = fixed_pool_of(operator)
    return pool is not None and pool.largest and 0 in (*pool.inside(0), *pool.inside(1))


def _counts_otherwise(operator: Operator) -> bool:
    return counts_padding_otherwise(operator, Pool.counted_on_arm)


def _is_padded_in_turns(operator: Operator) -> bool:
    pool = fixed_pool_of(operator)
    return pool is not None and pool.channels > 1 and pool.kernel is PoolKernel.PADDED


def _writes_behind_rows(operator: Operator) -> bool:
    pool = fixed_pool_of(operator)
    return pool is not None and pool.kernel is PoolKernel.THREE_BY_TWO and pool.made[1] <= 4


def _shares_its_weight(operator: Operator) -> bool:
    pool = fixed_pool_of(operator)
    return (
        pool is not None
        and pool.channels > 1
        and pool.kernel is PoolKernel.TWO_BY_TWO
        and pool.needed[0] > 0
    )


def _is_wrong_with_places(operator: Operator) -> bool:
    sides = tuple(operator.given("paddings", (0, 0)))
    return "Mask" in operator.read_inside or bool(
        not operator.given("adaptive", False)
        and (
            len(set(sides)) > 1
            or operator.given("ceil_mode", False)
            or operator.given("global_pooling", False)
        )
    )


ADAPTIVE_WINDOWS = Law(
    name="adaptive-windows",
    operators=("pool2d",),
    condition="adaptive pooling whose result is taken for the size of a fixed window",
    meets=_is_taken_for_fixed_windows,
    precisions=EVERY_PRECISION,
    happens="the kernels for fixed windows are taken, without looking at adaptive",
    rewrite="pools",
    form="by the general kernel; onto a picture's own size, as nothing",
    source="lite/kernels/arm/pool_compute.cc",
)

COUNTED_PADDING = Law(
    name="counted-padding",
    operators=("pool2d",),
    condition="an average that counts the padding, where padding differs from side to side, "
    "a window reaches over both sides, or the last one is cut",
    meets=_counts_otherwise,
    precisions=EVERY_PRECISION,
    happens="another number of elements is divided by",
    rewrite="pools",
    form="as an average without the padding, times constants",
    source=_SOURCE,
)

EMPTY_WINDOWS = Law(
    name="empty-windows",
    operators=("pool2d",),
    condition="the largest element of windows that lie in the padding altogether",
    meets=_has_empty_windows,
    precisions=EVERY_PRECISION,
    happens="nought or an element of another window comes out, and not the lowest number",
    rewrite="pools",
    form="of a picture that is padded with the lowest number before",
    source=_SOURCE,
)

SHARED_PADDING = Law(
    name="shared-padding",
    operators=("pool2d",),
    condition="the largest element of square windows one step apart, of other sizes than 3 and 5",
    meets=_is_padded_in_turns,
    precisions=EVERY_PRECISION,
    happens="all threads pad their channels in one place",
    several_threads=True,
    rewrite="pools",
    form="as windows of 5 and 3 one after another, or as rows of columns",
    source=_SOURCE,
)

FEW_COLUMNS = Law(
    name="few-columns",
    operators=("pool2d",),
    condition="an average over windows of 3x3 two steps apart onto four columns or fewer",
    meets=_writes_behind_rows,
    precisions=EVERY_PRECISION,
    happens="each row is written with four numbers more than it has",
    rewrite="pools",
    form="by the general kernel, or as averages of columns and of rows",
    source=_SOURCE,
)

SHARED_WEIGHT = Law(
    name="shared-weight",
    operators=("pool2d",),
    condition="an average over windows of 2x2 two steps apart, the last of which has one row",
    meets=_shares_its_weight,
    precisions=EVERY_PRECISION,
    happens="rows of other channels are divided as that last row is",
    several_threads=True,
    rewrite="pools",
    form="by the general kernel",
    source=_SOURCE,
)

WITH_PLACES = Law(
    name="pooling-with-places",
    operators=("max_pool2d_with_index",),
    condition="the largest elements of windows with their places, where another operator reads "
    "those, columns are padded otherwise than rows, or the last windows are cut",
    meets=_is_wrong_with_places,
    kernels=EVERYWHERE,
    precisions=EVERY_PRECISION,
    happens="places are floats, columns are padded as rows are, and windows that are cut missing",
    rewrite="pools-with-places",
    form="without the places, if nothing reads them",
    mend="leave out the places (return_mask)",
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
