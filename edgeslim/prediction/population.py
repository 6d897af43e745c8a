"""Latencies of a whole population of a space's networks at once.

A space comes in segments, each depending on a few tokens. The sums over the operators of
each choice of a segment are computed once; a network's features are then one row out of
each segment's table, added up, and no Python runs per network or operator.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from edgeslim.errors import UsageError
from edgeslim.opspec import OpSpec
from edgeslim.prediction.network_features import Array
from edgeslim.prediction.predictor import Predictor
from edgeslim.spaces import Segment, Space

__all__ = ["IntArray", "PopulationPredictor"]

IntArray = np.ndarray[Any, np.dtype[np.int64]]

_CHUNK = 1 << 14
"""Networks at a time, so that the sums stay in the caches."""


@dataclass(frozen=True, kw_only=True, slots=True)
class _SegmentTable:
    """The sums of one segment, a row for each choice of its tokens.

    Args:
        positions: Tokens that it depends on.
        strides: Rows by which each of them counts, ``(positions,)``.
        plain: Where nothing is merged, ``(choices, width)``.
        merged: Where convolutions are merged.
        pays: Whether a choice makes the optimizer merge, ``(choices,)``.
    """

    positions: list[int]
    strides: IntArray
    plain: Array
    merged: Array
    pays: np.ndarray[Any, np.dtype[np.bool_]]

    def rows(self, tokens: IntArray) -> IntArray:
        """Row of each network, ``(networks,)``."""
        rows: IntArray = tokens[:, self.positions] @ self.strides
        return rows


class PopulationPredictor:
    """Predicts networks of a space from their tokens.

    Args:
        predictor: Of a device's table.
        space: The space.
    """

    def __init__(self, predictor: Predictor, space: Space) -> None:
        self._predictor = predictor
        self._ranges = np.array(space.ranges, np.int64)
        self._name = space.name
        target = predictor.table.context.execution.target
        self._tables = [_segment_table(predictor, segment) for segment in space.segments(target)]

    def latencies_ms(self, tokens: IntArray) -> Array:
        """Latency of each network, ``(networks,)``; see `latencies_and_macs`."""
        return self.latencies_and_macs(tokens)[0]

    def latencies_and_macs(self, tokens: IntArray) -> tuple[Array, Array]:
        """Latency and multiply-accumulate operations of each network.

        Args:
            tokens: ``(networks, tokens)``.

        Returns:
            Milliseconds, nan where the table knows nothing of an operator, and operations;
            both ``(networks,)``.

        Raises:
            UsageError: Tokens that are not of the space; names the first.
        """
        population = np.asarray(tokens, np.int64)
        self._check(population)
        model = self._predictor.calibration.model
        layout = self._predictor.rows.layout
        latencies_ms, macs = np.empty((2, len(population)))
        for start in range(0, len(population), _CHUNK):
            chunk = slice(start, start + _CHUNK)
            networks = layout.networks(self._sums(population[chunk]))
            known = model.latencies_ms(networks)
            latencies_ms[chunk] = np.where(networks.missing > 0, np.nan, known)
            macs[chunk] = networks.macs
        return latencies_ms, macs

    def _sums(self, tokens: IntArray) -> Array:
        rows = [table.rows(tokens) for table in self._tables]
        sums = np.zeros((len(tokens), self._predictor.rows.layout.width))
        merges = np.zeros(len(tokens), np.bool_)
        for table, chosen in zip(self._tables, rows, strict=True):
            sums += table.plain[chosen]
            merges |= table.pays[chosen]
        if merges.any():
            sums[merges] = sum(
                table.merged[chosen[merges]]
                for table, chosen in zip(self._tables, rows, strict=True)
            )
        return sums

    def _check(self, tokens: IntArray) -> None:
        if tokens.ndim != 2 or tokens.shape[1] != self._ranges.size:
            raise UsageError(
                f"networks of {self._name} have {self._ranges.size} tokens each, "
                f"not an array of shape {tokens.shape}"
            )
        wrong = (tokens < 0) | (tokens >= self._ranges)
        if wrong.any():
            network, position = np.argwhere(wrong)[0]
            raise UsageError(
                f"token {position} of network {network} must be between 0 and "
                f"{self._ranges[position] - 1}, not {tokens[network, position]} "
                "(positions count from 0)"
            )


def _segment_table(predictor: Predictor, segment: Segment) -> _SegmentTable:
    """Counts of operators for each choice, times the operators' rows."""
    variants = list(segment.variants())
    specs = list(
        dict.fromkeys(
            spec for each in variants for counts in (each.plain, each.merged) for spec in counts
        )
    )
    place = {spec: index for index, spec in enumerate(specs)}
    rows = predictor.rows.of(specs)
    sizes = np.array([*segment.ranges[1:], 1], np.int64) if segment.ranges else np.empty(0, int)
    return _SegmentTable(
        positions=list(segment.positions),
        strides=np.cumprod(sizes[::-1])[::-1].astype(np.int64),
        plain=_sums([each.plain for each in variants], place, rows),
        merged=_sums([each.merged for each in variants], place, rows),
        pays=np.array([each.pays for each in variants]),
    )


def _sums(each: list[Mapping[OpSpec, int]], place: Mapping[OpSpec, int], rows: Array) -> Array:
    """Sum of the operators' rows for each choice, ``(choices, width)``."""
    from scipy.sparse import csr_matrix

    triples = [
        (row, place[spec], count)
        for row, counts in enumerate(each)
        for spec, count in counts.items()
        if count
    ]
    choices, columns, counts = np.array(triples, np.int64).reshape(-1, 3).T
    table = csr_matrix((counts.astype(np.float64), (choices, columns)), (len(each), len(place)))
    sums: Array = table @ rows
    return sums
