"""Measures what rounding costs, layer by layer: noise, clipping, and the task's metric."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import numpy as np
import paddle

from edgeslim.training.quantization._observed import Observed, first_output, observe
from edgeslim.training.quantization.layer_errors import LayerError
from edgeslim.training.quantization.layerwise import CorrectedRun
from edgeslim.training.quantization.recipe import Recipe
from edgeslim.training.quantization.signal_to_noise import NoisePower

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from paddle import Tensor

    from edgeslim.paddle_io.eager_operators import EagerOperator
    from edgeslim.paddle_io.quantized_program import QuantizableOperator
    from edgeslim.training.quantization.layerwise import QuantizedModel
    from edgeslim.training.quantization.quantized_net import QuantizedNet

    Arrays = dict[str, NDArray[Any]]

__all__ = ["LayerExplainer"]

_MOST_AT_ONCE = 64
_NOISE_IMAGES = 32
_LAYERS_AT_ONCE = 8
_MEANS_ALONE = Recipe(correct=True)
_ELEMENTS_AT_ONCE = 1 << 20
"""Elements of the images that are run at once."""


class LayerExplainer:
    """Rounds some layers of a quantized network and not others.

    What was learned of a layer's weights goes with it. Means are corrected anew, since those of
    other layers depend on which are rounded.

    Args:
        model: The quantized network, which is whole again after each call.
        images: Images ``(N, C, H, W)`` by which means are corrected, and noise and clipping
            measured.
        metric: Measures the task's metric of the network as it is.
    """

    def __init__(
        self,
        model: QuantizedModel,
        images: NDArray[np.float32],
        metric: Callable[[QuantizedNet], float],
    ) -> None:
        self._model = model
        self._net = model.net
        self._rounded: Mapping[str, Arrays] = _values_now(model)
        self._images = images
        self._metric = metric
        self._all = frozenset(layer.output for layer in model.net.quantizable)
        self._in_floats: Observed | None = None
        self._accumulated: dict[str, float] = {}

    @contextmanager
    def rounding(self, outputs: Collection[str]) -> Iterator[QuantizedNet]:
        """The network with only some layers rounded, all others as in floats.

        Args:
            outputs: Names of the outputs of these layers.
        """
        try:
            self._round_only(frozenset(outputs))
            yield self._net
        finally:
            self._round_only(self._all)

    def _round_only(self, outputs: frozenset[str]) -> None:
        net, own = self._net, self._net.net
        net.limit_to(outputs)
        for name, floats in self._model.floats.items():
            own.set_tensors(self._rounded[name] if name in outputs else floats)
        if not outputs or outputs == self._all or not self._model.offsets:
            return
        # First back to the means of the network in floats.
        for name in outputs & self._model.offsets.keys() & self._model.floats.keys():
            tensor = self._model.offsets[name].tensor
            own.set_tensors({tensor: self._model.floats[name][tensor]})
        run = CorrectedRun(net, self._float_facts(), self._model.offsets, _MEANS_ALONE)
        run.run(self._images)
        for changed in run.changed.values():
            own.set_tensors(changed)

    def _float_facts(self) -> Observed:
        """What the network shows in floats; its tensors and layers are as they were."""
        if self._in_floats is None:
            now = self._net.net.tensors()
            for floats in self._model.floats.values():
                self._net.net.set_tensors(floats)
            batches = list(self._batches(self._images))
            self._in_floats = observe(self._net.net, self._net.quantizable, batches, learns=False)
            self._net.net.set_tensors(now)
        return self._in_floats

    def metric_in_floats(self) -> float:
        """The metric of the network in floats."""
        with self.rounding(()) as net:
            return self._metric(net)

    def metric_rounded(self) -> float:
        """The metric with all layers rounded."""
        return self._metric(self._net)

    def explain(self, layer: QuantizableOperator, in_floats: float) -> LayerError:
        """Measures what rounding a layer costs; what it saves is not known here.

        Args:
            layer: One of the network's quantized operators.
            in_floats: The metric of the network in floats.
        """
        self._accumulated = self._accumulated or self._noise(self._all)
        name = layer.output
        wanted = self._collect_outputs((name,), rounded=())
        with self.rounding((name,)) as net:
            power = NoisePower()
            power.add(wanted[name], self._outputs_now((name,))[name])
            only = self._metric(net)
        with self.rounding(self._all - {name}) as net:
            others = self._metric(net)
        scale = self._net.activation_scales()[layer.activation]
        seen = self._float_facts().magnitudes[layer.activation]
        levels = 2 ** (self._net.settings.activation_bits - 1) - 1
        return LayerError(
            weight=layer.weight,
            output=name,
            kind=layer.kind,
            snr_alone_db=power.decibels,
            snr_accumulated_db=self._accumulated[name],
            scale=scale,
            largest=seen.largest,
            # Up to half a step beyond the scale, values are rounded to it like any other.
            clipped=seen.share_above(scale * (1 + 0.5 / levels)),
            loss_alone=in_floats - only,
            loss_others=in_floats - others,
        )

    def _batches(self, images: NDArray[np.float32]) -> Iterator[Tensor]:
        at_once = max(1, min(_MOST_AT_ONCE, _ELEMENTS_AT_ONCE // images[0].size))
        for start in range(0, len(images), at_once):
            yield paddle.to_tensor(images[start : start + at_once])

    def _collect_outputs(
        self, names: Collection[str], *, rounded: Collection[str]
    ) -> dict[str, NDArray[Any]]:
        """What layers write for a few images with only some layers rounded, by name."""
        with self.rounding(rounded):
            return self._outputs_now(names)

    def _outputs_now(self, names: Collection[str]) -> dict[str, NDArray[Any]]:
        found: dict[str, list[NDArray[Any]]] = {}

        def watch(operator: EagerOperator, written: Mapping[str, Tensor]) -> None:
            name = first_output(operator)
            if name in names and name in written:
                found.setdefault(name, []).append(written[name].numpy())

        self._net.eval()
        with paddle.no_grad():
            for batch in self._batches(self._images[:_NOISE_IMAGES]):
                self._net.run([batch], watch)
        return {name: np.concatenate(parts) for name, parts in found.items()}

    def _noise(self, rounded: Collection[str]) -> dict[str, float]:
        """Signal over noise of what the layers write that are rounded, by name.

        They are looked at a few at once, since what they write for all images may be much.
        """
        names, found = sorted(rounded), {}
        for start in range(0, len(names), _LAYERS_AT_ONCE):
            few = names[start : start + _LAYERS_AT_ONCE]
            wanted, got = (self._collect_outputs(few, rounded=which) for which in ((), rounded))
            for name in few:
                power = NoisePower()
                power.add(wanted[name], got[name])
                found[name] = power.decibels
        return found


def _values_now(model: QuantizedModel) -> dict[str, Arrays]:
    tensors = model.net.net.tensors()
    return {layer: {name: tensors[name] for name in of} for layer, of in model.floats.items()}
