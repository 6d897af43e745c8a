"""Convolutions of volumes, of which Paddle-Lite 2.13 has none, as convolutions of pictures.

The slices of a volume that a window sees at once are channels of one picture, one behind the
other for each channel, as the filter has them; then each depth of the result is a picture.
"""

from __future__ import annotations

from collections.abc import Sequence

from edgeslim.paddle_io.rewrites._rewrite import RewriteStage, rewrite_by_formula
from edgeslim.paddle_io.sketch import Sketch
from edgeslim.targets.absent import ABSENT_VOLUMES
from edgeslim.window_sides import window_sides

__all__ = ["REWRITE"]


def _convolved(s: Sketch) -> str | None:
    filters = s.value(s.source("Filter"))
    shape, made = s.shape(s.x), s.shape(s.result())
    if filters is None or min(*shape, *made) < 1 or s.attribute("data_format", "NCDHW") == "NDHWC":
        return None
    batch, channels, _, *picture = shape
    sides = window_sides(
        s.attribute("padding_algorithm", "EXPLICIT"),
        s.attribute("paddings", (0, 0, 0)),
        shape[2:],
        filters.shape[2:],
        s.attribute("strides", (1, 1, 1)),
    )
    dilations = _dilations(s)
    depth, window = made[2], filters.shape[2]
    stacked = _stacked(s, sides[:2], [p + i for p in _starts(s, depth) for i in _steps(s, window)])
    pixels = picture[0] * picture[1]
    turned = s.transpose(
        s.reshape(stacked, [batch, channels, depth, window, pixels]), [0, 2, 1, 3, 4]
    )
    pictures = s.reshape(turned, [batch * depth, channels * window, *picture])
    flat = filters.reshape(len(filters), -1, *filters.shape[3:])
    convolved = s.write(
        "conv2d",
        {"Input": pictures, "Filter": s.parameter(flat)},
        [batch * depth, made[1], *made[3:]],
        output="Output",
        strides=tuple(s.attribute("strides", (1, 1, 1)))[1:],
        paddings=sides[2:],
        dilations=dilations[1:],
        groups=int(s.attribute("groups", 1)),
        padding_algorithm="EXPLICIT",
        data_format="NCHW",
    )
    flat_result = s.reshape(convolved, [batch, depth, made[1], made[3] * made[4]])
    return s.reshape(s.transpose(flat_result, [0, 2, 1, 3]), made)


def _dilations(s: Sketch) -> tuple[int, ...]:
    """Paddle sets them back where it finds the padding itself."""
    if s.attribute("padding_algorithm", "EXPLICIT") == "SAME":
        return (1, 1, 1)
    return tuple(s.attribute("dilations", (1, 1, 1)))


def _starts(s: Sketch, depth: int) -> list[int]:
    return [place * int(s.attribute("strides", (1, 1, 1))[0]) for place in range(depth)]


def _steps(s: Sketch, window: int) -> list[int]:
    return [place * _dilations(s)[0] for place in range(window)]


def _stacked(s: Sketch, sides: Sequence[int], places: list[int]) -> str:
    """The slices that each depth of the result sees, one behind the other; pictures are rows."""
    batch, channels, extent, *picture = s.shape(s.x)
    rows = [batch, channels, extent, picture[0] * picture[1]]
    x = s.reshape(s.x, rows)
    parts = [x]
    for place, side in ((0, sides[0]), (2, sides[1])):
        if side:
            parts.insert(place, s.constant(0.0, [*rows[:2], side, rows[3]]))
    if len(parts) > 1:
        x = s.concat(parts, 2)
    return x if places == list(range(s.shape(x)[2])) else s.select(x, places, 2)


REWRITE = rewrite_by_formula(RewriteStage.FORMULAS, _convolved, ABSENT_VOLUMES)
