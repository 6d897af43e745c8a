"""From every channel group as much as costs the same loss, in one step or several.

The next of several steps is taken when the metric has settled (it changed by less than half a
per cent between the last two evaluations, the rule of PaddleSlim 1.x), and when no more epochs
are left than steps. Each step takes away the same share of the work.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Annotated, Any, ClassVar

from msgspec import Meta

from edgeslim.compression.strategies._pruning import (
    Pruner,
    PruneStrategySettings,
    Ratio,
    target_text,
)
from edgeslim.compression.strategies._strategy import Span, StrategyEntry
from edgeslim.files import write_bytes
from edgeslim.pruning.limits import parse_macs
from edgeslim.runs.pruning_run import PruneSettings

if TYPE_CHECKING:
    from edgeslim.compression.configuration import Configuration
    from edgeslim.compression.work import Work

__all__ = ["STRATEGY"]

_SETTLED = 0.005


class SensitiveSettings(PruneStrategySettings, frozen=True, kw_only=True):
    """Keys of `SensitivePruneStrategy`.

    Args:
        target_ratio: Share of the work that goes in the end.
        delta_rate: Sensitivities are measured at this share of a group's channels, twice it,
            and so on.
        num_steps: In how many steps; the last is taken at ``end_epoch`` at the latest.
        eval_rate: Share of the validation examples that sensitivities are measured by.
        sensitivities_file: Where they are kept; one that is there already is used, also a pickle
            that PaddleSlim left.
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

    def check(self, work: Work) -> None:
        self.check_names(work)
        self.check_step(work, self._step(work, target_text(self._own.target_ratio), first=True))

    def begin_epoch(self, work: Work, epoch: int) -> None:
        memory = work.memory(self.name)
        taken = int(memory.get("steps", 0))
        left = self._own.num_steps - taken
        if not left or not self._due(work, epoch, taken, left):
            return
        if "most" not in memory:
            memory["most"] = self._most(work)
        settings = self._step(work, str(memory["most"]), first=not taken)
        self.take_step(work, epoch, settings, share=1 / left)
        self._keep_sensitivities(work, epoch, taken)
        memory["steps"] = taken + 1

    def _due(self, work: Work, epoch: int, taken: int, left: int) -> bool:
        if not taken or self._last - epoch < left:
            return True
        name = work.named_metric(self._own.metric_name)
        known = [each.metrics[name] for each in work.history if name in each.metrics][-2:]
        return len(known) == 2 and abs(known[1] - known[0]) < _SETTLED * max(known[0], 1e-9)

    def _most(self, work: Work) -> int:
        """What may be left of the work: of the network as it is before the first step."""
        full = work.subject().work(self._own.counter, {})
        return round(parse_macs(target_text(self._own.target_ratio), full))

    def _step(self, work: Work, target: str, *, first: bool) -> PruneSettings:
        known = self.known_sensitivities(self._own.sensitivities_file) if first else None
        return self.base(
            work,
            strategy="sensitivity",
            target_macs=target,
            eval_share=self._own.eval_rate or 1.0,
            tested_ratios=_multiples(self._own.delta_rate),
            sensitivities=None if known is None else str(known),
        )

    def _keep_sensitivities(self, work: Work, epoch: int, taken: int) -> None:
        """Puts what was measured where the user wants it; of later steps beside it."""
        measured = work.own(self.name) / f"epoch-{epoch}" / "sensitivities.jsonl"
        wanted = self._own.sensitivities_file
        if wanted is None or not measured.exists():
            return
        target = work.user_file(wanted if not taken else f"{wanted}.epoch{epoch}")
        if not target.exists():
            write_bytes(target, measured.read_bytes())


def _multiples(delta: float) -> tuple[float, ...]:
    """A share, twice it and so on, below one."""
    return tuple(round(delta * n, 9) for n in range(1, math.ceil(1 / delta - 1e-9)))


def _make(name: str, settings: Any, configuration: Configuration) -> _Sensitive:  # noqa: ANN401
    return _Sensitive(name, settings, configuration)


STRATEGY = StrategyEntry(
    class_name="SensitivePruneStrategy", settings=SensitiveSettings, make=_make
)
