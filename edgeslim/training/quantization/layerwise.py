"""Calibration layer by layer: each sees what the rounded layers before it really give.

A network is run twice. In floats, it shows the range of each activation and what each layer
should write; rounded, each layer in turn is corrected before the next one reads it: the directions
in which its weights are rounded (`edgeslim.training.quantization.learned_rounding`), and the mean
of its outputs, which rounding and clipping move (bias correction, Nagel et al. 2019,
https://arxiv.org/abs/1906.04721, here by what the calibration images give).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import paddle

from edgeslim.training.quantization._observed import (
    Observed,
    first_output,
    mean_by_channel,
    measure_ranges,
    observe,
)
from edgeslim.training.quantization.equalization import (
    ScalableActivation,
    equalize,
    find_scalable,
)
from edgeslim.training.quantization.learned_rounding import (
    LayerInputs,
    best_scales,
    learn_rounding,
)
from edgeslim.training.quantization.offsets import Offset, find_offsets
from edgeslim.training.quantization.patches import matrix_of, tensor_of
from edgeslim.training.quantization.quantized_net import QuantizedNet
from edgeslim.training.quantization.recipe import Recipe
from edgeslim.training.quantization.thresholds import METHODS

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from paddle import Tensor

    from edgeslim.paddle_io.eager_functions import Slots
    from edgeslim.paddle_io.eager_operators import EagerOperator
    from edgeslim.paddle_io.quantized_program import QuantizableOperator
    from edgeslim.training.program_net import ProgramNet
    from edgeslim.training.quantization.settings import QuantizationSettings

    Arrays = dict[str, NDArray[Any]]

__all__ = ["CorrectedRun", "LayerwiseCalibration", "QuantizedModel"]

_AT_ONCE = 64
"""Images that are run at once in floats."""


@dataclass(frozen=True, kw_only=True, slots=True)
class QuantizedModel:
    """A network that was quantized layer by layer.

    Args:
        net: The quantized network, whose tensors have their final values.
        recipe: How it was calibrated.
        floats: What the tensors were that calibration changed for single layers, in the network
            that computes the same as before; by the name of the layer's output, and their own.
        offsets: What means were corrected in, by the names of layers' outputs.
    """

    net: QuantizedNet
    recipe: Recipe
    floats: Mapping[str, Arrays]
    offsets: Mapping[str, Offset]


class LayerwiseCalibration:
    """Quantizes a network in several ways by what it computes for the same images.

    Args:
        load: Makes the network in floats, another one each time.
        images: Images ``(N, C, H, W)`` for its only input.
        settings: Bits and types of scales, and layers that are left out.

    Raises:
        UsageError: Settings out of range; the network is quantized already.
        ModelError: Nothing can be quantized, or the outputs are not finite.
    """

    def __init__(
        self,
        load: Callable[[], ProgramNet],
        images: NDArray[np.float32],
        settings: QuantizationSettings,
    ) -> None:
        self._load = load
        self._images = images
        self._settings = settings
        net = load()
        self._operators: tuple[QuantizableOperator, ...] = QuantizedNet(net, settings).quantizable
        self._scalable: Sequence[ScalableActivation] = find_scalable(net.program, self._operators)
        self._offsets: Mapping[str, Offset] = find_offsets(net.program, self._operators)
        self._ranges: dict[str, NDArray[np.float64]] = {}
        self._observed: dict[tuple[float | None, bool], tuple[Arrays, Observed]] = {}

    @property
    def has_scalable_activations(self) -> bool:
        """Whether equalisation changes anything."""
        return bool(self._scalable)

    def quantize(
        self, recipe: Recipe, on_layer: Callable[[str], None] = lambda _: None
    ) -> QuantizedModel:
        """Quantizes the network by a recipe.

        Args:
            recipe: Which scales, and what is equalised, corrected and learned.
            on_layer: Called with the name of a layer's output when it is corrected.
        """
        equalized, observed = self._in_floats(recipe)
        net = self._load()
        net.set_tensors(equalized)
        quantized = QuantizedNet(net, self._settings)
        levels = 2 ** (self._settings.activation_bits - 1) - 1
        find = METHODS[recipe.method]
        quantized.set_scales(
            {name: find(known, levels) for name, known in observed.magnitudes.items()}
        )
        quantized.eval()
        if not recipe.correct and not recipe.learn:
            return QuantizedModel(net=quantized, recipe=recipe, floats={}, offsets={})
        run = CorrectedRun(quantized, observed, self._offsets, recipe, on_layer)
        run.run(self._images)
        net.set_tensors({name: value for of in run.changed.values() for name, value in of.items()})
        return QuantizedModel(
            net=quantized, recipe=recipe, floats=run.floats, offsets=self._offsets
        )

    def _in_floats(self, recipe: Recipe) -> tuple[Arrays, Observed]:
        """The tensors that equalisation changes, and what the network then shows."""
        for learns in (recipe.learn, True):
            if (recipe.equalize, learns) in self._observed:
                return self._observed[recipe.equalize, learns]
        net, changed = self._load(), {}
        batches = [
            paddle.to_tensor(self._images[start : start + _AT_ONCE])
            for start in range(0, len(self._images), _AT_ONCE)
        ]
        if recipe.equalize is not None and self._scalable:
            names = [one.name for one in self._scalable]
            self._ranges = self._ranges or measure_ranges(net, names, batches)
            changed = equalize(
                self._scalable,
                net.tensors(),
                self._ranges,
                share=recipe.equalize,
                by_channel=self._settings.by_channel,
            )
            net.set_tensors(changed)
        observed = observe(net, self._operators, batches, learns=recipe.learn)
        self._observed[recipe.equalize, recipe.learn] = changed, observed
        return changed, observed


class CorrectedRun:
    """A run that corrects each layer as soon as its rounded inputs are known.

    Args:
        quantized: The network, as it is to be corrected.
        observed: What it showed in floats for the same images.
        offsets: What means are corrected in, by the names of layers' outputs.
        recipe: What is corrected and learned.
        on_layer: Called with the name of a layer's output when it is corrected.

    Attributes:
        changed: The new value of each tensor by its name, for each layer by that of its output.
        floats: What these tensors were.
    """

    def __init__(
        self,
        quantized: QuantizedNet,
        observed: Observed,
        offsets: Mapping[str, Offset],
        recipe: Recipe,
        on_layer: Callable[[str], None] = lambda _: None,
    ) -> None:
        self._net = quantized
        self._settings = quantized.settings
        self._observed = observed
        self._offsets = offsets
        self._recipe = recipe
        self._on_layer = on_layer
        self._tensors = quantized.net.tensors()
        self._layers = {one.output: one for one in quantized.rounded_layers}
        self._shared = quantized.shared_weights
        self._means: dict[str, NDArray[np.float64]] = {}
        self.changed: dict[str, Arrays] = {}
        self.floats: dict[str, Arrays] = {}

    def run(self, images: NDArray[np.float32]) -> None:
        """Runs the network with all images ``(N, C, H, W)`` at once; its tensors stay."""
        with paddle.no_grad():
            self._net.run([paddle.to_tensor(images)], self._watch, self._change)

    def _change(self, operator: EagerOperator, given: Slots) -> Slots:
        layer = self._layers.get(first_output(operator))
        if layer is not None:
            return self._with_learned_weight(layer, given)
        for slot, names in operator.inputs.items():
            for name in names:
                offset = self._offsets.get(name)
                if slot == "X" and offset is not None and name in self._means:
                    return self._with_offset(offset, given)
        return given

    def _watch(self, operator: EagerOperator, written: Mapping[str, Tensor]) -> None:
        name = first_output(operator)
        layer = self._layers.get(name)
        if layer is not None and name in written:
            self._means[name] = mean_by_channel(written[name], layer.kind)
            self._on_layer(name)

    def _with_offset(self, offset: Offset, given: Slots) -> Slots:
        if not self._recipe.correct:
            return given
        name = offset.layer
        error = self._means[name] - self._observed.means[name]
        before = self._tensors[offset.tensor]
        value = (before - offset.sign * error).astype(before.dtype)
        self._keep(name, offset.tensor, value)
        return {**given, offset.slot: (paddle.to_tensor(value),)}

    def _with_learned_weight(self, layer: QuantizableOperator, given: Slots) -> Slots:
        name = layer.output
        patches = self._observed.patches.get(name)
        if not self._recipe.learn or patches is None or layer.weight in self._shared:
            return given
        weight = self._tensors[layer.weight]
        read = patches.inputs(given[layer.activation_slot][0].numpy())
        wanted = np.concatenate(self._observed.wanted[name], axis=2)
        matrix = matrix_of(weight, len(read), layer.axis)
        centred = self._recipe.correct and name in self._offsets
        known = LayerInputs.of(read, wanted, centred=centred)
        levels = 2 ** (self._settings.weight_bits - 1) - 1
        scale = best_scales(matrix, known, levels, by_channel=self._settings.by_channel)
        steps = learn_rounding(matrix, scale, levels, known)
        value = tensor_of(steps / levels * scale, weight.shape, layer.axis)
        self._keep(name, layer.weight, value)
        return {**given, layer.weight_slot: (paddle.to_tensor(value),)}

    def _keep(self, layer: str, tensor: str, value: NDArray[Any]) -> None:
        self.changed.setdefault(layer, {})[tensor] = value
        self.floats.setdefault(layer, {})[tensor] = self._tensors[tensor]
