"""What strategies that prune have in common: their keys, and one step of pruning."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Literal

from msgspec import Meta

from edgeslim.channels.choice import check_pattern
from edgeslim.compression.strategies._strategy import Idle, Role, StrategySettings
from edgeslim.device import DeviceChoice
from edgeslim.errors import EdgeslimError, UsageError
from edgeslim.pruning.criteria import check_criterion, find_criterion
from edgeslim.pruning.step import PruningStep
from edgeslim.pruning.work import change_text
from edgeslim.runs.pruning_run import PruneSettings, StepRecord

if TYPE_CHECKING:
    from edgeslim.compression.configuration import Configuration
    from edgeslim.compression.work import Work

__all__ = ["PruneStrategySettings", "Pruner", "Ratio", "target_text"]

_LOGGER = logging.getLogger(__name__)

Ratio = Annotated[float, Meta(gt=0, lt=1)]


class PruneStrategySettings(StrategySettings, frozen=True, kw_only=True):
    """Keys of all strategies that prune.

    Args:
        pruner: Name of the pruner, which says by what criterion channels go.
        metric_name: The metric that decides, if not the task's own.
        pruned_params: Regular expression over names of weights; without one, all groups.
        criterion: Ours, instead of a pruner's.
        counter: How work is counted; the original's own count by default, in which its
            target ratios are.
    """

    role: ClassVar[Role] = Role.PRUNES
    goes_by_metric: ClassVar[bool] = True
    """Whether what is cut depends on a metric."""

    pruner: str | None = None
    metric_name: str | None = None
    pruned_params: str = ""
    criterion: str | None = None
    counter: Literal["paddleslim1-flops", "macs"] = "paddleslim1-flops"

    def unfinished(self, epochs: int) -> str:
        last = self.span(epochs).last
        if epochs == 1 or last + 1 < epochs:
            return ""
        return (
            f"it may cut the network at epoch {last}, the last: that alone trains what is left, "
            "at a learning rate that has all but fallen to nought; let it end earlier"
        )


class Pruner(Idle):
    """A strategy that cuts the network at the begin of some epochs.

    Args:
        name: Its name.
        settings: Its keys.
        configuration: The whole configuration.
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
        """By what channels go."""
        settings = self._settings
        if settings.criterion is not None:
            return settings.criterion
        if settings.pruner is None:
            return "l1"
        return self._configuration.pruners[settings.pruner].criterion

    def base(self, work: Work, **more: Any) -> PruneSettings:  # noqa: ANN401 - its own keys
        """What a step of pruning is told, whatever its goal is."""
        wanted = self._settings.metric_name
        return PruneSettings(
            model=work.name,
            strategy=more.pop("strategy", "uniform"),
            criterion=self.criterion,
            match=self._settings.pruned_params,
            counter=self._settings.counter,
            task=work.task_name,
            metric=work.named_metric(None if self._ignores_metric(work) else wanted),
            seed=work.seed,
            **more,
        )

    def check_names(self, work: Work) -> None:
        """Proves that the names in its keys are known.

        Raises:
            UsageError: One is not; says which key.
        """
        wanted = self._settings.metric_name
        if self._ignores_metric(work):
            self.note(work, f"metric_name has no effect: {work.task_name} has no {wanted}")
        else:
            work.check_metric(self.place, wanted)
        try:
            find_criterion(self.criterion)
            if work.has_network:
                check_criterion(self.criterion, work.graph.parameters)
        except UsageError as error:
            where = f"{self._configuration.file}: pruners.{self._settings.pruner}.criterions"
            place = f"{self.place}.criterion" if self._settings.criterion else where
            raise UsageError(f"{place}: {str(error).removeprefix('criterion: ')}") from error
        try:
            check_pattern(self._settings.pruned_params)
        except UsageError as error:
            raise UsageError(f"{self.place}.pruned_params: {error}") from error

    def _ignores_metric(self, work: Work) -> bool:
        """Whether it names a metric that the task lacks, as the originals' files for detectors do.

        Nothing goes by it then.
        """
        settings = self._settings
        return not settings.goes_by_metric and work.lacks_original_metric(settings.metric_name)

    def note(self, work: Work, said: str) -> None:
        """Something about a key that the result's notes say, and the terminal, once."""
        text = f"strategies.{self.name}.{said}"
        if text not in work.notes:
            work.notes.append(text)
            _LOGGER.warning("%s: %s", self._configuration.file, text)

    def check_step(self, work: Work, settings: PruneSettings) -> None:
        """Proves that a step can be taken on the network as it is; raises with the place."""
        if not work.has_network:
            return
        try:
            folder = work.path / "strategies" / self.name  # nothing is written there yet
            step = PruningStep(settings, work.prepared(), folder, share=1.0, progress=work.progress)
            step.check()
        except EdgeslimError as error:
            raise type_of(error)(f"{self.place}: {error}") from error

    def take_step(
        self,
        work: Work,
        epoch: int,
        settings: PruneSettings,
        *,
        share: float = 1.0,
        device: DeviceChoice | None = None,
    ) -> StepRecord:
        """Decides, and cuts the network, with its optimizer's velocities."""
        model, folder = work.prepared(), work.own(self.name) / f"epoch-{epoch}"
        step = PruningStep(settings, model, folder, share=share, progress=work.progress)
        record = step.decide(device)
        if record.why_whole:
            work.say(f"strategies.{self.name}: {record.why_whole}")
            return record
        work.cut(model, record.plan)
        left = work.prepared().graph
        note = f"strategies.{self.name}: {change_text(settings.counter, model.graph, left)}"
        if record.metric_before is not None and record.metric_pruned is not None:
            count = record.judged["pruned"].examples
            note += (
                f", {settings.metric} {record.metric_before:.4f} -> {record.metric_pruned:.4f} "
                f"of {count:,} examples"
            )
        work.say(note)
        return record

    def known_sensitivities(self, file: str | None) -> Path | None:
        """The user's file with sensitivities, if there is one."""
        return None if file is None or not Path(file).exists() else Path(file)


def type_of(error: EdgeslimError) -> type[EdgeslimError]:
    """The error's own type, if a text makes one."""
    return UsageError if isinstance(error, UsageError) else type(error)


def target_text(ratio: float) -> str:
    """A share of the work that goes, as the command line writes it."""
    return f"-{ratio * 100:.10g}%"
