"""A network that computes as its int8 kernels will, for quantization-aware training."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import paddle
from paddle import Tensor, nn

from edgeslim.errors import ModelError, UsageError
from edgeslim.opspec import Shape
from edgeslim.paddle_io.eager_functions import Slots
from edgeslim.paddle_io.eager_operators import EagerOperator
from edgeslim.paddle_io.parameters import write_program
from edgeslim.paddle_io.proto import framework
from edgeslim.paddle_io.quantized_program import (
    QuantizableOperator,
    insert_rounding,
    is_quantized,
    quantizable_operators,
    scale_name,
)
from edgeslim.training._program_steps import ReplaceInputs
from edgeslim.training.program_net import ProgramNet, Watch
from edgeslim.training.quantization._rounding import round_activation, round_weight
from edgeslim.training.quantization._scales import ActivationScale, scale_for
from edgeslim.training.quantization.settings import QuantizationSettings

__all__ = ["QuantizedNet"]

_SMALLEST = 1e-8
"""Smallest scale, for a channel of zeros: opt divides by it."""


class QuantizedNet(nn.Layer):  # type: ignore[misc]
    """A network in which convolutions and fully connected layers compute with rounded numbers.

    Trained like any other: the weights stay finer than they are used, gradients pass through
    the rounding, and scales of activations follow the batches while it is in training mode.
    In evaluation mode it computes what the saved model does, to the bit but for sums of
    another order. All that changes is in its state.

    Args:
        net: The network, which becomes a part of this one.
        settings: Bits, types of scales and layers that are left out.

    Raises:
        UsageError: Settings out of range; the network is quantized already.
        ModelError: The network has nothing that can be quantized.
    """

    def __init__(self, net: ProgramNet, settings: QuantizationSettings) -> None:
        super().__init__()
        self.settings = settings.check()
        if is_quantized(net.program):
            raise UsageError("the model is quantized already; give the model before quantization")
        self.quantizable: tuple[QuantizableOperator, ...] = tuple(
            quantizable_operators(net.program, settings.skip)
        )
        if not self.quantizable:
            raise ModelError(
                "the model has no convolution or fully connected layer left that could be quantized"
            )
        self.net = net
        self._by_output = {quantizable.output: quantizable for quantizable in self.quantizable}
        self._readers = Counter(quantizable.activation for quantizable in self.quantizable)
        self.scales = nn.LayerList([scale_for(settings) for _ in self._readers])
        self._scale_of: dict[str, ActivationScale] = dict(
            zip(self._readers, self.scales, strict=True)
        )

    @property
    def feeds(self) -> dict[str, Shape]:
        """Shape of each input by name, as saved, in order."""
        return self.net.feeds

    @property
    def fetches(self) -> tuple[str, ...]:
        """Names of the outputs, in order."""
        return self.net.fetches

    def forward(self, *images: Tensor) -> list[Tensor]:
        """The outputs in order; raises as `run`."""
        return self.run(images)

    @property
    def shared_weights(self) -> frozenset[str]:
        """Names of the weights that several quantized operators read."""
        read = Counter(quantizable.weight for quantizable in self.quantizable)
        return frozenset(name for name, count in read.items() if count > 1)

    @property
    def rounded_layers(self) -> tuple[QuantizableOperator, ...]:
        """The layers that are rounded now, in order; see `limit_to`."""
        return tuple(self._by_output.values())

    def limit_to(self, outputs: Collection[str]) -> None:
        """Rounds only the layers with these outputs from now on; others compute in floats."""
        self._by_output = {one.output: one for one in self.quantizable if one.output in outputs}

    def run(
        self,
        images: Sequence[Tensor],
        watch: Watch | None = None,
        change: ReplaceInputs | None = None,
    ) -> list[Tensor]:
        """As `ProgramNet.run`; ``change`` is given inputs that are rounded already.

        Raises:
            ModelError: As `ProgramNet.run`; or in evaluation before any batch.
        """
        if not self.training:
            self._check_known()
        done: dict[str, Tensor] = {}

        def round_inputs(operator: EagerOperator, given: Slots) -> Slots:
            outputs = next(iter(operator.outputs.values()), ())
            quantizable = self._by_output.get(outputs[0]) if outputs else None
            if quantizable is not None:
                given = self._quantized_inputs(quantizable, given, done)
            return given if change is None else change(operator, given)

        return self.net.run(images, watch, round_inputs)

    def _quantized_inputs(
        self, quantizable: QuantizableOperator, given: Slots, done: dict[str, Tensor]
    ) -> Slots:
        """Rounds an operator's inputs; an activation that several read is rounded once."""
        name = quantizable.activation
        rounded = done.get(name)
        if rounded is None:
            rounded = self._round(name, given[quantizable.activation_slot][0])
            if self._readers[name] > 1:
                done[name] = rounded
        axis = quantizable.axis if self.settings.by_channel else None
        weight = round_weight(given[quantizable.weight_slot][0], self.settings.weight_bits, axis)
        return {
            **given,
            quantizable.activation_slot: (rounded,),
            quantizable.weight_slot: (weight,),
        }

    def _round(self, name: str, values: Tensor) -> Tensor:
        scale, bits = self._scale_of[name], self.settings.activation_bits
        if not self.training:
            return round_activation(values, scale.final_scale(), bits)
        with paddle.no_grad():
            largest = values.detach().abs().max()
            scale.observe(largest)
            current = scale.current(largest)
        return round_activation(values, current, bits)

    def _check_known(self) -> None:
        for name, scale in self._scale_of.items():
            if not scale.is_known:
                raise ModelError(
                    f"the range of {name!r} is not known yet; train or calibrate the quantized "
                    "network first"
                )

    def set_scales(self, thresholds: Mapping[str, float]) -> None:
        """Sets the scales of activations by name.

        Raises:
            UsageError: No such activation is quantized, or a scale is negative or infinite.
        """
        for name, threshold in thresholds.items():
            if name not in self._scale_of:
                raise UsageError(f"{name!r} is not a quantized activation")
            if not 0 <= threshold < np.inf:
                raise UsageError(f"the scale of {name!r} cannot be {threshold}")
        for name, threshold in thresholds.items():
            self._scale_of[name].set_scale(threshold)

    def activation_scales(self) -> dict[str, float]:
        """The scale of each quantized activation by name, as it is saved."""
        self._check_known()
        return {name: float(scale.final_scale()) for name, scale in self._scale_of.items()}

    def tensors(self) -> dict[str, np.ndarray[Any, Any]]:
        """The values of all that is saved by name: parameters, statistics, and scales."""
        values = self.net.tensors()
        for name, scale in self.activation_scales().items():
            values[scale_name(name)] = np.asarray([scale], np.float32)
        for quantizable in self.quantizable:
            values[scale_name(quantizable.weight)] = self._weight_scale(
                quantizable, values[quantizable.weight]
            )
        return values

    def _weight_scale(
        self, quantizable: QuantizableOperator, weight: np.ndarray[Any, Any]
    ) -> np.ndarray[Any, Any]:
        others = tuple(axis for axis in range(weight.ndim) if axis != quantizable.axis)
        largest: np.ndarray[Any, Any] = np.abs(weight).max(axis=others)
        if not self.settings.by_channel:
            largest = largest.max(keepdims=True)
        scale: np.ndarray[Any, Any] = np.maximum(largest, _SMALLEST).astype(np.float32)
        return scale

    def save(self, prefix: Path) -> None:
        """Writes ``prefix.pdmodel`` and ``prefix.pdiparams``, both or none.

        Paddle runs them, and ``opt`` makes int8 kernels of them if
        ``settings.int8_problem`` is empty; see `edgeslim.paddle_io.quantized_program`.

        Raises:
            ModelError: It has not seen any batch yet.
            UnwritableError: Read-only folder, full disk.
        """
        program = framework().ProgramDesc()
        program.CopyFrom(self.net.program)
        insert_rounding(
            program,
            self.quantizable,
            weight_bits=self.settings.weight_bits,
            activation_bits=self.settings.activation_bits,
            by_channel=self.settings.by_channel,
        )
        write_program(prefix, program, self.tensors())
