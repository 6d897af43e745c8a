"""Latency of an operator over its width, measured or interpolated by a table."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import msgspec
import numpy as np

from edgeslim.latency_table import LatencyTable
from edgeslim.opspec import Attributes, OpSpec, Shapes
from edgeslim.prediction.curves import Curves
from edgeslim.prediction.table_interpolator import table_interpolator

__all__ = ["WidthCurve", "WidthInterpolator", "at_width"]

_MAX_WIDTHS = 97
"""Widths of a curve: up to 192 channels, an edge is then drawn two channels off at most."""


@dataclass(frozen=True, kw_only=True, slots=True)
class WidthCurve:
    """Latency over output channels, hot.

    Args:
        widths: Numbers of output channels, rising.
        latencies_ms: Latency at each width.
        errors: Relative standard error of each latency; 0 where it was measured.
    """

    widths: Sequence[int]
    latencies_ms: Sequence[float]
    errors: Sequence[float]


class WidthInterpolator:
    """Interpolates latencies over widths from a table, in its hottest cache state.

    Args:
        table: Measured operators, of which other widths are interpolated.
    """

    def __init__(self, table: LatencyTable) -> None:
        curves = Curves.of(table)
        self._known = {spec: float(states_ms[0]) for spec, states_ms in curves.latencies_ms.items()}
        self._interpolator = table_interpolator(table, curves.swept_bytes, curves.latencies_ms)

    def over(self, spec: OpSpec, low: int, high: int) -> WidthCurve | None:
        """Latency of an operator from one width to another; None if it is no such convolution."""
        step = max(1, -(-(high - low) // (_MAX_WIDTHS - 1)))
        widths = sorted({*range(low, high + 1, step), high, spec.output_shape[1]})
        specs = [found for width in widths if (found := at_width(spec, width)) is not None]
        if len(specs) < len(widths):
            return None
        unknown = [spec for spec in specs if spec not in self._known]
        estimates: dict[OpSpec, tuple[float, float]] = {}
        if unknown:
            made = self._interpolator.estimate(unknown)
            hot = np.asarray(made.latencies_ms)[:, 0]
            estimates = {
                spec: (float(value), float(error))
                for spec, value, error in zip(unknown, hot, made.errors, strict=True)
            }
        values = [
            (self._known[spec], 0.0) if spec in self._known else estimates[spec] for spec in specs
        ]
        return WidthCurve(
            widths=widths,
            latencies_ms=[value for value, _ in values],
            errors=[error for _, error in values],
        )


def at_width(spec: OpSpec, width: int) -> OpSpec | None:
    """The same convolution with another number of output channels; None of other operators.

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
    return Shapes(
        {
            slot: tuple((shape[0], width, *shape[2:]) for shape in shapes)
            for slot, shapes in slots.items()
        }
    )
