"""Deformable convolutions, one for each group of channels with the same offsets and weights.

The kernels of Paddle-Lite 2.13 need as many groups of offsets as of channels, and the one for arm
packs the weights of several groups in another order than it reads them
(``lite/kernels/arm/deformable_conv_compute.cc``).
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

from edgeslim.paddle_io.rewrites._deformable import convolve_deformably
from edgeslim.paddle_io.rewrites._rewrite import RewriteStage, rewrite_by_formula
from edgeslim.paddle_io.sketch import Sketch
from edgeslim.targets.deformable import DEFORMABLE_GROUPS

__all__ = ["REWRITE"]


def _convolve_groups(s: Sketch) -> str | None:
    filters = s.value(s.source("Filter"))
    if filters is None:
        return None
    groups, offsets = (int(s.attribute(name, 1)) for name in ("groups", "deformable_groups"))
    channels, outputs = s.shape(s.x)[1], len(filters) // groups
    width, window = channels // groups, filters.shape[2] * filters.shape[3]
    parts = []
    for group in range(groups):
        own = filters[group * outputs : (group + 1) * outputs]
        total = ""
        for start, end in _ranges(group * width, (group + 1) * width, channels // offsets):
            offset = start // (channels // offsets)
            part = convolve_deformably(
                s,
                {
                    "Input": s.slice(s.x, start, end, 1),
                    "Offset": _group(s, "Offset", offset, 2 * window),
                    "Mask": _group(s, "Mask", offset, window),
                    "Filter": s.parameter(own[:, start - group * width : end - group * width]),
                },
                outputs,
            )
            total = s.binary("add", total, part) if total else part
        parts.append(total)
    return s.concat(parts, 1) if len(parts) > 1 else parts[0]


def _ranges(first: int, end: int, width: int) -> Iterator[tuple[int, int]]:
    """A range of channels, cut at multiples of a width."""
    cuts = [cut for cut in range(0, end, width) if first < cut]
    return pairwise([first, *cuts, end])


def _group(s: Sketch, slot: str, group: int, width: int) -> str:
    return s.slice(s.source(slot), group * width, (group + 1) * width, 1)


REWRITE = rewrite_by_formula(RewriteStage.OPERATORS, _convolve_groups, DEFORMABLE_GROUPS)
