"""Quantization-aware training: from ``start_epoch`` on the network computes as if quantized."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from edgeslim.compression.strategies._quantizing import QuantizationKeys, quantization_settings
from edgeslim.compression.strategies._strategy import Idle, StrategyEntry

if TYPE_CHECKING:
    from edgeslim.compression.configuration import Configuration
    from edgeslim.compression.state import CompressionState

__all__ = ["STRATEGY"]


class _Quantization(Idle):
    def __init__(self, name: str, settings: QuantizationKeys, configuration: Configuration) -> None:
        self._name = name
        self._place = f"{configuration.file}: strategies.{name}"
        self._settings = settings
        self._span = settings.span(configuration.compressor.epoch)

    def check(self, state: CompressionState) -> None:  # noqa: ARG002 - as all strategies
        quantization_settings(self._place, self._settings)

    def begin_epoch(self, state: CompressionState, epoch: int) -> None:
        if epoch == self._span.first:
            settings = quantization_settings(self._place, self._settings)
            state.quantize(settings)
            problem = f", but {settings.int8_problem}" if settings.int8_problem else ""
            state.add_event(f"strategies.{self._name}: quantized{problem}")

    def end_epoch(self, state: CompressionState, epoch: int) -> None:
        if epoch == self._span.last:
            for path in self._settings.save_paths:
                state.save_model(Path(path) / "model")
                state.add_event(f"strategies.{self._name}: saved in {path}")


STRATEGY = StrategyEntry(
    class_name="QuantizationStrategy", settings=QuantizationKeys, make=_Quantization
)
