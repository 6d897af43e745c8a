"""Group and instance norms of vectors, lines and volumes, as those of images one pixel wide.

The kernels of Paddle-Lite 2.13 read four axes, also if the tensor has fewer or more.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import prod

from edgeslim.paddle_io.rewrites._rewrite import Formula, RewriteStage, rewrite_by_formula
from edgeslim.paddle_io.sketch import Sketch
from edgeslim.targets.norms import NORMS_OF_PICTURES

__all__ = ["REWRITE"]


def _image_shape(s: Sketch) -> list[int]:
    """The shape of images one pixel wide with the same elements."""
    shape = s.shape(s.x)
    return [shape[0], shape[1], prod(shape[2:]), 1]


def _group_norm(s: Sketch) -> str:
    shape, groups = _image_shape(s), int(s.attribute("groups", 1))
    normalized = s.write(
        "group_norm",
        _inputs(s, shape),
        shape,
        output="Y",
        groups=groups,
        epsilon=float(s.attribute("epsilon", 1e-5)),
        data_layout="NCHW",
    )
    for slot in ("Mean", "Variance"):
        s.add_output(slot, [shape[0], groups], s.element_type(s.x))
    return s.reshape(normalized, s.shape(s.x))


def _instance_norm(s: Sketch) -> str:
    shape = _image_shape(s)
    normalized = s.write(
        "instance_norm",
        _inputs(s, shape),
        shape,
        output="Y",
        epsilon=float(s.attribute("epsilon", 1e-5)),
    )
    for slot in ("SavedMean", "SavedVariance"):
        s.add_output(slot, [shape[0] * shape[1]], s.element_type(s.x))
    return s.reshape(normalized, s.shape(s.x))


def _inputs(s: Sketch, shape: Sequence[int]) -> dict[str, str | Sequence[str]]:
    inputs: dict[str, str | Sequence[str]] = {"X": s.reshape(s.x, shape)}
    inputs.update({slot: s.source(slot) for slot in ("Scale", "Bias") if s.source(slot)})
    return inputs


_FORMULAS: dict[str, Formula] = {"group_norm": _group_norm, "instance_norm": _instance_norm}

REWRITE = rewrite_by_formula(RewriteStage.OPERATORS, _FORMULAS, NORMS_OF_PICTURES)
