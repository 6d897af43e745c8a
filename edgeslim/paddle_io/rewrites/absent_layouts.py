"""Pooling, resizing and repetition that Paddle-Lite 2.13 does not have, by other layouts."""

from __future__ import annotations

from math import prod
from typing import Any

from edgeslim.paddle_io.rewrites._rewrite import Formula, RewriteStage, rewrite_by_formula
from edgeslim.paddle_io.sketch import Sketch
from edgeslim.targets.absent import ABSENT_LAYOUTS, ABSENT_LINES
from edgeslim.targets.pools import sides_of

__all__ = ["REWRITE"]


def _max_out(s: Sketch) -> str:
    """The maximum over each group of neighbouring channels."""
    shape, groups = s.shape(s.x), int(s.attribute("groups", 1))
    axis = int(s.attribute("axis", 1)) % len(shape)
    # The kernel for x86 is wrong for more than four axes.
    parts = [prod(shape[:axis]) * shape[axis] // groups, groups, prod(shape[axis + 1 :])]
    largest = s.reduce("max", s.reshape(s.x, parts), [1], keep=False)
    return s.reshape(largest, s.shape(s.result()))


def _pixels_to_channels(s: Sketch) -> str | None:
    factor = int(s.attribute("downscale_factor", 1))
    batch, channels, height, width = s.shape(s.x)
    parts = [batch, channels, height // factor, factor, width // factor, factor]
    moved = s.transpose(s.reshape(s.x, parts), [0, 1, 3, 5, 2, 4])
    return s.reshape(moved, s.shape(s.result()))


def _repeat(s: Sketch) -> str | None:
    """Each slice several times, one after the other."""
    shape = s.shape(s.x)
    axis, times = s.attribute("dim", 0), s.attribute("Repeats", s.attribute("repeats", 0))
    if s.source("RepeatsTensor") or s.source("RepeatTensor") or not times:
        return None
    axis = int(axis) % len(shape)
    parts = [*shape[: axis + 1], 1, *shape[axis + 1 :]]
    wide = [*shape[: axis + 1], int(times), *shape[axis + 1 :]]
    return s.reshape(s.expand(s.reshape(s.x, parts), wide), s.shape(s.result()))


def _resize_line(s: Sketch) -> str | None:
    """A line is resized as an image one pixel high."""
    if s.source("OutSize") or s.sources("SizeTensor") or s.source("Scale"):
        return None
    batch, channels, width = s.shape(s.x)
    wanted, scale = s.shape(s.result()), s.attribute("scale", ())
    scales: dict[str, Any] = {"scale": (1.0, float(scale[0]))} if scale else {}
    resized = s.write(
        "bilinear_interp_v2",
        {"X": s.reshape(s.x, [batch, channels, 1, width])},
        [batch, channels, 1, wanted[2]],
        out_d=-1,
        out_h=1,
        out_w=wanted[2],
        **scales,
        data_layout="NCHW",
        interp_method="bilinear",
        align_corners=bool(s.attribute("align_corners", True)),
        align_mode=int(s.attribute("align_mode", 1)),
    )
    return s.reshape(resized, wanted)


def _pool_volumes(s: Sketch) -> str | None:
    """Pooling over the depth first, then over each image.

    A mean of means over windows is their mean, also if the padding is left out,
    for the number of elements is the product of those along the axes.
    """
    batch, channels, depth, height, width = s.shape(s.x)
    wanted, kind = s.shape(s.result()), str(s.attribute("pooling_type", "max"))
    if s.attribute("global_pooling", False):
        flat = s.reshape(s.x, [batch, channels, depth * height, width])
        whole = s.pool(kind, flat, (batch, channels, 1, 1), global_pooling=True)
        return s.reshape(whole, wanted)
    window, strides = list(s.attribute("ksize", ())), list(s.attribute("strides", (1, 1, 1)))
    sides = sides_of(s.operator, (depth, height, width), window, strides)
    adaptive = bool(s.attribute("adaptive", False))
    others = {name: bool(s.attribute(name, usual)) for name, usual in _POOLING_FLAGS.items()}
    deep = s.pool(
        kind,
        s.reshape(s.x, [batch, channels, depth, height * width]),
        [batch, channels, wanted[2], height * width],
        window=(window[0], height * width if adaptive else 1),
        strides=(strides[0], 1),
        paddings=(*sides[:2], 0, 0),
        **others,
    )
    images = s.reshape(deep, [batch, channels * wanted[2], height, width])
    if window[1:] == [1, 1] and strides[1:] == [1, 1] and not any(sides[2:]) and not adaptive:
        return s.reshape(images, wanted)
    pooled = s.pool(
        kind,
        images,
        [batch, channels * wanted[2], *wanted[3:]],
        window=window[1:],
        strides=strides[1:],
        paddings=sides[2:],
        **others,
    )
    return s.reshape(pooled, wanted)


_POOLING_FLAGS = {"adaptive": False, "ceil_mode": False, "exclusive": True}


def _pool_norm(s: Sketch) -> str | None:
    """The root of sums of squares over windows; other powers are left as they are."""
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
    "linear_interp_v2": _resize_line,
    "lp_pool2d": _pool_norm,
    "maxout": _max_out,
    "pixel_unshuffle": _pixels_to_channels,
    "pool3d": _pool_volumes,
    "repeat_interleave": _repeat,
}

REWRITE = rewrite_by_formula(RewriteStage.OPERATORS, _FORMULAS, ABSENT_LAYOUTS, ABSENT_LINES)
