"""A network that is quantized without training: calibrated, explained, partly kept in floats."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from edgeslim.errors import ModelError
from edgeslim.progress import Progress
from edgeslim.training.checkpoint import data_fingerprint, net_fingerprint
from edgeslim.training.evaluation import evaluate
from edgeslim.training.program_net import ProgramNet, load_program_net
from edgeslim.training.quantization.calibration_images import CalibrationImages
from edgeslim.training.quantization.choose_recipe import choose_recipe
from edgeslim.training.quantization.explain import LayerExplainer
from edgeslim.training.quantization.layer_costs import LayerCosts
from edgeslim.training.quantization.layer_errors import (
    ErrorsContext,
    ErrorsFile,
    Explanation,
    WholeMetrics,
    by_loss,
    costs_of,
)
from edgeslim.training.quantization.layerwise import LayerwiseCalibration, QuantizedModel
from edgeslim.training.quantization.mixed_precision import choose_floats, gains_of
from edgeslim.training.quantization.recipe import RecipeTrial, recipes_for
from edgeslim.training.quantization.settings import QuantizationSettings
from edgeslim.training.tasks import TaskData, draw_part

if TYPE_CHECKING:
    from paddle import nn

__all__ = ["QuantizationWork", "QuantizedPart"]

_MOST_CHOICES = 8
"""How often layers are chosen again, if those chosen before do not win enough."""


@dataclass(frozen=True, kw_only=True, slots=True)
class QuantizedPart:
    """A network of which some layers are quantized.

    Args:
        model: The network with its scales, and how it was calibrated.
        trials: The ways of calibration that were tried.
        settings: Bits, types of scales, and all layers that are left out.
        after: The task's metric of it, on all validation examples.
    """

    model: QuantizedModel
    trials: tuple[RecipeTrial, ...]
    settings: QuantizationSettings
    after: float


@dataclass(frozen=True, kw_only=True, slots=True)
class QuantizationWork:
    """What a network is quantized with.

    Args:
        prefix: The network in floats, as ``prefix.pdmodel`` and ``prefix.pdiparams``.
        task: The task, as on the command line.
        metric: Name of the task's metric.
        data: Examples that images are drawn from, and that judge, with the metric.
        images: Images that calibrate, and that judge how.
        settings: Bits, types of scales, and layers that are left out.
        method: How scales are found, or that several ways are tried.
        learn: Whether rounding is learned as well.
        progress: Shows how far it is.
    """

    prefix: Path
    task: str
    metric: str
    data: TaskData
    images: CalibrationImages
    settings: QuantizationSettings
    method: str
    learn: bool
    progress: Progress

    def quantize(self) -> QuantizedPart:
        """Calibrates the network in the way that turns out best, and evaluates it.

        Raises:
            UsageError: The network is quantized already, or settings are out of range.
            ModelError: Nothing can be quantized, or values are no numbers.
        """
        net = load_program_net(self.prefix)
        calibration = LayerwiseCalibration(self.load, self.images.seen, self.settings)
        recipes = recipes_for(
            self.method, learn=self.learn, scalable=calibration.has_scalable_activations
        )
        with self.progress.stage("calibration", len(recipes)) as stage:
            model, trials = choose_recipe(
                *(calibration, net, self.images, recipes),
                on_recipe=lambda trial: stage.advance(
                    note=f"{trial.recipe.text}: {trial.snr_db:.1f} dB"
                ),
                on_layer=lambda recipe, layer: stage.advance(0.0, note=f"{recipe.text}: {layer}"),
            )
        after = self.evaluate(model.net, "evaluation, quantized")
        return QuantizedPart(model=model, trials=trials, settings=self.settings, after=after)

    def evaluate(self, net: nn.Layer, title: str) -> float:
        """The task's metric of a network, on all validation examples."""
        with self.progress.stage(title, 1) as stage:
            return evaluate(net, self.data.validation, self.data.metric, on_share=stage.advance)

    def explain(
        self, part: QuantizedPart, costs: LayerCosts, *, images: int, seed: int, file: Path
    ) -> Explanation:
        """Measures what rounding costs, layer by layer; a file of it is gone on with.

        Args:
            part: The network as it was quantized, all layers or some.
            costs: What layers cost in floats.
            images: Number of validation examples that losses are measured on, at most.
            seed: Seed that chooses them.
            file: File that each layer is written to when it is measured.
        """
        count = len(self.data.validation)
        examples = draw_part(self.data.validation, min(1.0, images / count), seed)
        explainer = LayerExplainer(
            part.model,
            self.images.held_out,
            lambda net: evaluate(net, examples, self.data.metric),
        )
        context = ErrorsContext(
            model=net_fingerprint(self.load()),
            data=data_fingerprint(self.data),
            task=self.task,
            settings=part.settings,
            recipe=part.model.recipe,
            calibrated=len(self.images.seen),
            images=len(examples),
            seed=seed,
            metric=self.metric,
        )
        errors = ErrorsFile.open(file, context)
        baseline = errors.baseline or errors.add_baseline(
            WholeMetrics(
                in_floats=explainer.metric_in_floats(), all_rounded=explainer.metric_rounded()
            )
        )
        layers = part.model.net.quantizable
        todo = [layer for layer in layers if layer.output not in errors.layers]
        with self.progress.stage("layers", len(todo)) as stage:
            if len(todo) < len(layers):
                stage.note(f"{len(layers) - len(todo)} of {len(layers)} are in {file}")
            for layer in todo:
                error = explainer.explain(layer, baseline.in_floats)
                errors.add(error)
                stage.advance(note=f"{layer.weight}: loses {error.loss_alone:.2%} alone")
        return Explanation(
            images=len(examples),
            in_floats=baseline.in_floats,
            all_rounded=baseline.all_rounded,
            layers=by_loss(
                [
                    msgspec.structs.replace(
                        errors.layers[layer.output],
                        macs=costs.macs.get(layer.weight, 0),
                        float_ms=costs.float_ms.get(layer.weight),
                    )
                    for layer in layers
                ]
            ),
            table=costs.table,
        )

    def keep_floats(
        self, whole: QuantizedPart, explanation: Explanation, *, before: float, max_loss: float
    ) -> QuantizedPart:
        """Keeps the cheapest layers in floats with which the metric loses no more than allowed.

        What layers win together is not quite the sum of what each wins, so each choice is
        calibrated and evaluated, and if it loses too much, more is asked of the next one.

        Args:
            whole: The network with all layers quantized.
            explanation: What rounding costs, layer by layer.
            before: The metric of the network in floats, on all validation examples.
            max_loss: What may be lost of it.

        Raises:
            ModelError: No choice that was tried loses so little.
        """
        gains, costs = gains_of(explanation), costs_of(explanation.layers)
        order = sorted(
            range(len(gains)), key=lambda index: explanation.layers[index].snr_accumulated_db
        )
        needed = before - whole.after - max_loss
        chosen: tuple[int, ...] = ()
        for _ in range(_MOST_CHOICES):
            found = choose_floats(costs, gains, needed)
            if found is None or set(found) <= set(chosen):
                # Nothing more is known to win; the noisiest of the rest is as good a guess as any.
                rest = [index for index in order if index not in chosen]
                found = (*chosen, *rest[:1])
            chosen = found
            if len(chosen) >= len(gains):
                break
            part = self._without([explanation.layers[index].weight for index in chosen])
            if before - part.after <= max_loss:
                return part
            needed += before - part.after - max_loss
        raise ModelError(
            f"no choice of layers that stay in floats was found that loses at most {max_loss:.2%} "
            f"of {self.metric}; allow more by --max-loss, learn the rounding (--learn-rounding), "
            "or train the network quantized (edgeslim compress)"
        )

    def _without(self, weights: Sequence[str]) -> QuantizedPart:
        """The network calibrated anew with some layers in floats, by the names of their weights."""
        skip = (*self.settings.skip, *(f"^{re.escape(name)}$" for name in weights))
        settings = msgspec.structs.replace(self.settings, skip=skip)
        return replace(self, settings=settings).quantize()

    def load(self) -> ProgramNet:
        """The network in floats, another one each time."""
        return load_program_net(self.prefix)
