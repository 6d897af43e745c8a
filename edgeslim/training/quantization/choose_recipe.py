"""Several ways to calibrate, judged by images that none of them has seen."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
import paddle

from edgeslim.errors import ModelError
from edgeslim.training.quantization.calibration_images import CalibrationImages
from edgeslim.training.quantization.layerwise import LayerwiseCalibration, QuantizedModel
from edgeslim.training.quantization.recipe import Recipe, RecipeTrial
from edgeslim.training.quantization.signal_to_noise import signal_to_noise_db

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from paddle import nn

__all__ = ["choose_recipe"]


def choose_recipe(
    calibration: LayerwiseCalibration,
    float_net: nn.Layer,
    images: CalibrationImages,
    recipes: Sequence[Recipe],
    *,
    on_recipe: Callable[[RecipeTrial], None] = lambda _: None,
    on_layer: Callable[[Recipe, str], None] = lambda *_: None,
) -> tuple[QuantizedModel, tuple[RecipeTrial, ...]]:
    """Quantizes by each recipe, and keeps what is nearest to the network in floats.

    Args:
        calibration: The network and the images that calibrate it, which gives a quantized one.
        float_net: The network in floats.
        images: The images; what decides is the ratio of signal and noise of the outputs for those
            that are held out.
        recipes: The recipes, at least one; of equal ones the first is kept.
        on_recipe: Called with each recipe when it is judged.
        on_layer: Called with a recipe and the name of a layer's output when that is corrected.

    Raises:
        ModelError: Outputs that are not finite.
    """
    wanted = _outputs(float_net, images.held_out)
    best: QuantizedModel | None = None
    trials: list[RecipeTrial] = []
    for recipe in recipes:
        made = calibration.quantize(recipe, partial(on_layer, recipe))
        trial = RecipeTrial(
            recipe=recipe, snr_db=signal_to_noise_db(wanted, _outputs(made.net, images.held_out))
        )
        if best is None or trial.snr_db > max(known.snr_db for known in trials):
            best = made
        trials.append(trial)
        on_recipe(trial)
    assert best is not None  # noqa: S101 - there is a recipe
    return best, tuple(trials)


def _outputs(net: nn.Layer, images: NDArray[np.float32]) -> list[NDArray[Any]]:
    net.eval()
    with paddle.no_grad():
        outputs = [output.numpy() for output in net(paddle.to_tensor(images))]
    if not all(np.isfinite(output).all() for output in outputs):
        raise ModelError("calibration failed: the network gives values that are no numbers")
    return outputs
