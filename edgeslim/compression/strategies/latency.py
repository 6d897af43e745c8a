"""Prunes to a latency by the table of a device, in one step or several."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

from msgspec import Meta

from edgeslim.compression.strategies._pruning import Pruner, PruneStrategySettings
from edgeslim.compression.strategies._strategy import StrategyEntry
from edgeslim.compression.strategy_settings import Span
from edgeslim.device import DeviceChoice
from edgeslim.durations import format_ms, parse_ms
from edgeslim.errors import UnknownNameError, UsageError
from edgeslim.pruning.strategies import STRATEGIES
from edgeslim.runs.pruning_run import PruneSettings

if TYPE_CHECKING:
    from edgeslim.compression.configuration import Configuration
    from edgeslim.compression.state import CompressionState

__all__ = ["STRATEGY"]


class LatencySettings(PruneStrategySettings, frozen=True, kw_only=True):
    """Keys of `LatencyPruneStrategy`, which is ours.

    Args:
        target_latency: Limit with its unit, such as ``20ms``.
        table: Latency table of the device, if not the compressor's.
        device: Device that measures the result, if not the compressor's; else the table decides.
        strategy: Pruning strategy that chooses widths.
        num_steps: Number of steps, spread evenly from ``start_epoch`` to ``end_epoch``.
        eval_rate: Share of the validation examples that sensitivities are measured on.
        sensitivities_file: File with known sensitivities.
    """

    target_latency: str
    table: str | None = None
    device: str | None = None
    strategy: str = "latency-optimal"
    num_steps: Annotated[int, Meta(ge=1)] = 1
    eval_rate: Annotated[float, Meta(gt=0, le=1)] | None = None
    sensitivities_file: str | None = None

    def span(self, epochs: int) -> Span:
        if self.num_steps == 1:
            return Span(first=self.start_epoch, last=self.start_epoch, role=self.role)
        return super().span(epochs)


class _Latency(Pruner):
    def __init__(self, name: str, settings: LatencySettings, configuration: Configuration) -> None:
        super().__init__(name, settings, configuration)
        self._own = settings
        common = configuration.compressor
        self._table = settings.table or common.table
        device = settings.device or common.device
        self._device = None if device is None else DeviceChoice(name=device)
        span = settings.span(common.epoch)
        self._epochs = _spread(span.first, span.last, settings.num_steps)

    def check(self, state: CompressionState) -> None:
        self.check_names(state)
        self._target_ms()
        if self._table is None:
            raise UsageError(
                f"{self.place}.table is missing: a latency is predicted by the table of a device"
            )
        if self._own.strategy not in STRATEGIES:
            problem = UnknownNameError("strategy", self._own.strategy, STRATEGIES.names())
            raise UsageError(f"{self.place}.strategy: {problem}")
        if len(self._epochs) < self._own.num_steps:
            raise UsageError(
                f"{self.place}.num_steps is {self._own.num_steps}, but there are "
                f"only {len(self._epochs)} epochs for them"
            )
        self.check_step(state, self._step(state, first=True))

    def begin_epoch(self, state: CompressionState, epoch: int) -> None:
        if epoch not in self._epochs:
            return
        left = len(self._epochs) - self._epochs.index(epoch)
        settings = self._step(state, first=epoch == self._epochs[0])
        record = self.take_step(state, epoch, settings, share=1 / left, device=self._device)
        if record.predicted_ms is not None and not record.why_whole:
            measured = record.measured_ms
            more = "" if measured is None else f", measured {format_ms(measured)}"
            predicted = format_ms(record.predicted_ms)
            state.add_event(f"strategies.{self.name}: predicted {predicted}{more}")

    def _target_ms(self) -> float:
        try:
            return parse_ms(self._own.target_latency)
        except UsageError as error:
            raise UsageError(f"{self.place}.target_latency: {error}") from error

    def _step(self, state: CompressionState, *, first: bool) -> PruneSettings:
        # Known sensitivities are those of the network before the first step.
        known = self.known_sensitivities(self._own.sensitivities_file) if first else None
        return self.base(
            state,
            strategy=self._own.strategy,
            target_ms=self._target_ms(),
            table=self._table,
            eval_share=self._own.eval_rate or 1.0,
            sensitivities=None if known is None else str(known),
        )


def _spread(first: int, last: int, steps: int) -> tuple[int, ...]:
    """Spreads steps over epochs as evenly as possible, from the first to the last."""
    if steps == 1:
        return (first,)
    found = (first + round(n * (last - first) / (steps - 1)) for n in range(steps))
    return tuple(dict.fromkeys(found))


STRATEGY = StrategyEntry(class_name="LatencyPruneStrategy", settings=LatencySettings, make=_Latency)
