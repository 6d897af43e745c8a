"""Quantization without training: scales of outputs are found on some images, at the very end."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Literal

from msgspec import Meta

from edgeslim.compression.strategies._quantizing import QuantizingSettings, checked_settings
from edgeslim.compression.strategies._strategy import Idle, Span, StrategyEntry

if TYPE_CHECKING:
    from edgeslim.compression.configuration import Configuration
    from edgeslim.compression.work import Work

__all__ = ["STRATEGY"]


class PostTrainingSettings(QuantizingSettings, frozen=True, kw_only=True):
    """Keys of `PostTrainingQuantizationStrategy`, which is ours.

    Args:
        method: How the scale of an output is found.
        batches: How many batches of training images are looked at.
        batch_size: Images of each.
    """

    no_effect: ClassVar[dict[str, str]] = {
        **QuantizingSettings.no_effect,
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

    def check(self, work: Work) -> None:  # noqa: ARG002 - as all strategies
        checked_settings(self._place, self._settings)

    def end_epoch(self, work: Work, epoch: int) -> None:  # noqa: ARG002 - it has one
        own = self._settings
        work.calibrate(
            checked_settings(self._place, own),
            method=own.method,
            batches=own.batches,
            batch_size=own.batch_size,
        )
        work.say(f"strategies.{self._name}: quantized by {own.method}")
        for path in own.save_paths:
            work.save_model(work.user_file(path) / "model")


def _make(name: str, settings: Any, configuration: Configuration) -> _PostTraining:  # noqa: ANN401
    return _PostTraining(name, settings, configuration)


STRATEGY = StrategyEntry(
    class_name="PostTrainingQuantizationStrategy", settings=PostTrainingSettings, make=_make
)
