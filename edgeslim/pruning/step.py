"""One step of a pruning: which channels are removed."""

from __future__ import annotations

from functools import cached_property, partial
from math import isfinite
from pathlib import Path
from typing import NamedTuple

import msgspec
import numpy as np

from edgeslim.channels.choice import choose_groups, ratios_of_groups
from edgeslim.channels.groups import channels_of
from edgeslim.channels.plan import Selection, keep_first
from edgeslim.conversion.prepare import PreparedModel
from edgeslim.conversion.pruned_model import model_tensors
from edgeslim.device import DeviceChoice
from edgeslim.latency_table import LatencyTable
from edgeslim.measuring.device_session import open_device
from edgeslim.prediction.predictor import Predictor
from edgeslim.progress import Progress
from edgeslim.pruning.criteria import check_criterion, find_criterion
from edgeslim.pruning.given_sensitivities import read_sensitivities
from edgeslim.pruning.joint_losses import WidthEvaluator, choose_with_joint_losses
from edgeslim.pruning.known_losses import importance_losses, measured_losses, warn_hidden_loss
from edgeslim.pruning.latency import LatencyModel
from edgeslim.pruning.limits import ModelLatencyLimit, WorkLimit, parse_macs
from edgeslim.pruning.loss_curves import LossCurves
from edgeslim.pruning.measure_pruned import DeviceMeasurer, choose_until_met, measure_both
from edgeslim.pruning.paddlex_rule import paddlex_ratios, trade_off
from edgeslim.pruning.raise_widths import raise_widths
from edgeslim.pruning.ranking import Rankings, group_scores, plan_for
from edgeslim.pruning.reasons import why_whole
from edgeslim.pruning.sensitivity import context_of, measure_sensitivities, rank_channels
from edgeslim.pruning.sensitivity_points import DEFAULT_RATIOS
from edgeslim.pruning.step_checks import check_needs, check_reachable
from edgeslim.pruning.strategies import STRATEGIES, Losses, WidthProblem, choose_widths
from edgeslim.pruning.subject import PrunableModel, Widths, widths_at
from edgeslim.pruning.trial import Trial, trial_on
from edgeslim.pruning.weights import Weights
from edgeslim.runs.pruning_result import JointLoss
from edgeslim.runs.pruning_run import PruneSettings, StepRecord
from edgeslim.runs.sensitivity_file import Sensitivities
from edgeslim.runs.sensitivity_rows import fingerprint
from edgeslim.training.tasks import find_task

__all__ = ["PruningStep"]


class _WidthsFound(NamedTuple):
    """Widths, with latencies as far as they are known."""

    widths: dict[str, int]
    predicted_ms: float | None
    whole_predicted_ms: float | None
    whole_measured_ms: float | None = None
    measured_ms: float | None = None


class PruningStep:
    """Decides which channels a step removes.

    Args:
        settings: Settings of the pruning.
        model: The model, as it is before the step.
        folder: Folder of the step, for sensitivities.
        share: Exponent of the step's part of the remaining reduction, 1 for all of it.
        progress: Shows how far it is.

    Raises:
        UnknownNameError, UsageError: Names or an expression that match nothing in the model.
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
        self._joint_losses: tuple[JointLoss, ...] = ()
        self._raised_groups: tuple[str, ...] = ()
        channels = channels_of(model.graph)
        if settings.ratios is None:
            chosen = choose_groups(channels, tuple(model.graph.parameters), settings.match)
        else:
            self._ratios = ratios_of_groups(channels, settings.ratios)
            chosen = tuple(self._ratios)
        self.subject = PrunableModel(model=model, channels=channels, chosen=chosen)

    def check(self) -> None:
        """Checks, before anything is done, that the step can be taken.

        Raises:
            UsageError: The strategy or the criterion lacks what it needs.
            MissingLatencyError: The table lacks operators of the model.
            InfeasibleTargetError: The goal is out of reach; the message has what can be reached.
            BadFileError, ContextMismatchError: The sensitivities are not of this model.
        """
        settings = self.settings
        if settings.target_macs is not None:
            self._work_limit()
        check_criterion(settings.criterion, self.subject.model.graph.parameters)
        check_needs(settings)
        if settings.table is not None:
            assert self._latency is not None  # noqa: S101 - there is a table
        limit = self._limit
        if limit is not None:
            check_reachable(self.subject, limit, settings)
        if settings.sensitivities is not None:
            measured_losses(self._sensitivities, self.subject.chosen, settings.sensitivities)

    def decide(self, device: DeviceChoice | None = None) -> StepRecord:
        """Decides what is kept, with its latency and its metric before any training.

        Args:
            device: Device on which a latency must be met as measured.
        """
        found = self._find_widths(device)
        widths = found.widths
        is_whole = widths == self.subject.whole
        plan = keep_first(widths) if is_whole else plan_for(widths, self._rankings)
        judged = {}
        if self._large_trial is not None and self._evaluator is not None:
            judged["before"] = self._large_trial.with_interval(self._large_trial.baseline())
            if not is_whole:
                judged["pruned"] = self._large_trial.with_interval(self._evaluator.metric(widths))
            if self.settings.metric_loss is not None and not is_whole:
                self._joint_losses = (self._evaluator.joint_loss(self._losses, widths),)
        metrics = {name: value.value for name, value in judged.items()}
        return StepRecord(
            plan=plan,
            predicted_ms=found.predicted_ms,
            measured_ms=found.measured_ms,
            metric_before=metrics.get("before"),
            metric_pruned=metrics.get("pruned"),
            trade_off=() if self.settings.metric_loss is None else self._trade_off(),
            judged=judged,
            together=tuple(
                msgspec.structs.replace(loss, taken=loss.widths == widths)
                for loss in self._joint_losses
            ),
            why_whole=self._why_whole(found) if is_whole else "",
            whole_predicted_ms=found.whole_predicted_ms,
            whole_measured_ms=found.whole_measured_ms,
            raised=self._raised_groups,
        )

    def _why_whole(self, found: _WidthsFound) -> str:
        goal = None if self.settings.target_macs is None else (self.target_work, self._full_work)
        return why_whole(
            self.settings,
            found.predicted_ms,
            found.measured_ms,
            goal,
            is_raised=bool(self._raised_groups),
        )

    def _trade_off(self) -> tuple[tuple[float, float], ...]:
        points, subject = self._sensitivities.points, self.subject
        return tuple(trade_off(points, subject.model.graph, subject.channels))

    def _find_widths(self, device: DeviceChoice | None) -> _WidthsFound:
        """Chooses widths, with latencies as far as they are known."""
        if self.settings.target_ms is None:
            widths = self._widths_without_latency()
            measured: tuple[float | None, float | None] = (None, None)
            if device is not None and widths != self.subject.whole:
                with open_device(device) as session:
                    measured = measure_both(self.subject, widths, session, self._progress)
            return _WidthsFound(
                widths, self._predicted_ms(widths), self._predicted_ms({}), *measured
            )
        limit = self._limit
        assert isinstance(limit, ModelLatencyLimit)  # noqa: S101 - the settings were checked
        if device is None:
            widths = self._choose(limit)
            return _WidthsFound(widths, limit.of(widths), limit.of({}))
        with open_device(device) as session:
            measurer = DeviceMeasurer(session, self.subject, limit, self._progress)
            widths, limit, measured_ms = choose_until_met(
                self._choose, limit, measurer, self.subject.whole
            )
        return _WidthsFound(widths, limit.of(widths), limit.of({}), None, measured_ms)

    def _predicted_ms(self, widths: Widths) -> float | None:
        """Latency by the table; None without a table, or where it lacks operators."""
        known = None if self._latency is None else self._latency.latency_ms(widths)
        return known if known is not None and isfinite(known) else None

    def _widths_without_latency(self) -> dict[str, int]:
        groups, settings = self.subject.groups, self.settings
        if settings.ratios is not None:
            return widths_at(groups, self._ratios)
        if settings.metric_loss is not None:
            warn_hidden_loss(self._sensitivities.context, settings.metric_loss)
            found = paddlex_ratios(self._sensitivities.points, settings.metric_loss)
            widths = widths_at(groups, found)
            if self._latency is None or settings.keep_widths:
                return widths
            raised = raise_widths(self._latency, widths)
            self._raised_groups = tuple(name for name in widths if raised[name] > widths[name])
            return raised
        return self._choose(self._work_limit())

    @property
    def whole_predicted_ms(self) -> float:
        """Latency of the model as it is before the step, by the table.

        Raises:
            MissingLatencyError: The table lacks operators of the model.
        """
        assert self._latency is not None  # noqa: S101 - a latency is asked for with a table
        return self._latency.latency_ms({})

    @property
    def target_work(self) -> float:
        """The work that may be left after the last step, as the settings count it."""
        assert self.settings.target_macs is not None  # noqa: S101 - the callers looked
        return parse_macs(self.settings.target_macs, self._full_work)

    @property
    def _full_work(self) -> float:
        return self.subject.work(self.settings.counter, {})

    def _work_limit(self) -> WorkLimit:
        most = self._target_of_step(self._full_work, self.target_work)
        return WorkLimit(subject=self.subject, maximum=most, counter=self.settings.counter)

    def _target_of_step(self, full: float, target: float) -> float:
        """The target of this step: each step removes the same share."""
        return target if full <= target else full * (target / full) ** self._share

    @property
    def _limit(self) -> ModelLatencyLimit | WorkLimit | None:
        """The limit on latency or work, if that is the goal."""
        if self.settings.target_macs is not None:
            return self._work_limit()
        if self.settings.target_ms is None or self._latency is None:
            return None
        target_ms = self._target_of_step(self._latency.latency_ms({}), self.settings.target_ms)
        return ModelLatencyLimit(model=self._latency, target_ms=target_ms)

    def _choose(self, limit: ModelLatencyLimit | WorkLimit) -> dict[str, int]:
        strategy = STRATEGIES.get(self.settings.strategy)
        if limit.is_met(self.subject.whole):
            return dict(self.subject.whole)  # losses need not be known then

        def choose(losses: Losses | None = None) -> dict[str, int]:
            return choose_widths(
                strategy,
                WidthProblem(
                    subject=self.subject,
                    limit=limit,
                    find_losses=lambda: losses or self._losses,
                    generator=np.random.default_rng(self.settings.seed),
                    evaluate=None if self._trial is None else partial(self._metric, self._trial),
                    tries=self.settings.tries,
                    latency=None if self.settings.keep_widths else self._latency,
                    progress=self._progress,
                ),
            )

        if self._evaluator is None or not strategy.uses_losses:
            return choose()
        widths, self._losses, together = choose_with_joint_losses(
            choose, self._losses, self._evaluator, self._progress
        )
        self._joint_losses = (*self._joint_losses, *together)
        return widths

    def _metric(self, trial: Trial, widths: Widths) -> float:
        plan = plan_for(widths, self._rankings)
        return trial.evaluate(Selection(self.subject.channels, plan))

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
        rule = find_criterion(self.settings.criterion)
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
            metric=settings.metric,
        )

    @cached_property
    def _large_trial(self) -> Trial | None:
        """The model on enough examples to measure the joint loss of groups."""
        return None if self._trial is None else self._trial.with_enough_examples(self.settings.seed)

    @cached_property
    def _evaluator(self) -> WidthEvaluator | None:
        trial = self._large_trial
        if trial is None:
            return None
        with self._progress.stage("the whole model", 1) as stage:
            baseline = trial.baseline(stage.advance)
        return WidthEvaluator(
            partial(self._metric, trial),
            whole=self.subject.whole,
            baseline=baseline,
            examples=len(trial.examples),
            chance=self._chance,
        )

    @property
    def _chance(self) -> float:
        """The metric of random guesses, if it is a share of classified examples; otherwise 0."""
        if self._large_trial is None or self._large_trial.with_interval(0.0).low is None:
            return 0.0
        return self._large_trial.top_k / find_task(self.settings.task or "").num_classes

    @cached_property
    def _losses(self) -> LossCurves:
        if self.settings.task is None and self.settings.sensitivities is None:
            rule = find_criterion(self.settings.criterion)
            return importance_losses(group_scores(self._weights, rule))
        return measured_losses(
            self._sensitivities, self.subject.chosen, self.settings.sensitivities or "the file"
        )

    def _whole_metric(self) -> float:
        """The metric of the whole model; 1 without a task."""
        return 1.0 if self._trial is None else self._trial.baseline()

    @cached_property
    def _sensitivities(self) -> Sensitivities:
        """Sensitivities from the given file, or measured now."""
        settings, model = self.settings, self.subject.model
        if settings.sensitivities is not None:
            return read_sensitivities(
                Path(settings.sensitivities),
                self.subject.channels,
                model=fingerprint(self._weights.tensors),
                metric=settings.metric,
                whole_metric=self._whole_metric,
            )
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
                metric=settings.metric or find_task(settings.task).metric_name,
                criterion=settings.criterion,
                share=settings.eval_share,
                seed=settings.seed,
            ),
            out=self._folder / "sensitivities.jsonl",
            progress=self._progress,
        )
