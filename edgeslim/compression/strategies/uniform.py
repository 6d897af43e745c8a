"""Prunes every channel group by the same share, once."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from edgeslim.compression.strategies._pruning import (
    Pruner,
    PruneStrategySettings,
    Ratio,
    target_macs_text,
)
from edgeslim.compression.strategies._strategy import StrategyEntry
from edgeslim.compression.strategy_settings import Span

if TYPE_CHECKING:
    from edgeslim.compression.configuration import Configuration
    from edgeslim.compression.state import CompressionState

__all__ = ["STRATEGY"]


class UniformSettings(PruneStrategySettings, frozen=True, kw_only=True):
    """Keys of `UniformPruneStrategy`.

    Args:
        target_ratio: Share of the work that is removed at ``start_epoch``.
    """

    goes_by_metric: ClassVar[bool] = False
    no_effect: ClassVar[dict[str, str]] = {
        "end_epoch": "the network is pruned at start_epoch, and trained to the end"
    }

    target_ratio: Ratio = 0.5

    def span(self, epochs: int) -> Span:  # noqa: ARG002 - it takes one epoch
        return Span(first=self.start_epoch, last=self.start_epoch, role=self.role)


class _Uniform(Pruner):
    def __init__(self, name: str, settings: UniformSettings, configuration: Configuration) -> None:
        super().__init__(name, settings, configuration)
        self._target = target_macs_text(settings.target_ratio)

    def check(self, state: CompressionState) -> None:
        self.check_names(state)
        self.check_step(state, self.base(state, target_macs=self._target))

    def begin_epoch(self, state: CompressionState, epoch: int) -> None:
        self.take_step(state, epoch, self.base(state, target_macs=self._target))


STRATEGY = StrategyEntry(class_name="UniformPruneStrategy", settings=UniformSettings, make=_Uniform)
