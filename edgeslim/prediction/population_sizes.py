"""Work, parameters and file sizes of a population of a space's networks, without any table."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from edgeslim.execution import Target
from edgeslim.ops import macs, paddleslim1_flops
from edgeslim.opspec import FLOAT_BYTES, OpSpec
from edgeslim.prediction.file_size import FILE_BYTES, operator_file_bytes
from edgeslim.prediction.network_features import Array
from edgeslim.prediction.segment_sums import IntArray, SegmentSums
from edgeslim.spaces import Space

__all__ = ["PopulationSizes", "Sizes"]


@dataclass(frozen=True, kw_only=True, slots=True)
class Sizes:
    """Sizes of networks after optimization, each ``(networks,)``.

    Args:
        macs: Multiply-accumulate operations of each network.
        parameters: Weights and biases after norms are folded into them.
        file_bytes: Predicted size of the optimized file; see `file_size`.
    """

    macs: IntArray
    parameters: IntArray
    file_bytes: IntArray


class PopulationSizes:
    """Sizes of networks of a space from their tokens.

    Args:
        space: Space whose networks are counted.
        target: Target that its networks are converted for.

    Attributes:
        target: Target that its networks are converted for.
    """

    def __init__(self, space: Space, target: Target) -> None:
        self.target = target
        self._space = space

    def of(self, tokens: IntArray) -> Sizes:
        """The sizes of networks.

        Args:
            tokens: Tokens of each network, ``(networks, tokens)``.

        Raises:
            UsageError: Tokens that are not of the space; the message names the first.
        """
        numbers = np.empty((len(tokens), 3), np.int64)
        for chunk, sums in self._sums.chunks(tokens):
            numbers[chunk] = np.rint(sums)
        return Sizes(
            macs=numbers[:, 0], parameters=numbers[:, 1], file_bytes=numbers[:, 2] + FILE_BYTES
        )

    def paddleslim1_flops(self, tokens: IntArray) -> IntArray:
        """Work of networks as PaddleSlim 1.x counts it, ``(networks,)``; see `edgeslim.ops`.

        Args:
            tokens: Tokens of each network, ``(networks, tokens)``.

        Raises:
            UsageError: Tokens that are not of the space; the message names the first.
        """
        counts = np.empty(len(tokens), np.int64)
        for chunk, sums in self._unfused_sums.chunks(tokens):
            counts[chunk] = np.rint(sums[:, 0])
        return counts

    @cached_property
    def _sums(self) -> SegmentSums:
        """Sums over the operators that the optimizer leaves."""
        return SegmentSums(self._space, self.target, _rows, 3)

    @cached_property
    def _unfused_sums(self) -> SegmentSums:
        """Sums over the operators before fusion, which PaddleSlim 1.x counts."""
        return SegmentSums(self._space, None, _flops, 1)


def _flops(specs: Sequence[OpSpec]) -> Array:
    return np.array([[paddleslim1_flops([spec])] for spec in specs], np.float64).reshape(-1, 1)


def _rows(specs: Sequence[OpSpec]) -> Array:
    return np.array(
        [
            (macs([spec]), spec.weight_bytes // FLOAT_BYTES, operator_file_bytes(spec))
            for spec in specs
        ],
        np.float64,
    ).reshape(-1, 3)
