"""What takes elements from other places, by operators that Paddle-Lite 2.13 has."""

from __future__ import annotations

from collections.abc import Sequence
from math import prod
from typing import Any

from edgeslim.paddle_io.rewrites._composing import Formula, composed
from edgeslim.paddle_io.rewrites._rewrite import Rewrite, Stage
from edgeslim.paddle_io.sketch import Sketch

__all__ = ["REWRITE"]


def _max_out(s: Sketch) -> str:
    """The largest of each few neighbouring channels."""
    shape, groups = s.shape(s.x), int(s.given("groups", 1))
    axis = int(s.given("axis", 1)) % len(shape)
    # Of more than four axes the kernel of x86 makes garbage.
    parts = [prod(shape[:axis]) * shape[axis] // groups, groups, prod(shape[axis + 1 :])]
    largest = s.reduced("max", s.reshaped(s.x, parts), [1], keep=False)
    return s.reshaped(largest, s.shape(s.result()))


def _pixels_to_channels(s: Sketch) -> str | None:
    factor = int(s.given("downscale_factor", 1))
    batch, channels, height, width = s.shape(s.x)
    parts = [batch, channels, height // factor, factor, width // factor, factor]
    moved = s.transposed(s.reshaped(s.x, parts), [0, 1, 3, 5, 2, 4])
    return s.reshaped(moved, s.shape(s.result()))


def _repeated(s: Sketch) -> str | None:
    """Each slice several times, one behind the other."""
    shape = s.shape(s.x)
    axis, times = s.given("dim", 0), s.given("Repeats", s.given("repeats", 0))
    if s.source("RepeatsTensor") or s.source("RepeatTensor") or not times:
        return None
    axis = int(axis) % len(shape)
    parts = [*shape[: axis + 1], 1, *shape[axis + 1 :]]
    wide = [*shape[: axis + 1], int(times), *shape[axis + 1 :]]
    copies = s.write("expand_v2", {"X": s.reshaped(s.x, parts)}, wide, shape=tuple(wide))
    return s.reshaped(copies, s.shape(s.result()))


def _line_resized(s: Sketch) -> str | None:
    """A line is a picture one pixel high."""
    if s.source("OutSize") or s.sources("SizeTensor") or s.source("Scale"):
        return None
    batch, channels, width = s.shape(s.x)
    made = s.shape(s.result())
    picture = s.reshaped(s.x, [batch, channels, 1, width])
    wide = s.write(
        "bilinear_interp_v2",
        {"X": picture},
        [batch, channels, 1, made[2]],
        out_d=-1,
        out_h=1,
        out_w=made[2],
        **_both_ways(s.given("scale", ())),
        data_layout="NCHW",
        interp_method="bilinear",
        align_corners=bool(s.given("align_corners", True)),
        align_mode=int(s.given("align_mode", 1)),
    )
    return s.reshaped(wide, made)


def _both_ways(scale: Sequence[float]) -> dict[str, Any]:
    return {"scale": (1.0, float(scale[0]))} if scale else {}


def _volumes_pooled(s: Sketch) -> str | None:
    """First over the depth of pictures without their rows, then over each picture.

    The means of means over windows are their means, also where the padding does not count,
    for the number of what counts is a product of those along the axes.
    """
    batch, channels, depth, height, width = s.shape(s.x)
    made = s.shape(s.result())
    if s.given("adaptive", False) or s.given("global_pooling", False):
        return None
    if s.given("padding_algorithm", "EXPLICIT") != "EXPLICIT":
        return None
    sides = _six(s.given("paddings", (0, 0, 0)))
    window, strides = list(s.given("ksize", ())), list(s.given("strides", (1, 1, 1)))
    flat = s.reshaped(s.x, [batch, channels, depth, height * width])
    deep = _pooled(
        s,
        flat,
        [batch, channels, made[2], height * width],
        window=(window[0], 1),
        strides=(strides[0], 1),
        paddings=(*sides[:2], 0, 0),
    )
    pictures = s.reshaped(deep, [batch, channels * made[2], height, width])
    if window[1:] == [1, 1] and strides[1:] == [1, 1] and not any(sides[2:]):
        return s.reshaped(pictures, made)
    small = _pooled(
        s,
        pictures,
        [batch, channels * made[2], *made[3:]],
        window=(window[1], window[2]),
        strides=(strides[1], strides[2]),
        paddings=sides[2:],
    )
    assert prod(s.shape(small)) == prod(made)  # noqa: S101 - the same elements
    return s.reshaped(small, made)


def _six(paddings: Sequence[int]) -> tuple[int, ...]:
    """Both sides of each axis, of one number for each or of all."""
    if len(paddings) == 3:
        return tuple(side for side in paddings for _ in range(2))
    return tuple(paddings)


def _pooled(
    s: Sketch,
    x: str,
    shape: Sequence[int],
    *,
    window: Sequence[int],
    strides: Sequence[int],
    paddings: Sequence[int],
) -> str:
    attributes: dict[str, Any] = {
        "pooling_type": str(s.given("pooling_type", "max")),
        "ksize": tuple(window),
        "strides": tuple(strides),
        "paddings": tuple(paddings),
        "global_pooling": False,
        "adaptive": False,
        "ceil_mode": bool(s.given("ceil_mode", False)),
        "exclusive": bool(s.given("exclusive", True)),
        "padding_algorithm": "EXPLICIT",
        "data_format": "NCHW",
    }
    return s.write("pool2d", {"X": x}, shape, **attributes)


def _norm_pooled(s: Sketch) -> str | None:
    """The root of sums of squares over windows; others than squares stay."""
    if float(s.given("norm_type", 2.0)) != 2.0 or s.given("padding_algorithm", "") != "EXPLICIT":
        return None
    if s.given("adaptive", False) or s.given("global_pooling", False):
        return None
    x, window = s.source("x"), list(s.given("kernel_size", ()))
    sides = list(s.given("paddings", (0, 0)))
    means = s.write(
        "pool2d",
        {"X": s.both("mul", x, x)},
        s.shape(s.result_name),
        pooling_type="avg",
        ksize=tuple(window),
        strides=tuple(s.given("strides", (1, 1))),
        paddings=tuple(sides),
        global_pooling=False,
        adaptive=False,
        ceil_mode=bool(s.given("ceil_mode", False)),
        exclusive=False,
        padding_algorithm="EXPLICIT",
        data_format="NCHW",
    )
    return s.apply("sqrt", s.scaled(means, float(prod(window))))


_FORMULAS: dict[str, Formula] = {
    "linear_interp_v2": _line_resized,
    "lp_pool2d": _norm_pooled,
    "maxout": _max_out,
    "pixel_unshuffle": _pixels_to_channels,
    "pool3d": _volumes_pooled,
    "repeat_interleave": _repeated,
}

REWRITE = Rewrite(stage=Stage.OPERATORS, apply=composed(_FORMULAS))
