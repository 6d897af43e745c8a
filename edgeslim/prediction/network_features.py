"""Features that a network's latency is predicted from: sums over its operators.

Every feature of a network is a sum of one number for each operator. So an operator is a
row, a network is the sum of its rows, and a population is a matrix product.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from edgeslim.ops import macs
from edgeslim.opspec import OpSpec

__all__ = ["Array", "FeatureLayout", "NetworkFeatures", "touched_bytes"]

Array = np.ndarray[Any, np.dtype[np.float64]]

_FIRST_STATE = 5
"""First column of the latencies in a row."""


def touched_bytes(spec: OpSpec) -> int:
    """Bytes that an operator reads and writes: weights, inputs and outputs."""
    return spec.weight_bytes + spec.input_bytes + spec.output_bytes


@dataclass(frozen=True, kw_only=True, slots=True)
class NetworkFeatures:
    """Features of networks as arrays, the first axis over the networks.

    Args:
        swept_bytes: Cache states, ascending, ``(states,)``.
        counts: Number of operators whose latency is known, ``(networks,)``.
        missing: Number of those whose latency is not, ``(networks,)``.
        touched_bytes: Bytes that all operators read and write, ``(networks,)``.
        totals_ms: Sum over the operators in each cache state, ``(networks, states)``.
        macs: Multiply-accumulate operations of all operators, ``(networks,)``.
        uncertainty_ms: Sum of the standard errors of interpolated operators, ``(networks,)``;
            they come from the same few neighbours, so they add up rather than cancel.
    """

    swept_bytes: Array
    counts: Array
    missing: Array
    touched_bytes: Array
    totals_ms: Array
    macs: Array
    uncertainty_ms: Array

    def take(self, which: np.ndarray[Any, Any] | list[int]) -> NetworkFeatures:
        """Some of the networks, by mask or place."""
        return NetworkFeatures(
            swept_bytes=self.swept_bytes,
            counts=self.counts[which],
            missing=self.missing[which],
            touched_bytes=self.touched_bytes[which],
            totals_ms=self.totals_ms[which],
            macs=self.macs[which],
            uncertainty_ms=self.uncertainty_ms[which],
        )


@dataclass(frozen=True, kw_only=True, slots=True)
class FeatureLayout:
    """The order of an operator's features in its row.

    Args:
        swept_bytes: Cache states, ascending, ``(states,)``.
    """

    swept_bytes: Array

    @property
    def width(self) -> int:
        """Length of a row."""
        return _FIRST_STATE + self.swept_bytes.size

    def row(self, spec: OpSpec, latencies_ms: Array, error: float) -> Array:
        """The row of an operator.

        Args:
            spec: Operator that the row is of.
            latencies_ms: Latency in each cache state, ``(states,)``; nan where it is not known.
            error: Relative standard error of the latencies.
        """
        row = np.zeros(self.width)
        row[2] = touched_bytes(spec)
        row[4] = macs([spec])
        if not np.isfinite(latencies_ms).all():
            row[1] = 1.0
            return row
        row[0] = 1.0
        row[3] = float(np.mean(latencies_ms)) * error
        row[_FIRST_STATE:] = latencies_ms
        return row

    def networks(self, sums: Array) -> NetworkFeatures:
        """The features of networks from sums of rows, ``(networks, width)``."""
        return NetworkFeatures(
            swept_bytes=self.swept_bytes,
            counts=sums[:, 0],
            missing=sums[:, 1],
            touched_bytes=sums[:, 2],
            uncertainty_ms=sums[:, 3],
            macs=sums[:, 4],
            totals_ms=sums[:, _FIRST_STATE:],
        )
