"""Convolutions with moved taps, one for each group of channels that are moved and weighed alike.

The kernels of Paddle-Lite 2.13 want as many groups of offsets as of channels, and that for arm
packs the weights otherwise than it reads them if there are several
(``lite/kernels/arm/deformable_conv_compute.cc``).
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

from edgeslim.paddle_io.rewrites._rewrite import RewriteStage, rewrite_by_formula
from edgeslim.paddle_io.sketch import Sketch
from edgeslim.targets.deformable import DEFORMABLE_GROUPS

__all__ = ["REWRITE"]


def _by_groups(s: Sketch) -> str | None:
    filters = s.value(s.source("Filter"))
    if filters is None:
        return None
    groups, moved = (int(s.attribute(name, 1)) for name in ("groups", "deformable_groups"))
    channels, made = s.shape(s.x)[1], len(filters) // groups
    width, taps = channels // groups, filters.shape[2] * filters.shape[3]
    parts = []
    for group in range(groups):
        own = filters[group * made : (group + 1) * made]
        total = ""
        for start, end in _parts(group * width, (group + 1) * width, channels // moved):
            offsets = start // (channels // moved)
            part = _convolved(
                s,
                {
                    "Input": s.slice(s.x, start, end, 1),
                    "Offset": _tapped(s, "Offset", offsets, 2 * taps),
                    "Mask": _tapped(s, "Mask", offsets, taps),
                    "Filter": s.parameter(own[:, start - group * width : end - group * width]),
                },
                made,
            )
            total = s.binary("add", total, part) if total else part
        parts.append(total)
    return s.concat(parts, 1) if len(parts) > 1 else parts[0]


def _parts(first: int, behind: int, width: int) -> Iterator[tuple[int, int]]:
    """Channels from one on and before another, cut at multiples of a width."""
    cuts = [cut for cut in range(0, behind, width) if first < cut]
    return pairwise([first, *cuts, behind])


def _tapped(s: Sketch, slot: str, group: int, width: int) -> str:
    return s.slice(s.source(slot), group * width, (group + 1) * width, 1)


def _convolved(s: Sketch, inputs: dict[str, str], channels: int) -> str:
    batch, _, *sides = s.shape(s.result("Output"))
    return s.write(
        "deformable_conv",
        inputs,
        [batch, channels, *sides],
        output="Output",
        strides=tuple(s.attribute("strides", (1, 1))),
        paddings=tuple(s.attribute("paddings", (0, 0))),
        dilations=tuple(s.attribute("dilations", (1, 1))),
        groups=1,
        deformable_groups=1,
        im2col_step=1,
    )


REWRITE = rewrite_by_formula(RewriteStage.OPERATORS, _by_groups, DEFORMABLE_GROUPS)
