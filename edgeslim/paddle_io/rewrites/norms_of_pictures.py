"""Norms of vectors, lines and volumes, as those of pictures one pixel wide.

The kernels of Paddle-Lite 2.13 read four axes, whatever there is.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import prod

from edgeslim.paddle_io.rewrites._rewrite import Formula, RewriteStage, rewrite_by_formula
from edgeslim.paddle_io.sketch import Sketch
from edgeslim.targets.norms import NORMS_OF_PICTURES

__all__ = ["REWRITE"]


def _as_picture(s: Sketch) -> list[int]:
    """The shape of pictures one pixel wide with the same elements."""
    shape = s.shape(s.x)
    return [shape[0], shape[1], prod(shape[2:]), 1]


def _grouped(s: Sketch) -> str:
    picture, groups = _as_picture(s), int(s.attribute("groups", 1))
    normed = s.write(
        "group_norm",
        _inputs(s, picture),
        picture,
        output="Y",
        groups=groups,
        epsilon=float(s.attribute("epsilon", 1e-5)),
        data_layout="NCHW",
    )
    for slot in ("Mean", "Variance"):
        s.add_output(slot, [picture[0], groups], s.element_type(s.x))
    return s.reshape(normed, s.shape(s.x))


def _one_by_one(s: Sketch) -> str:
    picture = _as_picture(s)
    normed = s.write(
        "instance_norm",
        _inputs(s, picture),
        picture,
        output="Y",
        epsilon=float(s.attribute("epsilon", 1e-5)),
    )
    for slot in ("SavedMean", "SavedVariance"):
        s.add_output(slot, [picture[0] * picture[1]], s.element_type(s.x))
    return s.reshape(normed, s.shape(s.x))


def _inputs(s: Sketch, picture: Sequence[int]) -> dict[str, str | Sequence[str]]:
    inputs: dict[str, str | Sequence[str]] = {"X": s.reshape(s.x, picture)}
    inputs.update({slot: s.source(slot) for slot in ("Scale", "Bias") if s.source(slot)})
    return inputs


_FORMULAS: dict[str, Formula] = {"group_norm": _grouped, "instance_norm": _one_by_one}

REWRITE = rewrite_by_formula(RewriteStage.OPERATORS, _FORMULAS, NORMS_OF_PICTURES)
