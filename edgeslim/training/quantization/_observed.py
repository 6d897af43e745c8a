"""What a network in floats shows of the layers that are to be rounded."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
import paddle

from edgeslim.errors import ModelError
from edgeslim.paddle_io.quantized_program import CONVOLUTIONS
from edgeslim.training.quantization.patches import (
    ConvolutionPatches,
    ProductPatches,
    patches_for,
)
from edgeslim.training.quantization.thresholds import Magnitudes

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from paddle import Tensor

    from edgeslim.paddle_io.eager_functions import Slots
    from edgeslim.paddle_io.eager_operators import EagerOperator
    from edgeslim.paddle_io.quantized_program import QuantizableOperator
    from edgeslim.training.program_net import ProgramNet

__all__ = ["Observed", "first_output", "mean_by_channel", "measure_ranges", "observe"]

_COLUMNS = 4096
"""Outputs of a layer that its rounding is learned by, at most."""


@dataclass(kw_only=True, slots=True)
class Observed:
    """What a network in floats showed.

    Args:
        magnitudes: Magnitudes of each quantized activation, by its name.
        means: Mean of each channel that a layer writes, by the name of its output.
        patches: Which outputs of a layer its rounding is learned by, and their inputs.
        wanted: These outputs of each layer, batch by batch.
    """

    magnitudes: dict[str, Magnitudes] = field(default_factory=dict)
    means: dict[str, NDArray[np.float64]] = field(default_factory=dict)
    patches: dict[str, ConvolutionPatches | ProductPatches] = field(default_factory=dict)
    wanted: dict[str, list[NDArray[np.float32]]] = field(default_factory=dict)


def first_output(operator: EagerOperator) -> str:
    """Name of the first tensor that an operator writes; empty if there is none."""
    return next((name for names in operator.outputs.values() for name in names), "")


def mean_by_channel(values: Tensor, kind: str) -> NDArray[np.float64]:
    """Mean of each channel ``(C,)`` that a layer writes.

    Args:
        values: What it writes: ``(N, C, H, W)`` of a convolution, ``(..., C)`` of a product.
        kind: Kind of its operator.
    """
    shape = values.shape
    is_convolution = kind in CONVOLUTIONS
    # A product on channels-last tensors has four axes as well.
    by_place = values if is_convolution else values.reshape([-1, shape[-1]])
    axes = [0, *range(2, len(shape))] if is_convolution else [0]
    mean: NDArray[np.float64] = by_place.mean(axis=axes).numpy().astype(np.float64)
    return mean


def measure_ranges(
    net: ProgramNet, names: Iterable[str], batches: Iterable[Tensor]
) -> dict[str, NDArray[np.float64]]:
    """The largest magnitude of each channel ``(C,)`` of some activations, by name."""
    wanted = set(names)
    found: dict[str, NDArray[np.float64]] = {}

    def watch(_operator: EagerOperator, written: Mapping[str, Tensor]) -> None:
        for name in wanted.intersection(written):
            largest = written[name].abs().max(axis=[0, 2, 3]).numpy().astype(np.float64)
            found[name] = np.maximum(found.get(name, largest), largest)

    net.eval()
    with paddle.no_grad():
        for batch in batches:
            net.run([batch], watch)
    return found


def observe(
    net: ProgramNet,
    operators: Sequence[QuantizableOperator],
    batches: Sequence[Tensor],
    *,
    learns: bool,
) -> Observed:
    """Runs a network in floats.

    Args:
        net: The network in floats, which is in evaluation mode afterwards.
        operators: Its operators that are to be rounded.
        batches: Images ``(N, C, H, W)`` for its only input.
        learns: Whether outputs are kept for learned rounding.

    Raises:
        ModelError: Values that are not finite.
    """
    watcher = _Watcher(operators, count=sum(len(batch) for batch in batches), learns=learns)
    net.eval()
    with paddle.no_grad():
        for batch in batches:
            for name in watcher.activations.intersection(net.feeds):
                watcher.add_magnitudes(name, batch)
            net.run([batch], watcher.watch, watcher.change)
    return watcher.result()


class _Watcher:
    def __init__(
        self, operators: Sequence[QuantizableOperator], *, count: int, learns: bool
    ) -> None:
        self.found = Observed()
        self.activations = {operator.activation for operator in operators}
        self._by_output = {operator.output: operator for operator in operators}
        self._count = count
        self._learns = learns
        self._shapes: dict[str, tuple[list[int], list[int]]] = {}
        self._sums: dict[str, NDArray[np.float64]] = {}
        self._counts: dict[str, int] = {}

    def result(self) -> Observed:
        """What was seen, with the means over all batches."""
        self.found.means = {name: self._sums[name] / self._counts[name] for name in self._sums}
        return self.found

    def add_magnitudes(self, name: str, values: Tensor) -> None:
        array = values.numpy()
        if not np.isfinite(array).all():
            raise ModelError(f"calibration failed: {name!r} has values that are no numbers")
        self.found.magnitudes.setdefault(name, Magnitudes()).add(array)

    def change(self, operator: EagerOperator, given: Slots) -> Slots:
        """Notes the shapes of a layer's inputs, which stay."""
        layer = self._by_output.get(first_output(operator))
        if layer is not None:
            read, weight = given[layer.activation_slot][0], given[layer.weight_slot][0]
            self._shapes[layer.output] = list(read.shape), list(weight.shape)
        return given

    def watch(self, operator: EagerOperator, written: Mapping[str, Tensor]) -> None:
        for name in self.activations.intersection(written):
            self.add_magnitudes(name, written[name])
        layer = self._by_output.get(first_output(operator))
        if layer is None or layer.output not in written:
            return
        name, values = layer.output, written[layer.output]
        mean = mean_by_channel(values, layer.kind)
        # The first axis need not be the batch: rows of all images may be folded into it.
        count = math.prod(values.shape) // len(mean)
        self._sums[name] = self._sums.get(name, np.zeros_like(mean)) + count * mean
        self._counts[name] = self._counts.get(name, 0) + count
        if self._learns:
            self._keep_outputs(operator, layer, values)

    def _keep_outputs(
        self, operator: EagerOperator, layer: QuantizableOperator, values: Tensor
    ) -> None:
        name, found = layer.output, self.found
        if name not in found.wanted:
            found.wanted[name] = []
            read, weight = self._shapes[name]
            patches = patches_for(
                operator.attributes,
                weight,
                (self._count, *read[1:]),
                (self._count, *values.shape[1:]),
                most=_COLUMNS,
                seed=layer.index,
            )
            if patches is not None:
                found.patches[name] = patches
        if name in found.patches:
            found.wanted[name].append(found.patches[name].outputs(values.numpy()))
