"""Features of an operator that its latency depends on.

Kernels compute channels in blocks: 12 channels cost as much as 16 where a block has 8. So
there are three more features for channels, padded to whole blocks of other sizes, and the
data decide which of them matter. A remainder that does not fill a block of 8 may use a slower
kernel.
"""

from __future__ import annotations

import math
from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from edgeslim.ops import known_kinds
from edgeslim.opspec import FLOAT_BYTES, OpSpec
from edgeslim.prediction.gaussian_process import Array

__all__ = [
    "AXES",
    "COSTS",
    "LABELS",
    "Mask",
    "OperatorFeatures",
    "Rows",
    "operator_features",
]

Rows = np.ndarray[Any, np.dtype[np.int64]]
Mask = np.ndarray[Any, np.dtype[np.bool_]]
Extents = tuple[int, int, int, int]

_BLOCKS = (1, 4, 8, 16)

COSTS = ("start", *("macs" for _ in _BLOCKS), "bytes", "bytes", "bytes")
"""Columns of the costs: the start, multiply-accumulates in whole blocks of output channels
(millions), and input, output and weights (megabytes)."""

AXES = 2 * len(_BLOCKS) + 4
"""Logarithms of input and output channels in whole blocks, places, and the three bytes."""

LABELS = 6
"""Kernel, strides, activation, everything else, and how channels in and out end."""


@dataclass(frozen=True, kw_only=True, slots=True)
class OperatorFeatures:
    """Features of operators.

    Args:
        specs: Operators that the features are of, in the order of all rows.
        families: Family of each operator; nothing is interpolated between families.
        costs: Columns as named by `COSTS`, ``(operators, len(COSTS))``.
        axes: Numerical features, ``(operators, AXES)``.
        labels: Categorical features, `LABELS` for each operator.
        extents: Channels in and out, places of an input and an output channel,
            ``(operators, 4)``.
        mixes: Whether each output channel depends on all input channels, so that their numbers
            can differ.
    """

    specs: tuple[OpSpec, ...]
    families: tuple[str, ...]
    costs: Array
    axes: Array
    labels: tuple[tuple[Hashable, ...], ...]
    extents: Rows
    mixes: Mask

    def rows(self, family: str) -> Rows:
        """Places of the operators of a family."""
        return np.flatnonzero([own_family == family for own_family in self.families])

    def take(self, rows: Rows) -> OperatorFeatures:
        """The operators at some places."""
        return OperatorFeatures(
            specs=tuple(self.specs[row] for row in rows),
            families=tuple(self.families[row] for row in rows),
            costs=self.costs[rows],
            axes=self.axes[rows],
            labels=tuple(self.labels[row] for row in rows),
            extents=self.extents[rows],
            mixes=self.mixes[rows],
        )


def operator_features(specs: Sequence[OpSpec]) -> OperatorFeatures:
    """Features of operators, in their order."""
    extents = [_extents(spec) for spec in specs]
    both = list(zip(specs, extents, strict=True))
    return OperatorFeatures(
        specs=tuple(specs),
        families=tuple(_family(spec) for spec in specs),
        costs=np.array([_costs(*pair) for pair in both]).reshape(-1, len(COSTS)),
        axes=np.array([_axes(*pair) for pair in both]).reshape(-1, AXES),
        labels=tuple(_labels(*pair) for pair in both),
        extents=np.array(extents, dtype=np.int64).reshape(-1, 4),
        mixes=np.array([_mixes(*pair) for pair in both], dtype=np.bool_),
    )


def _pad_channels(channels: int, block: int) -> int:
    """Channels rounded up to whole blocks."""
    return -(-channels // block) * block


def _family(spec: OpSpec) -> str:
    """Family of an operator: its kind, but apart for grouped and depthwise convolutions."""
    groups = spec.attributes.get("groups", 1)
    if groups == 1:
        return spec.kind
    depthwise = groups == _channels(spec.input_shape) == _channels(spec.output_shape)
    return "depthwise convolution" if depthwise else "grouped convolution"


def _channels(shape: tuple[int, ...]) -> int:
    return shape[1] if len(shape) > 1 else 1


def _extents(spec: OpSpec) -> Extents:
    c_in, c_out = _channels(spec.input_shape), _channels(spec.output_shape)
    return (
        c_in,
        c_out,
        math.prod(spec.input_shape) // c_in,
        math.prod(spec.output_shape) // c_out,
    )


def _mixes(spec: OpSpec, extents: Extents) -> bool:
    channels = set(extents[:2])
    weights = [shape[:2] for shapes in spec.weights.values() for shape in shapes]
    return any(len(pair) == 2 and set(pair) == channels for pair in weights)


def _costs(spec: OpSpec, extents: Extents) -> list[float]:
    kind = known_kinds().get(spec.kind)
    macs = 0 if kind is None else kind.macs(spec)
    c_out = extents[1]
    return [
        1.0,
        *(macs / 1e6 * _pad_channels(c_out, block) / c_out for block in _BLOCKS),
        *(size / 1e6 for size in (spec.input_bytes, spec.output_bytes, spec.weight_bytes)),
    ]


def _axes(spec: OpSpec, extents: Extents) -> list[float]:
    c_in, c_out, _, places = extents
    return [
        *(
            math.log(_pad_channels(channels, block))
            for channels in (c_in, c_out)
            for block in _BLOCKS
        ),
        math.log(places),
        *(
            math.log(max(size, FLOAT_BYTES))
            for size in (spec.input_bytes, spec.output_bytes, spec.weight_bytes)
        ),
    ]


def _labels(spec: OpSpec, extents: Extents) -> tuple[Hashable, ...]:
    c_in, c_out, *_ = extents
    attributes = dict(spec.attributes)
    filters = [shape[2:] for shapes in spec.weights.values() for shape in shapes if len(shape) > 3]
    kernel = filters[0] if filters else attributes.pop("ksize", ())
    strides = attributes.pop("strides", ())
    activation = attributes.pop("act_type", attributes.pop("activation_type", ""))
    attributes.pop("paddings", None)  # the shapes imply them
    if attributes.get("groups") == c_in:
        attributes.pop("groups")
    slots = tuple(
        (name, len(shape))
        for part in (spec.inputs, spec.weights)
        for name, shapes in part.items()
        for shape in shapes
    )
    rest = (tuple(attributes.items()), slots)
    return (kernel, strides, activation, rest, math.gcd(c_in, 8), math.gcd(c_out, 8))
