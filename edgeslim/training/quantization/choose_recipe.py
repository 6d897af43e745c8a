"""Several ways to calibrate, judged by images that none of them has seen."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
import paddle

from edgeslim.errors import EdgeslimError, ModelError
from edgeslim.training.quantization.calibration_images import CalibrationImages
from edgeslim.training.quantization.layerwise import LayerwiseCalibration, QuantizedModel
from edgeslim.training.quantization.recipe import Recipe, RecipeTrial
from edgeslim.training.quantization.signal_to_noise import signal_to_noise_db

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from paddle import nn

__all__ = ["choose_recipe"]

_log = logging.getLogger(__name__)


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
        recipes: The recipes, at least one; of equal ones the first is kept. One that fails is
            left out with a warning.
        on_recipe: Called with each recipe when it is judged.
        on_layer: Called with a recipe and the name of a layer's output when that is corrected.

    Raises:
        ModelError: Outputs that are not finite, in floats or by every recipe.
    """
    wanted = _outputs(float_net, images.held_out)
    best: QuantizedModel | None = None
    trials: list[RecipeTrial] = []
    failures: list[Exception] = []
    for recipe in recipes:
        try:
            made = calibration.quantize(recipe, partial(on_layer, recipe))
            outputs = _outputs(made.net, images.held_out)
        # Besides its own errors, those that NumPy and Paddle raise.
        except (EdgeslimError, ValueError, RuntimeError, ArithmeticError) as error:
            if len(recipes) > 1:
                why = str(error).strip().splitlines() or [type(error).__name__]
                _log.warning("%s is left out, since it failed: %s", recipe.text, why[-1])
            failures.append(error)
            continue
        trial = RecipeTrial(recipe=recipe, snr_db=signal_to_noise_db(wanted, outputs))
        if best is None or trial.snr_db > max(known.snr_db for known in trials):
            best = made
        trials.append(trial)
        on_recipe(trial)
    if best is None:
        raise failures[0]
    return best, tuple(trials)


def _outputs(net: nn.Layer, images: NDArray[np.float32]) -> list[NDArray[Any]]:
    net.eval()
    with paddle.no_grad():
        outputs = [output.numpy() for output in net(paddle.to_tensor(images))]
    if not all(np.isfinite(output).all() for output in outputs):
        raise ModelError("calibration failed: the network gives values that are no numbers")
    return outputs
