"""What a network's latency is predicted from: sums over its operators.

Every feature of a network is a sum of one number for each operator. So one operator is a
row, a network the sum of its rows, and a population a matrix product.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from edgeslim.ops import macs
from edgeslim.opspec import OpSpec

__all__ = ["Array", "Layout", "Network", "touched_bytes"]

Array = np.ndarray[Any, np.dtype[np.float64]]

_FIRST_STATE = 5
"""Column of a row where its latencies begin."""


def touched_bytes(spec: OpSpec) -> int:
    """Bytes that an operator reads and writes: weights, inputs and outputs."""
    return spec.weight_bytes + spec.input_bytes + spec.output_bytes


@dataclass(frozen=True, kw_only=True, slots=True)
class Network:
    """Networks as arrays, the first axis over the networks.

    Args:
        swept_bytes: The cache states, rising, ``(states,)``.
        counts: Number of operators whose latency is known, ``(networks,)``.
        missing: Number of those whose latency is not, ``(networks,)``.
        touched_bytes: Bytes that all operators read and write, ``(networks,)``.
        totals_ms: Sum over the operators in each cache state, ``(networks, states)``.
        macs: Multiply-accumulate operations of all operators, ``(networks,)``.
        doubt_ms: Sum of the standard errors of interpolated operators, ``(networks,)``. They
            come from the same few neighbours, so they add up rather than cancel.
    """

    swept_bytes: Array
    counts: Array
    missing: Array
    touched_bytes: Array
    totals_ms: Array
    macs: Array
    doubt_ms: Array

    def take(self, which: np.ndarray[Any, Any] | list[int]) -> Network:
        """Some of the networks, by mask or place."""
        return Network(
            swept_bytes=self.swept_bytes,
            counts=self.counts[which],
            missing=self.missing[which],
            touched_bytes=self.touched_bytes[which],
            totals_ms=self.totals_ms[which],
            macs=self.macs[which],
            doubt_ms=self.doubt_ms[which],
        )


@dataclass(frozen=True, kw_only=True, slots=True)
class Layout:
    """How the features of an operator lie in its row.

    Args:
        swept_bytes: The cache states, rising, ``(states,)``.
    """

    swept_bytes: Array

    @property
    def width(self) -> int:
        """Length of a row."""
        return _FIRST_STATE + self.swept_bytes.size

    def row(self, spec: OpSpec, latencies_ms: Array, error: float) -> Array:
        """The row of an operator.

        Args:
            spec: The operator.
            latencies_ms: In each cache state, ``(states,)``; nan where it is not known.
            error: Relative standard error of them.
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

    def networks(self, sums: Array) -> Network:
        """Sums of rows, ``(networks, width)``, by name."""
        return Network(
            swept_bytes=self.swept_bytes,
            counts=sums[:, 0],
            missing=sums[:, 1],
            touched_bytes=sums[:, 2],
            doubt_ms=sums[:, 3],
            macs=sums[:, 4],
            totals_ms=sums[:, _FIRST_STATE:],
        )
