"""What a quantization leaves beside its model: ``quantization.json``. Needs no Paddle."""

from __future__ import annotations

import msgspec

from edgeslim.training.quantization.layer_errors import Explanation
from edgeslim.training.quantization.recipe import RecipeTrial
from edgeslim.training.quantization.settings import QuantizationSettings

__all__ = ["QUANTIZATION_FILE", "QuantizationRecord"]

QUANTIZATION_FILE = "quantization.json"
"""Name of the file in a folder that says that its model was quantized, and how."""


class QuantizationRecord(msgspec.Struct, frozen=True, kw_only=True):
    """A quantization that is done.

    Args:
        model: The model in floats, as on the command line.
        task: The task, as on the command line.
        settings: Bits, types of scales, and layers that are left out.
        trials: The ways of calibration that were tried.
        chosen: Place of the one that was kept among them.
        metric: Name of the task's metric.
        before: The metric of the model in floats.
        after: The metric of the quantized model.
        examples: Number of examples of both.
        layers: Names of the weights that are rounded.
        in_floats: Names of weights of convolutions and fully connected layers that are not.
        bytes_before: Size of the model in bytes when it is converted for ``arm``.
        bytes_after: Size of the quantized model when it is converted for ``arm``.
        max_loss: What the metric was allowed to lose; None if that was not asked for.
        explanation: What rounding costs layer by layer, if that was measured: with all layers
            quantized, whatever stayed in floats afterwards.
        created: Day and time, UTC.
        edgeslim: Version that made it.
    """

    model: str
    task: str
    settings: QuantizationSettings
    trials: tuple[RecipeTrial, ...]
    chosen: int
    metric: str
    before: float
    after: float
    examples: int
    layers: tuple[str, ...]
    in_floats: tuple[str, ...]
    bytes_before: int
    bytes_after: int
    max_loss: float | None = None
    explanation: Explanation | None = None
    created: str = ""
    edgeslim: str = ""
