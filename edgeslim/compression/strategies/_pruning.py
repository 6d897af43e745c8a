"""Base of strategies that prune: their keys, and one step of pruning."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Literal

from msgspec import Meta

from edgeslim.channels.choice import check_pattern
from edgeslim.compression.strategies._strategy import Idle
from edgeslim.compression.strategy_settings import Role, StrategySettings
from edgeslim.device import DeviceChoice
from edgeslim.errors import EdgeslimError, UsageError
from edgeslim.pruning.criteria import check_criterion, find_criterion
from edgeslim.pruning.step import PruningStep
from edgeslim.pruning.work import change_text
from edgeslim.runs.pruning_run import PruneSettings, StepRecord

if TYPE_CHECKING:
    from edgeslim.compression.configuration import Configuration
    from edgeslim.compression.state import CompressionState

__all__ = ["PruneStrategySettings", "Pruner", "Ratio", "target_macs_text"]

_LOGGER = logging.getLogger(__name__)

Ratio = Annotated[float, Meta(gt=0, lt=1)]


class PruneStrategySettings(StrategySettings, frozen=True, kw_only=True):
    """Keys of all strategies that prune.

    Args:
        pruner: Name of the pruner, which has the criterion for channels.
        metric_name: Metric that decides, if not the task's own.
        pruned_params: Regular expression for names of weights; by default all groups.
        criterion: Criterion of ours, instead of the pruner's.
        counter: How work is counted; by default as the original does, whose target ratios refer
            to that.
    """

    role: ClassVar[Role] = Role.PRUNES
    goes_by_metric: ClassVar[bool] = True
    """Whether the result of the pruning depends on a metric."""

    pruner: str | None = None
    metric_name: str | None = None
    pruned_params: str = ""
    criterion: str | None = None
    counter: Literal["paddleslim1-flops", "macs"] = "paddleslim1-flops"

    def describe_unfinished(self, epochs: int) -> str:
        last = self.span(epochs).last
        if epochs == 1 or last + 1 < epochs:
            return ""
        return (
            f"it may prune the network at epoch {last}, the last: this epoch alone trains the "
            "result, at a learning rate that is almost zero; let it end earlier"
        )


class Pruner(Idle):
    """A strategy that prunes the network at the start of some epochs.

    Args:
        name: Name of the strategy in the configuration.
        settings: Keys of the strategy.
        configuration: The whole configuration file.
    """

    def __init__(
        self, name: str, settings: PruneStrategySettings, configuration: Configuration
    ) -> None:
        self.name = name
        self.place = f"{configuration.file}: strategies.{name}"
        self._settings = settings
        self._configuration = configuration

    @property
    def criterion(self) -> str:
        """The criterion by which channels are chosen."""
        settings = self._settings
        if settings.criterion is not None:
            return settings.criterion
        if settings.pruner is None:
            return "l1"
        return self._configuration.pruners[settings.pruner].criterion

    def base(self, state: CompressionState, **more: Any) -> PruneSettings:  # noqa: ANN401 - its own keys
        """Settings of a pruning step, with further keys for its goal."""
        wanted = self._settings.metric_name
        return PruneSettings(
            model=state.name,
            strategy=more.pop("strategy", "uniform"),
            criterion=self.criterion,
            match=self._settings.pruned_params,
            counter=self._settings.counter,
            task=state.task_name,
            metric=state.named_metric(None if self._ignores_metric(state) else wanted),
            seed=state.seed,
            **more,
        )

    def check_names(self, state: CompressionState) -> None:
        """Checks that the names in its keys are known.

        Raises:
            UsageError: A name is unknown; says which key.
        """
        wanted = self._settings.metric_name
        if self._ignores_metric(state):
            self.note(state, f"metric_name has no effect: {state.task_name} has no {wanted}")
        else:
            state.check_metric(self.place, wanted)
        try:
            find_criterion(self.criterion)
            if state.has_network:
                check_criterion(self.criterion, state.graph.parameters)
        except UsageError as error:
            where = f"{self._configuration.file}: pruners.{self._settings.pruner}.criterions"
            place = f"{self.place}.criterion" if self._settings.criterion else where
            raise UsageError(f"{place}: {str(error).removeprefix('criterion: ')}") from error
        try:
            check_pattern(self._settings.pruned_params)
        except UsageError as error:
            raise UsageError(f"{self.place}.pruned_params: {error}") from error

    def _ignores_metric(self, state: CompressionState) -> bool:
        """Whether it names a metric that the task lacks, as the original's files for detectors do.

        The metric is not used in that case.
        """
        settings = self._settings
        return not settings.goes_by_metric and state.lacks_original_metric(settings.metric_name)

    def note(self, state: CompressionState, remark: str) -> None:
        """Adds a note about a key to the result, and logs it once."""
        text = f"strategies.{self.name}.{remark}"
        if text not in state.notes:
            state.notes.append(text)
            _LOGGER.warning("%s: %s", self._configuration.file, text)

    def check_step(self, state: CompressionState, settings: PruneSettings) -> None:
        """Checks that a step can be taken on the current network; errors name the place."""
        if not state.has_network:
            return
        try:
            folder = state.path / "strategies" / self.name  # nothing is written there yet
            step = PruningStep(
                settings, state.prepare_model(), folder, share=1.0, progress=state.progress
            )
            step.check()
        except EdgeslimError as error:
            raise type_of(error)(f"{self.place}: {error}") from error

    def take_step(
        self,
        state: CompressionState,
        epoch: int,
        settings: PruneSettings,
        *,
        share: float = 1.0,
        device: DeviceChoice | None = None,
    ) -> StepRecord:
        """Decides what to prune, and prunes the network and its optimizer's velocities."""
        model, folder = state.prepare_model(), state.strategy_folder(self.name) / f"epoch-{epoch}"
        step = PruningStep(settings, model, folder, share=share, progress=state.progress)
        record = step.decide(device)
        if record.why_whole:
            state.add_event(f"strategies.{self.name}: {record.why_whole}")
            return record
        state.cut(model, record.plan)
        left = state.prepare_model().graph
        note = f"strategies.{self.name}: {change_text(settings.counter, model.graph, left)}"
        if record.metric_before is not None and record.metric_pruned is not None:
            count = record.judged["pruned"].examples
            note += (
                f", {settings.metric} {record.metric_before:.4f} -> {record.metric_pruned:.4f} "
                f"of {count:,} examples"
            )
        state.add_event(note)
        return record

    def known_sensitivities(self, file: str | None) -> Path | None:
        """The user's file with sensitivities, if it exists."""
        return None if file is None or not Path(file).exists() else Path(file)


def type_of(error: EdgeslimError) -> type[EdgeslimError]:
    """The type to raise an error again as, with a text alone."""
    return UsageError if isinstance(error, UsageError) else type(error)


def target_macs_text(ratio: float) -> str:
    """A share of work to remove, as the command line writes it."""
    return f"-{ratio * 100:.10g}%"
