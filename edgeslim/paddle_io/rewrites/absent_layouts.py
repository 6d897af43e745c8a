"""What takes elements from other places, by operators that Paddle-Lite 2.13 has."""

from __future__ import annotations

from collections.abc import Sequence
from math import prod
from typing import Any

from edgeslim.paddle_io.rewrites._rewrite import Formula, RewriteStage, rewrite_by_formula
from edgeslim.paddle_io.sketch import Sketch
from edgeslim.targets.absent import ABSENT_LAYOUTS, ABSENT_LINES
from edgeslim.targets.pools import sides_of

__all__ = ["REWRITE"]


def _max_out(s: Sketch) -> str:
    """The largest of each few neighbouring channels."""
    shape, groups = s.shape(s.x), int(s.attribute("groups", 1))
    axis = int(s.attribute("axis", 1)) % len(shape)
    # Of more than four axes the kernel of x86 makes garbage.
    parts = [prod(shape[:axis]) * shape[axis] // groups, groups, prod(shape[axis + 1 :])]
    largest = s.reduce("max", s.reshape(s.x, parts), [1], keep=False)
    return s.reshape(largest, s.shape(s.result()))


def _pixels_to_channels(s: Sketch) -> str | None:
    factor = int(s.attribute("downscale_factor", 1))
    batch, channels, height, width = s.shape(s.x)
    parts = [batch, channels, height // factor, factor, width // factor, factor]
    moved = s.transpose(s.reshape(s.x, parts), [0, 1, 3, 5, 2, 4])
    return s.reshape(moved, s.shape(s.result()))


def _repeated(s: Sketch) -> str | None:
    """Each slice several times, one behind the other."""
    shape = s.shape(s.x)
    axis, times = s.attribute("dim", 0), s.attribute("Repeats", s.attribute("repeats", 0))
    if s.source("RepeatsTensor") or s.source("RepeatTensor") or not times:
        return None
    axis = int(axis) % len(shape)
    parts = [*shape[: axis + 1], 1, *shape[axis + 1 :]]
    wide = [*shape[: axis + 1], int(times), *shape[axis + 1 :]]
    copies = s.write("expand_v2", {"X": s.reshape(s.x, parts)}, wide, shape=tuple(wide))
    return s.reshape(copies, s.shape(s.result()))


def _line_resized(s: Sketch) -> str | None:
    """A line is a picture one pixel high."""
    if s.source("OutSize") or s.sources("SizeTensor") or s.source("Scale"):
        return None
    batch, channels, width = s.shape(s.x)
    made = s.shape(s.result())
    picture = s.reshape(s.x, [batch, channels, 1, width])
    wide = s.write(
        "bilinear_interp_v2",
        {"X": picture},
        [batch, channels, 1, made[2]],
        out_d=-1,
        out_h=1,
        out_w=made[2],
        **_both_ways(s.attribute("scale", ())),
        data_layout="NCHW",
        interp_method="bilinear",
        align_corners=bool(s.attribute("align_corners", True)),
        align_mode=int(s.attribute("align_mode", 1)),
    )
    return s.reshape(wide, made)


def _both_ways(scale: Sequence[float]) -> dict[str, Any]:
    return {"scale": (1.0, float(scale[0]))} if scale else {}


def _volumes_pooled(s: Sketch) -> str | None:
    """First over the depth of pictures without their rows, then over each picture.

    The means of means over windows are their means, also where the padding does not count,
    for the number of what counts is a product of those along the axes.
    """
    batch, channels, depth, height, width = s.shape(s.x)
    made, kind = s.shape(s.result()), str(s.attribute("pooling_type", "max"))
    if s.attribute("global_pooling", False):
        flat = s.reshape(s.x, [batch, channels, depth * height, width])
        whole = s.pool(kind, flat, (batch, channels, 1, 1), global_pooling=True)
        return s.reshape(whole, made)
    window, strides = list(s.attribute("ksize", ())), list(s.attribute("strides", (1, 1, 1)))
    sides = sides_of(s.operator, (depth, height, width), window, strides)
    adaptive = bool(s.attribute("adaptive", False))
    others = {name: bool(s.attribute(name, usual)) for name, usual in _HOW_POOLED.items()}
    deep = s.pool(
        kind,
        s.reshape(s.x, [batch, channels, depth, height * width]),
        [batch, channels, made[2], height * width],
        window=(window[0], height * width if adaptive else 1),
        strides=(strides[0], 1),
        paddings=(*sides[:2], 0, 0),
        **others,
    )
    pictures = s.reshape(deep, [batch, channels * made[2], height, width])
    if window[1:] == [1, 1] and strides[1:] == [1, 1] and not any(sides[2:]) and not adaptive:
        return s.reshape(pictures, made)
    small = s.pool(
        kind,
        pictures,
        [batch, channels * made[2], *made[3:]],
        window=window[1:],
        strides=strides[1:],
        paddings=sides[2:],
        **others,
    )
    return s.reshape(small, made)


_HOW_POOLED = {"adaptive": False, "ceil_mode": False, "exclusive": True}


def _norm_pooled(s: Sketch) -> str | None:
    """The root of sums of squares over windows; others than squares stay."""
    if (
        float(s.attribute("norm_type", 2.0)) != 2.0
        or s.attribute("padding_algorithm", "") != "EXPLICIT"
    ):
        return None
    if s.attribute("adaptive", False) or s.attribute("global_pooling", False):
        return None
    x, window = s.source("x"), list(s.attribute("kernel_size", ()))
    means = s.pool(
        "avg",
        s.binary("mul", x, x),
        s.shape(s.result()),
        window=window,
        strides=s.attribute("strides", (1, 1)),
        paddings=s.attribute("paddings", (0, 0)),
        ceil_mode=bool(s.attribute("ceil_mode", False)),
        exclusive=False,
    )
    return s.apply("sqrt", s.scale(means, float(prod(window))))


_FORMULAS: dict[str, Formula] = {
    "linear_interp_v2": _line_resized,
    "lp_pool2d": _norm_pooled,
    "maxout": _max_out,
    "pixel_unshuffle": _pixels_to_channels,
    "pool3d": _volumes_pooled,
    "repeat_interleave": _repeated,
}

REWRITE = rewrite_by_formula(RewriteStage.OPERATORS, _FORMULAS, ABSENT_LAYOUTS, ABSENT_LINES)
