"""Post-training quantization, after the last epoch, by scales from some images."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, ClassVar, Literal

from msgspec import Meta

from edgeslim.compression.strategies._quantizing import QuantizationKeys, quantization_settings
from edgeslim.compression.strategies._strategy import Idle, StrategyEntry
from edgeslim.compression.strategy_settings import Span

if TYPE_CHECKING:
    from edgeslim.compression.configuration import Configuration
    from edgeslim.compression.state import CompressionState

__all__ = ["STRATEGY"]


class PostTrainingSettings(QuantizationKeys, frozen=True, kw_only=True):
    """Keys of `PostTrainingQuantizationStrategy`, which is ours.

    Args:
        method: How the scale of an activation is found.
        batches: Number of batches of training images for the calibration.
        batch_size: Number of images in each batch.
    """

    no_effect: ClassVar[dict[str, str]] = {
        **QuantizationKeys.no_effect,
        "start_epoch": "it comes when the last epoch is done",
        "end_epoch": "it comes when the last epoch is done",
    }

    activation_quantize_type: Literal["abs_max", "range_abs_max", "moving_average_abs_max"] = (
        "moving_average_abs_max"
    )
    method: Literal["kl", "mse", "histogram", "abs_max"] = "mse"
    batches: Annotated[int, Meta(ge=1)] = 8
    batch_size: Annotated[int, Meta(ge=1)] = 32

    def span(self, epochs: int) -> Span:
        return Span(first=epochs - 1, last=epochs - 1, role=self.role)


class _PostTraining(Idle):
    def __init__(
        self, name: str, settings: PostTrainingSettings, configuration: Configuration
    ) -> None:
        self._name = name
        self._place = f"{configuration.file}: strategies.{name}"
        self._settings = settings

    def check(self, state: CompressionState) -> None:  # noqa: ARG002 - as all strategies
        quantization_settings(self._place, self._settings)

    def end_epoch(self, state: CompressionState, epoch: int) -> None:  # noqa: ARG002 - it has one
        own = self._settings
        state.calibrate(
            quantization_settings(self._place, own),
            method=own.method,
            batches=own.batches,
            batch_size=own.batch_size,
        )
        state.add_event(f"strategies.{self._name}: quantized by {own.method}")
        for path in own.save_paths:
            state.save_model(Path(path) / "model")


STRATEGY = StrategyEntry(
    class_name="PostTrainingQuantizationStrategy", settings=PostTrainingSettings, make=_PostTraining
)
