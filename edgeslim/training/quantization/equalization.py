"""Equalisation across layers: channels of an activation get ranges that one scale fits.

An int8 kernel has one scale for a whole activation, so a channel whose values are a hundredth of
the largest ones keeps two of 255 steps. Where a convolution reads what a ReLU (or another
function with ``f(s x) = s f(x)`` for ``s > 0``) made of a norm or of a sum with a bias, each
channel can be divided by a factor before the function and multiplied by it in the weights behind:
the network computes the same (Nagel, van Baalen, Blankevoort & Welling, 2019, "Data-Free
Quantization Through Weight Equalization and Bias Correction", https://arxiv.org/abs/1906.04721).
They balance ranges of weights; here those of activations and of the weights that read them are
balanced, since weights may have a scale for each output channel and activations may not. Pure
NumPy.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from edgeslim.paddle_io.block_edits import (
    argument,
    attribute,
    makers_of,
    names_in,
    readers_of,
    reading_operators,
)
from edgeslim.paddle_io.parameters import persistent_tensors
from edgeslim.paddle_io.program_graph import fetch_names
from edgeslim.paddle_io.quantized_program import CONVOLUTIONS, QuantizableOperator

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["Reader", "ScalableActivation", "equalize", "find_scalable", "scale_channels"]

_HOMOGENEOUS = frozenset({"relu", "leaky_relu", "pool2d", "abs"})
"""Operators that scale with their input, channel by channel, for factors above zero."""

_SMALLEST_FACTOR, _LARGEST_FACTOR = 1 / 1024, 1024.0
"""Channels that are hardly ever used are not made large for it."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Reader:
    """A convolution that reads a scalable activation.

    Args:
        weight: Name of its weight, ``(C_out, C_in / groups, ...)``.
        groups: Number of its groups.
    """

    weight: str
    groups: int


@dataclass(frozen=True, kw_only=True, slots=True)
class ScalableActivation:
    """An activation whose channels can be scaled without changing what the network computes.

    Args:
        name: Name of the activation, ``(N, C, H, W)``.
        divided: Names of the tensors whose first axis is its channels, and that are divided.
        readers: The convolutions that multiply the channels again, all that read it.
    """

    name: str
    divided: tuple[str, ...]
    readers: tuple[Reader, ...]


def find_scalable(
    program: Any,  # noqa: ANN401 - a ProgramDesc
    operators: Sequence[QuantizableOperator],
) -> tuple[ScalableActivation, ...]:
    """Finds the activations of a program that can be equalised, in order.

    Args:
        program: The ``ProgramDesc``, not quantized.
        operators: Its operators that are quantized.
    """
    block = program.blocks[0]
    search = _Search(
        makers=makers_of(block),
        reading=reading_operators(block),
        counts=readers_of(block),
        weights=persistent_tensors(program),
        fetched=frozenset(fetch_names(program)),
    )
    names = dict.fromkeys(one.activation for one in operators if one.kind in CONVOLUTIONS)
    found = (search.scalable(name) for name in names)
    return tuple(one for one in found if one is not None)


@dataclass(frozen=True, kw_only=True, slots=True)
class _Search:
    makers: Mapping[str, Any]
    reading: Mapping[str, list[Any]]
    counts: Mapping[str, int]
    weights: Mapping[str, tuple[int, ...]]
    fetched: frozenset[str]

    def scalable(self, name: str) -> ScalableActivation | None:
        readers = self._readers(name)
        maker = self.makers.get(name)
        while maker is not None and maker.type in _HOMOGENEOUS:
            name_before = argument(maker.inputs, "X")
            if not self._is_read_once(name_before):
                return None
            maker = self.makers.get(name_before)
        divided = self._divisible_tensors(maker)
        if not readers or not divided or name in self.fetched:
            return None
        return ScalableActivation(name=name, divided=divided, readers=readers)

    def _readers(self, name: str) -> tuple[Reader, ...]:
        """All that read an activation, if they are convolutions with weights of their own."""
        found = []
        for op in self.reading[name]:
            weight = argument(op.inputs, "Filter")
            own = op.type in CONVOLUTIONS and weight in self.weights and self.counts[weight] == 1
            if not own or argument(op.inputs, "Input") != name or not _is_channels_first(op):
                return ()
            found.append(Reader(weight=weight, groups=int(attribute(op, "groups", 1))))
        return tuple(found)

    def _divisible_tensors(self, maker: Any) -> tuple[str, ...]:  # noqa: ANN401 - an OpDesc or None
        """The tensors by which an operator can divide its channels; none if it cannot."""
        if maker is None:
            return ()
        if maker.type == "batch_norm" and _is_channels_first(maker):
            return self._own(argument(maker.inputs, "Scale"), argument(maker.inputs, "Bias"))
        if maker.type == "elementwise_add" and int(attribute(maker, "axis", -1)) == 1:
            before = self.makers.get(argument(maker.inputs, "X"))
            bias = argument(maker.inputs, "Y")
            if (
                before is None
                or before.type not in CONVOLUTIONS
                or not self._is_read_once(argument(maker.inputs, "X"))
            ):
                return ()
            if argument(before.inputs, "Bias") or not _is_channels_first(before):
                return ()
            weight = argument(before.inputs, "Filter")
            # One number that is added to all channels cannot be divided by channel.
            alike = self.weights.get(bias, ())[:1] == self.weights.get(weight, ())[:1]
            return self._own(weight, bias) if alike else ()
        return ()

    def _own(self, *names: str) -> tuple[str, ...]:
        own = all(name in self.weights and self.counts[name] == 1 for name in names)
        return names if own else ()

    def _is_read_once(self, name: str) -> bool:
        return self.counts[name] == 1 and name not in self.fetched


def _is_channels_first(op: Any) -> bool:  # noqa: ANN401 - an OpDesc
    kind = attribute(op, "data_format", attribute(op, "data_layout", "NCHW"))
    return kind in {"NCHW", "AnyLayout"} and bool(names_in(op.inputs))


def equalize(
    found: Sequence[ScalableActivation],
    tensors: Mapping[str, NDArray[Any]],
    ranges: Mapping[str, NDArray[np.float64]],
    *,
    share: float,
    by_channel: bool,
) -> dict[str, NDArray[Any]]:
    """Scales channels so that their ranges are alike; returns the tensors that change.

    Args:
        found: The activations, as `find_scalable` gives them.
        tensors: Values of all parameters by name.
        ranges: Range of each channel ``(C,)`` of each activation by name, in the network as it is.
        share: How far the ranges of the activation become one: with 1 they become equal, with 0.5
            those of activations and of the weights that read them are balanced.
        by_channel: Whether weights have a scale for each output channel; where one reads a single
            channel, its range does not matter then.
    """
    changed: dict[str, NDArray[Any]] = {}
    for one in found:
        own = np.asarray(ranges[one.name], np.float64)
        now = {**tensors, **changed}
        weights = np.zeros_like(own)
        for reader in one.readers:
            weights = np.maximum(weights, _range_by_input(now[reader.weight], reader.groups))
        alone = all(reader.groups == own.size for reader in one.readers)
        changed |= scale_channels(
            one, now, _factors(own, weights, 1.0 if alone and by_channel else share)
        )
    return changed


def scale_channels(
    one: ScalableActivation, tensors: Mapping[str, NDArray[Any]], factors: NDArray[np.float64]
) -> dict[str, NDArray[Any]]:
    """Divides the channels of an activation, and multiplies them again where it is read.

    Args:
        one: One of those that `find_scalable` found.
        tensors: Values of all parameters by name.
        factors: What each channel is divided by, above 0, ``(C,)``.

    Returns:
        The tensors that change, by name.
    """
    changed: dict[str, NDArray[Any]] = {}
    for name in one.divided:
        shape = (-1,) + (1,) * (tensors[name].ndim - 1)
        changed[name] = (tensors[name] / factors.reshape(shape)).astype(np.float32)
    for reader in one.readers:
        weight = tensors[reader.weight]
        multiplied = weight * _by_input(factors, weight, reader.groups)
        changed[reader.weight] = multiplied.astype(np.float32)
    return changed


def _factors(
    own: NDArray[np.float64], weights: NDArray[np.float64], share: float
) -> NDArray[np.float64]:
    """What each channel is divided by; the largest range stays about what it was."""
    used = (own > 0) & (weights > 0)
    factors = np.ones_like(own)
    if not used.any():
        return factors
    factors[used] = own[used] ** share / weights[used] ** (1 - share)
    factors[used] *= np.max(own[used] / factors[used]) / np.max(own[used])
    return np.clip(factors, _SMALLEST_FACTOR, _LARGEST_FACTOR)


def _range_by_input(weight: NDArray[Any], groups: int) -> NDArray[np.float64]:
    """The largest magnitude by which each input channel is multiplied, ``(C_in,)``."""
    per_filter = np.abs(weight).reshape(*weight.shape[:2], -1).max(axis=2)
    by_group = per_filter.reshape(groups, -1, weight.shape[1])
    largest: NDArray[np.float64] = by_group.max(axis=1).reshape(-1)
    return largest


def _by_input(
    factors: NDArray[np.float64], weight: NDArray[Any], groups: int
) -> NDArray[np.float64]:
    """Factors of input channels, in a shape that multiplies a weight."""
    per_group = factors.reshape(groups, 1, weight.shape[1])
    rows = np.broadcast_to(per_group, (groups, weight.shape[0] // groups, weight.shape[1]))
    return rows.reshape(*weight.shape[:2], *(1,) * (weight.ndim - 2))
