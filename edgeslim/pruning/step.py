"""One step of a pruning: which channels go."""

from __future__ import annotations

from functools import cached_property
from math import isfinite
from pathlib import Path

import numpy as np

from edgeslim.channels.choice import choose, ratios_of_groups
from edgeslim.channels.groups import channels_of
from edgeslim.channels.plan import Selection
from edgeslim.conversion.prepare import PreparedModel
from edgeslim.conversion.pruned_model import model_tensors
from edgeslim.device import DeviceChoice
from edgeslim.errors import UsageError
from edgeslim.latency_table import LatencyTable
from edgeslim.prediction.predictor import Predictor
from edgeslim.profiling.device_session import open_device
from edgeslim.progress import Progress
from edgeslim.pruning.criteria import CRITERIA
from edgeslim.pruning.known_losses import importance_losses, measured_losses
from edgeslim.pruning.latency import LatencyModel
from edgeslim.pruning.limits import COUNTERS, LatencyLimit, WorkLimit, parse_macs
from edgeslim.pruning.measured import until_met
from edgeslim.pruning.measuring import DEFAULT_RATIOS
from edgeslim.pruning.paddlex_rule import paddlex_ratios, trade_off
from edgeslim.pruning.ranking import Rankings, group_scores, plan_for
from edgeslim.pruning.sensitivity import context_of, measure_sensitivities, rank_channels
from edgeslim.pruning.sensitivity_file import Sensitivities, SensitivityFile
from edgeslim.pruning.sensitivity_rows import fingerprint
from edgeslim.pruning.settings import PruneSettings, StepRecord
from edgeslim.pruning.strategies import STRATEGIES, Losses, WidthProblem
from edgeslim.pruning.subject import Subject, Widths, widths_at
from edgeslim.pruning.trial import Trial, trial_on
from edgeslim.pruning.weights import Weights
from edgeslim.training.tasks import find_task

__all__ = ["PruningStep"]


class PruningStep:
    """Decides what goes.

    Args:
        settings: What is asked for.
        model: The model, as it is before the step.
        folder: The step's, for sensitivities.
        share: How far towards the limit the step goes, of the way that remains.
        progress: Where to show it.

    Raises:
        UnknownNameError, UsageError: Names, ratios or an expression that the model does not know.
    """

    def __init__(
        self,
        settings: PruneSettings,
        model: PreparedModel,
        folder: Path,
        *,
        share: float,
        progress: Progress,
    ) -> None:
        self.settings = settings
        self._folder = folder
        self._share = share
        self._progress = progress
        channels = channels_of(model.graph)
        if settings.ratios is None:
            chosen = choose(channels, tuple(model.graph.parameters), settings.match)
        else:
            self._ratios = ratios_of_groups(channels, settings.ratios)
            chosen = tuple(self._ratios)
        self.subject = Subject(model=model, channels=channels, chosen=chosen)

    def check(self) -> None:
        """Proves, before anything is done, that the step can be taken.

        Raises:
            UsageError: The strategy or the criterion lacks what it needs.
            MissingLatencyError: The table lacks operators of the model.
            BadFileError, ContextMismatchError: The sensitivities are not of this model.
        """
        settings = self.settings
        judged = settings.task is not None
        if settings.target_macs is not None:
            self._work_limit()
        if CRITERIA.get(settings.criterion).needs_gradients and not judged:
            raise UsageError(f"{settings.criterion} goes by gradients: give a --task")
        if settings.target_ms is not None or settings.target_macs is not None:
            if STRATEGIES.get(settings.strategy).needs_task and not judged:
                raise UsageError(f"{settings.strategy} evaluates pruned networks: give a --task")
            if settings.strategy == "sensitivity" and not judged and not settings.sensitivities:
                raise UsageError("sensitivity needs a --task, or --sensitivities that are known")
            if settings.strategy == "latency-optimal" and settings.target_ms is None:
                raise UsageError("latency-optimal needs --target-latency and a --table")
        if settings.table is not None:
            assert self._latency is not None  # noqa: S101 - there is a table
        if settings.sensitivities is not None:
            measured_losses(self._sensitivities, self.subject.chosen, settings.sensitivities)

    def decide(self, device: DeviceChoice | None = None) -> StepRecord:
        """What is kept, what that is predicted to take, and how good it is untrained.

        Args:
            device: Has the last word on a latency.
        """
        widths, predicted_ms, measured_ms = self._widths(device)
        plan = plan_for(widths, self._rankings)
        before = pruned = None
        if self._trial is not None:
            before = self._trial.baseline()
            pruned = self._trial.evaluate(Selection(self.subject.channels, plan))
        return StepRecord(
            plan=plan,
            predicted_ms=predicted_ms,
            measured_ms=measured_ms,
            metric_before=before,
            metric_pruned=pruned,
            trade_off=() if self.settings.metric_loss is None else self._trade_off(),
        )

    def _trade_off(self) -> tuple[tuple[float, float], ...]:
        points, subject = self._sensitivities.points, self.subject
        return tuple(trade_off(points, subject.model.graph, subject.channels))

    def _widths(
        self, device: DeviceChoice | None
    ) -> tuple[dict[str, int], float | None, float | None]:
        """Widths, and their latency as predicted and as measured, as far as it is known."""
        if self.settings.target_ms is None:
            widths = self._widths_without_latency()
            known = None if self._latency is None else self._latency.latency_ms(widths)
            return widths, known if known is not None and isfinite(known) else None, None
        assert self._latency is not None  # noqa: S101 - the settings were checked
        full = self._latency.latency_ms({})
        target_ms = self._on_the_way(full, self.settings.target_ms)
        limit = LatencyLimit(model=self._latency, target_ms=target_ms)
        if device is None:
            widths = self._chosen(limit)
            return widths, limit.of(widths), None
        with open_device(device) as session:
            widths, limit, measured_ms = until_met(
                self._chosen, limit, session, self.subject, self._progress
            )
        return widths, limit.of(widths), measured_ms

    def _widths_without_latency(self) -> dict[str, int]:
        groups, settings = self.subject.groups, self.settings
        if settings.ratios is not None:
            return widths_at(groups, self._ratios)
        if settings.metric_loss is not None:
            found = paddlex_ratios(self._sensitivities.points, settings.metric_loss)
            return widths_at(groups, found)
        return self._chosen(self._work_limit())

    @property
    def target_work(self) -> float:
        """How much work may be left in the end, as the settings count it."""
        assert self.settings.target_macs is not None  # noqa: S101 - the callers looked
        return parse_macs(self.settings.target_macs, self._full_work)

    @property
    def _full_work(self) -> float:
        return COUNTERS[self.settings.counter](self.subject, {})

    def _work_limit(self) -> WorkLimit:
        most = self._on_the_way(self._full_work, self.target_work)
        return WorkLimit(subject=self.subject, most=most, counter=self.settings.counter)

    def _on_the_way(self, full: float, target: float) -> float:
        """Where this step must come to: each step takes away the same share."""
        return target if full <= target else full * (target / full) ** self._share

    def _chosen(self, limit: LatencyLimit | WorkLimit) -> dict[str, int]:
        return STRATEGIES.get(self.settings.strategy).widths(
            WidthProblem(
                subject=self.subject,
                limit=limit,
                find_losses=lambda: self._losses,
                generator=np.random.default_rng(self.settings.seed),
                evaluate=None if self._trial is None else self._metric,
                tries=self.settings.tries,
                progress=self._progress,
            )
        )

    def _metric(self, widths: Widths) -> float:
        assert self._trial is not None  # noqa: S101 - it is only called where there is one
        plan = plan_for(widths, self._rankings)
        return self._trial.evaluate(Selection(self.subject.channels, plan))

    @cached_property
    def _latency(self) -> LatencyModel | None:
        if self.settings.table is None:
            return None
        predictor = Predictor(LatencyTable.read(Path(self.settings.table)))
        return LatencyModel(self.subject, predictor)

    @cached_property
    def _weights(self) -> Weights:
        model = self.subject.model
        return Weights(
            graph=model.graph, channels=self.subject.channels, tensors=model_tensors(model)
        )

    @cached_property
    def _rankings(self) -> Rankings:
        rule = CRITERIA.get(self.settings.criterion)
        return rank_channels(self._weights, rule, self._trial, self.settings.seed)

    @cached_property
    def _trial(self) -> Trial | None:
        settings = self.settings
        if settings.task is None:
            return None
        return trial_on(
            self.subject.model,
            find_task(settings.task),
            share=settings.eval_share,
            seed=settings.seed,
        )

    @cached_property
    def _losses(self) -> Losses:
        if self.settings.task is None and self.settings.sensitivities is None:
            rule = CRITERIA.get(self.settings.criterion)
            return importance_losses(group_scores(self._weights, rule))
        return measured_losses(
            self._sensitivities, self.subject.chosen, self.settings.sensitivities or "the file"
        )

    @cached_property
    def _sensitivities(self) -> Sensitivities:
        """Those of a file, or measured now."""
        settings, model = self.settings, self.subject.model
        if settings.sensitivities is not None:
            file = SensitivityFile.read(Path(settings.sensitivities))
            file.check_model(fingerprint(self._weights.tensors))
            return file.sensitivities
        assert settings.task is not None  # noqa: S101 - asked for by the callers
        assert self._trial is not None  # noqa: S101
        return measure_sensitivities(
            self._weights,
            self._trial,
            lambda: self._rankings,
            groups=self.subject.groups,
            ratios=settings.tested_ratios or DEFAULT_RATIOS,
            context=context_of(
                model,
                self._weights,
                self._trial,
                task=settings.task,
                metric=find_task(settings.task).metric_name,
                criterion=settings.criterion,
                share=settings.eval_share,
                seed=settings.seed,
            ),
            out=self._folder / "sensitivities.jsonl",
            progress=self._progress,
        )
