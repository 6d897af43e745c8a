"""Sums over the operators of whole populations of a space's networks.

A space has segments, each depending on a few tokens. The sums over the operators of
each choice of a segment are computed once; those of a network are then one row of each
segment's table, added up, and no Python code runs per network or operator. Only a space without
segments is evaluated network by network.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from edgeslim.errors import UsageError
from edgeslim.execution import Target
from edgeslim.opspec import OpSpec
from edgeslim.prediction.network_features import Array
from edgeslim.spaces import Segment, Space, Tokens, Variant, segment_variants

__all__ = ["IntArray", "SegmentSums"]

IntArray = np.ndarray[Any, np.dtype[np.int64]]

RowsOf = Callable[[Sequence[OpSpec]], Array]
"""Gives the numbers of operators that are added up, ``(operators, width)``."""

_CHUNK = 1 << 14
"""Networks that are processed at a time, so that the sums fit the caches."""


@dataclass(frozen=True, kw_only=True, slots=True)
class _SegmentTable:
    """The sums of one segment, a row for each choice of its tokens.

    Args:
        positions: Positions of the tokens that it depends on.
        strides: Stride of each of those tokens in the rows, ``(positions,)``.
        plain: Sums where no convolutions are merged, ``(choices, width)``.
        merged: Sums where convolutions are merged, ``(choices, width)``.
        pays: How many pairs of a choice make the optimizer merge, ``(choices,)``.
    """

    positions: list[int]
    strides: IntArray
    plain: Array
    merged: Array
    pays: IntArray

    def rows(self, tokens: IntArray) -> IntArray:
        """Row of each network, ``(networks,)``."""
        rows: IntArray = tokens[:, self.positions] @ self.strides
        return rows


class SegmentSums:
    """Adds up numbers of the operators of networks.

    Args:
        space: Space whose networks are added up.
        target: Target that networks are converted for; None for operators before any fusion.
        rows_of: Gives the numbers of operators.
        width: How many numbers an operator has.
    """

    def __init__(self, space: Space, target: Target | None, rows_of: RowsOf, width: int) -> None:
        self._space = space
        self._target = target
        self._rows_of = rows_of
        self._width = width
        self._ranges = np.array(space.ranges, np.int64)
        self._tables = [
            _segment_table(rows_of, *parts) for parts in segment_variants(space, target)
        ]
        self._known: dict[Tokens, Array] = {}

    def chunks(self, tokens: IntArray) -> Iterator[tuple[slice, Array]]:
        """The sums of networks, in chunks.

        Args:
            tokens: Tokens of each network, ``(networks, tokens)``.

        Yields:
            The slice of networks, and their sums, ``(networks, width)``.

        Raises:
            UsageError: Tokens that are not of the space; the message names the first.
        """
        population = np.asarray(tokens, np.int64)
        self._check(population)
        for start in range(0, len(population), _CHUNK):
            chunk = slice(start, start + _CHUNK)
            some = population[chunk]
            yield chunk, self._sums(some) if self._tables else self._sum_each_network(some)

    def _sums(self, tokens: IntArray) -> Array:
        rows = [table.rows(tokens) for table in self._tables]
        sums = np.zeros((len(tokens), self._width))
        paying = np.zeros(len(tokens), np.int64)
        for table, chosen in zip(self._tables, rows, strict=True):
            sums += table.plain[chosen]
            paying += table.pays[chosen]
        merges = paying > 0
        if merges.any():
            sums[merges] = sum(
                table.merged[chosen[merges]]
                for table, chosen in zip(self._tables, rows, strict=True)
            )
        return sums

    def _sum_each_network(self, tokens: IntArray) -> Array:
        """The sums for a space without segments; each network is evaluated once."""
        sums = np.zeros((len(tokens), self._width))
        for row, vector in zip(sums, tokens.tolist(), strict=True):
            key = tuple(vector)
            if key not in self._known:
                counts = Counter(self._space.operators(key, self._target))
                self._known[key] = np.array(list(counts.values())) @ self._rows_of(list(counts))
            row[:] = self._known[key]
        return sums

    def _check(self, tokens: IntArray) -> None:
        if tokens.ndim != 2 or tokens.shape[1] != self._ranges.size:
            raise UsageError(
                f"networks of {self._space.name} have {self._ranges.size} tokens each, "
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


def _segment_table(rows_of: RowsOf, segment: Segment, variants: Sequence[Variant]) -> _SegmentTable:
    """Counts of operators for each choice, times the operators' rows."""
    specs = list(
        dict.fromkeys(
            spec
            for variant in variants
            for counts in (variant.plain, variant.merged)
            for spec in counts
        )
    )
    place = {spec: index for index, spec in enumerate(specs)}
    rows = rows_of(specs)
    sizes = np.array([*segment.ranges[1:], 1], np.int64) if segment.ranges else np.empty(0, int)
    return _SegmentTable(
        positions=list(segment.positions),
        strides=np.cumprod(sizes[::-1])[::-1].astype(np.int64),
        plain=_sums([variant.plain for variant in variants], place, rows),
        merged=_sums([variant.merged for variant in variants], place, rows),
        pays=np.array([variant.pays for variant in variants], np.int64),
    )


def _sums(
    choice_counts: list[Mapping[OpSpec, int]], place: Mapping[OpSpec, int], rows: Array
) -> Array:
    """Sum of the operators' rows for each choice, ``(choices, width)``."""
    from scipy.sparse import csr_matrix

    triples = [
        (row, place[spec], count)
        for row, counts in enumerate(choice_counts)
        for spec, count in counts.items()
        if count
    ]
    choices, columns, counts = np.array(triples, np.int64).reshape(-1, 3).T
    table = csr_matrix(
        (counts.astype(np.float64), (choices, columns)), (len(choice_counts), len(place))
    )
    sums: Array = table @ rows
    return sums
