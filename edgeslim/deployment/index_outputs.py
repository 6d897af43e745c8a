"""Outputs that are indices of the largest scores: where scores are equal, several are right.

Paddle and Paddle-Lite agree on which of equal scores `arg_max` names, and not on the order in which
`top_k_v2` names them.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from edgeslim.deployment.judgement import Array
from edgeslim.execution import Precision
from edgeslim.graph import Graph, Node

__all__ = ["IndexOutput", "index_outputs_of", "settle_ties"]

_CHOOSING = {"arg_max": "Out", "arg_min": "Out", "top_k": "Indices", "top_k_v2": "Indices"}
"""Slot of the indices, by kind of the operators that give indices."""

_PASSING = {"assign", "cast", "scale"}
"""Kinds that may stand between such an operator and the output; saving puts a scale by 1 there."""

_EQUAL = 2.0**-20
"""Scores that differ by less than this share of the largest are equal."""

_EQUAL_IN_HALVES = 2.0**-5
"""The same in fp16, in which scores themselves may be off by hundredths."""


@dataclass(frozen=True, kw_only=True, slots=True)
class IndexOutput:
    """An output that is indices along an axis of scores.

    Args:
        scores: Name of the tensor of scores.
        axis: Axis of that tensor that is indexed; negative counts from the last.
    """

    scores: str
    axis: int


def index_outputs_of(graph: Graph) -> dict[int, IndexOutput]:
    """The outputs that are indices, by their number."""
    makers = {name: node for node in graph.nodes for name in node.writes()}
    found = {}
    for place, output in enumerate(graph.fetches):
        name = output
        node = makers.get(name)
        while node is not None and node.spec.kind in _PASSING and len(node.reads()) == 1:
            name = node.reads()[0]
            node = makers.get(name)
        if node is not None and name in node.outputs.get(_CHOOSING.get(node.spec.kind, ""), ()):
            found[place] = IndexOutput(scores=node.inputs["X"][0], axis=_axis(node))
    return found


def _axis(node: Node) -> int:
    axis = node.spec.attributes.get("axis", -1)
    return axis if isinstance(axis, int) else -1


def settle_ties(
    truth: Array,
    output: Array,
    scores: Array,
    axis: int,
    precision: Precision = Precision.FP32,
) -> Array:
    """Replaces indices of an output by the true ones where both have equal scores.

    Args:
        truth: Indices that Paddle gives.
        output: Indices that were found.
        scores: Scores that both index.
        axis: Axis of the scores that is indexed.
        precision: Precision that the indices were computed in.
    """
    equal = _EQUAL_IN_HALVES if precision is Precision.FP16 else _EQUAL
    found = output.reshape(truth.shape)
    wanted = truth
    if truth.ndim == scores.ndim - 1:
        wanted, found = np.expand_dims(truth, axis), np.expand_dims(found, axis)
    alike = [n for i, n in enumerate(wanted.shape) if i != axis % wanted.ndim] == [
        n for i, n in enumerate(scores.shape) if i != axis % scores.ndim
    ]
    if wanted.ndim != scores.ndim or not alike:
        return output
    there = (found >= 0) & (found < scores.shape[axis])
    mine, its = (
        np.take_along_axis(scores, np.where(there, positions, 0).astype(np.int64), axis)
        for positions in (wanted, found)
    )
    largest = float(np.max(np.abs(scores), initial=0.0))
    distinct = np.all(np.diff(np.sort(found, axis=axis), axis=axis) > 0, axis=axis, keepdims=True)
    as_good = there & distinct & (np.abs(mine - its) <= equal * largest)
    return np.where(as_good, wanted, found).reshape(output.shape)
