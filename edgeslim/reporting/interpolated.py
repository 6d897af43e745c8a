"""What a table says of an operator at other widths than its own, measured or interpolated."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import msgspec
import numpy as np

from edgeslim.latency_table import LatencyTable
from edgeslim.opspec import Attributes, OpSpec, Shape, Shapes
from edgeslim.prediction.curves import Curves
from edgeslim.prediction.interpolation import Interpolator

__all__ = ["Interpolated", "WidthCurves", "at_width"]

_MOST = 97
"""Widths of a curve: an edge between two of them is drawn at most two channels off up to 192."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Interpolated:
    """Latency over output channels, hot.

    Args:
        widths: Output channels, rising.
        latencies_ms: Latency of each.
        errors: Relative standard error of each; 0 where it was measured.
    """

    widths: Sequence[int]
    latencies_ms: Sequence[float]
    errors: Sequence[float]


class WidthCurves:
    """Interpolates in a table, in its hottest cache state.

    Args:
        table: The table.
    """

    def __init__(self, table: LatencyTable) -> None:
        curves = Curves.of(table)
        self._known = {spec: float(each[0]) for spec, each in curves.latencies_ms.items()}
        self._interpolator = Interpolator(curves.latencies_ms)

    def over(self, spec: OpSpec, low: int, high: int) -> Interpolated | None:
        """Latency of an operator from a width to another; None of one that has no such widths."""
        step = max(1, -(-(high - low) // (_MOST - 1)))
        widths = sorted({*range(low, high + 1, step), high, spec.output_shape[1]})
        specs = [found for width in widths if (found := at_width(spec, width)) is not None]
        if len(specs) < len(widths):
            return None
        unknown = [each for each in specs if each not in self._known]
        estimates: dict[OpSpec, tuple[float, float]] = {}
        if unknown:
            made = self._interpolator.estimate(unknown)
            hot = np.asarray(made.latencies_ms)[:, 0]
            estimates = {
                each: (float(value), float(error))
                for each, value, error in zip(unknown, hot, made.errors, strict=True)
            }
        values = [
            (self._known[each], 0.0) if each in self._known else estimates[each] for each in specs
        ]
        return Interpolated(
            widths=widths,
            latencies_ms=[value for value, _ in values],
            errors=[error for _, error in values],
        )


def at_width(spec: OpSpec, width: int) -> OpSpec | None:
    """The same convolution with other output channels; None of what is none.

    A depthwise one reads as many channels as it writes.
    """
    if "Filter" not in spec.weights or set(spec.weights) - {"Filter", "Bias"}:
        return None
    groups = spec.attributes.get("groups", 1)
    (filter_shape,) = spec.weights["Filter"]
    depthwise = groups == spec.input_shape[1] == spec.output_shape[1] and groups != 1
    if groups != 1 and not depthwise:
        return None
    if filter_shape[0] != spec.output_shape[1]:
        return None
    weights = {"Filter": ((width, *filter_shape[1:]),)}
    if "Bias" in spec.weights:
        weights["Bias"] = ((width,),)
    inputs, attributes = spec.inputs, spec.attributes
    if depthwise:
        inputs = _with_channels(inputs, width)
        attributes = Attributes({**attributes, "groups": width})
    elif any(len(shapes) != 1 for shapes in inputs.values()) or len(inputs) != 1:
        return None  # it reads something of its output's width as well
    return msgspec.structs.replace(
        spec,
        inputs=inputs,
        outputs=_with_channels(spec.outputs, width),
        weights=Shapes(weights),
        attributes=attributes,
    )


def _with_channels(slots: Shapes, width: int) -> Shapes:
    def changed(shape: Shape) -> Shape:
        return (shape[0], width, *shape[2:])

    return Shapes({slot: tuple(map(changed, shapes)) for slot, shapes in slots.items()})
