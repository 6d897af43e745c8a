"""Prunes every channel group by as much as costs the same loss, in one step or several.

The next of several steps is taken when the metric is stable (it changed by less than half a per
cent between the last two evaluations, the rule of PaddleSlim 1.x), or when no more epochs are
left than steps. Each step removes the same share of the work.
"""

from __future__ import annotations

import math
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, ClassVar

from msgspec import Meta

from edgeslim.compression.strategies._pruning import (
    Pruner,
    PruneStrategySettings,
    Ratio,
    target_macs_text,
)
from edgeslim.compression.strategies._strategy import StrategyEntry
from edgeslim.compression.strategy_settings import Span
from edgeslim.files import write_bytes
from edgeslim.pruning.limits import parse_macs
from edgeslim.runs.pruning_run import PruneSettings

if TYPE_CHECKING:
    from edgeslim.compression.configuration import Configuration
    from edgeslim.compression.state import CompressionState

__all__ = ["STRATEGY"]

_STABLE = 0.005


class SensitiveSettings(PruneStrategySettings, frozen=True, kw_only=True):
    """Keys of `SensitivePruneStrategy`.

    Args:
        target_ratio: Share of the work that is removed in the end.
        delta_rate: Sensitivities are measured at this share of a group's channels, twice it,
            and so on.
        num_steps: Number of steps; the last is taken at ``end_epoch`` at the latest.
        eval_rate: Share of the validation examples that sensitivities are measured on.
        sensitivities_file: File of the sensitivities; an existing one is used, also a pickle of
            PaddleSlim.
    """

    editable: ClassVar[frozenset[str]] = frozenset({"end_epoch"})
    no_effect: ClassVar[dict[str, str]] = {
        "sensitivities": "sensitivities are read from sensitivities_file"
    }

    target_ratio: Ratio = 0.5
    delta_rate: Annotated[float, Meta(gt=0, le=0.5)] = 0.2
    num_steps: Annotated[int, Meta(ge=1)] = 1
    eval_rate: Annotated[float, Meta(gt=0, le=1)] | None = None
    sensitivities_file: str | None = None
    sensitivities: Any = None

    def span(self, epochs: int) -> Span:
        if self.num_steps == 1:
            return Span(first=self.start_epoch, last=self.start_epoch, role=self.role)
        return super().span(epochs)


class _Sensitive(Pruner):
    def __init__(
        self, name: str, settings: SensitiveSettings, configuration: Configuration
    ) -> None:
        super().__init__(name, settings, configuration)
        self._own = settings
        self._last = settings.span(configuration.compressor.epoch).last

    def check(self, state: CompressionState) -> None:
        self.check_names(state)
        self.check_step(
            state, self._step(state, target_macs_text(self._own.target_ratio), first=True)
        )

    def begin_epoch(self, state: CompressionState, epoch: int) -> None:
        memory = state.memory(self.name)
        taken = int(memory.get("steps", 0))
        left = self._own.num_steps - taken
        if not left or not self._is_due(state, epoch, taken, left):
            return
        if "most" not in memory:
            memory["most"] = self._most(state)
        settings = self._step(state, str(memory["most"]), first=not taken)
        self.take_step(state, epoch, settings, share=1 / left)
        self._keep_sensitivities(state, epoch, taken)
        memory["steps"] = taken + 1

    def _is_due(self, state: CompressionState, epoch: int, taken: int, left: int) -> bool:
        if not taken or self._last - epoch < left:
            return True
        name = state.named_metric(self._own.metric_name)
        known = [record.metrics[name] for record in state.history if name in record.metrics][-2:]
        return len(known) == 2 and abs(known[1] - known[0]) < _STABLE * max(known[0], 1e-9)

    def _most(self, state: CompressionState) -> int:
        """Largest work that may be left, from that of the network before the first step."""
        full = state.prunable_model().work(self._own.counter, {})
        return round(parse_macs(target_macs_text(self._own.target_ratio), full))

    def _step(self, state: CompressionState, target: str, *, first: bool) -> PruneSettings:
        known = self.known_sensitivities(self._own.sensitivities_file) if first else None
        return self.base(
            state,
            strategy="sensitivity",
            target_macs=target,
            eval_share=self._own.eval_rate or 1.0,
            tested_ratios=_multiples(self._own.delta_rate),
            sensitivities=None if known is None else str(known),
        )

    def _keep_sensitivities(self, state: CompressionState, epoch: int, taken: int) -> None:
        """Copies measured sensitivities to the user's file; those of later steps beside it."""
        measured = state.strategy_folder(self.name) / f"epoch-{epoch}" / "sensitivities.jsonl"
        wanted = self._own.sensitivities_file
        if wanted is None or not measured.exists():
            return
        target = Path(wanted if not taken else f"{wanted}.epoch{epoch}")
        if not target.exists():
            write_bytes(target, measured.read_bytes())


def _multiples(delta: float) -> tuple[float, ...]:
    """Multiples of a share that are below one."""
    return tuple(round(delta * n, 9) for n in range(1, math.ceil(1 / delta - 1e-9)))


STRATEGY = StrategyEntry(
    class_name="SensitivePruneStrategy", settings=SensitiveSettings, make=_Sensitive
)
