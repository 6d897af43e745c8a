"""The whole of ``edgeslim sensitivity``: what each channel group costs alone."""

from __future__ import annotations

import logging
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timezone
from pathlib import Path

import msgspec

from edgeslim.channels.choice import choose_groups
from edgeslim.channels.groups import ChannelGroup, Channels, channels_of
from edgeslim.conversion.model_source import find_model
from edgeslim.conversion.prepare import PreparedModel, prepare
from edgeslim.conversion.pruned_model import model_tensors
from edgeslim.errors import ModelError
from edgeslim.files import new_folder, temporary_folder
from edgeslim.graph import Graph
from edgeslim.opspec import Shape
from edgeslim.progress import SILENT, Progress
from edgeslim.pruning.criteria import (
    Criterion,
    check_criterion,
    find_criterion,
    normalised_criterion,
)
from edgeslim.pruning.known_losses import noise_of
from edgeslim.pruning.measuring import DEFAULT_RATIOS, check_ratios, measure_points
from edgeslim.pruning.ranking import Rankings, group_scores, mean_scores, orders, ranking
from edgeslim.pruning.trial import Trial, examples_fingerprint, trial_on
from edgeslim.pruning.weights import Weights
from edgeslim.runs.sensitivity_file import Sensitivities, SensitivityFile
from edgeslim.runs.sensitivity_rows import SensitivityContext, fingerprint
from edgeslim.training.metric_value import MetricValue, few_examples
from edgeslim.training.tasks import find_task
from edgeslim.version import __version__

__all__ = ["DEFAULT_FILE", "SensitivityResult", "rank_channels", "sensitivity"]

_log = logging.getLogger(__name__)

DEFAULT_FILE = Path("sensitivities.jsonl")


@dataclass(frozen=True, kw_only=True, slots=True)
class SensitivityResult:
    """What was found out about a model.

    Args:
        file: Where it is.
        sensitivities: Of the groups that were asked for.
        graph: The model before any fusion.
        channels: Its channel groups.
        baseline: The metric of the whole model, with its interval.
        noise: Share of it that may be lost where the examples show no loss.
    """

    file: Path
    sensitivities: Sensitivities
    graph: Graph
    channels: Channels
    baseline: MetricValue
    noise: float


def sensitivity(
    model: str,
    *,
    task: str,
    ratios: Sequence[float] = DEFAULT_RATIOS,
    match: str = "",
    criterion: str = "l1",
    eval_share: float = 1.0,
    seed: int = 0,
    input_shapes: Mapping[str, Shape] | None = None,
    out: Path = DEFAULT_FILE,
    progress: Progress = SILENT,
) -> SensitivityResult:
    """Measures what a model loses when some channels of one group go, group by group.

    Each point is written down when it is known; the same command goes on where it was.

    Args:
        model: A model, as on the command line.
        task: What its metric is of, as on the command line.
        ratios: Shares of a group's channels that go.
        match: Regular expression; only groups with a weight whose name it matches from its
            start, as in PaddleSlim 1.x.
        criterion: Name of the criterion by which the least important go first.
        eval_share: Share of the validation examples that are used, the same each time.
        seed: Decides which examples these are, and which ones gradients are of.
        input_shapes: Shapes of open inputs by name, or under an empty name.
        out: The file.
        progress: Where to show it.

    Raises:
        UsageError: Names, ratios or shares that cannot be meant.
        ContextMismatchError: The file is of another model, task, criterion or share.
        BadFileError, ModelError: The model, the task's data or the file are not what they
            should be.
        UnwritableError: The file takes no more.
    """
    ratios = check_ratios(ratios)
    rule, judged_by = find_criterion(criterion), find_task(task)
    source = find_model(model, num_classes=judged_by.num_classes)
    new_folder(out.parent)
    with temporary_folder() as folder:
        prepared = prepare(source, folder, input_shapes=input_shapes)
        check_criterion(criterion, prepared.graph.parameters)
        channels = channels_of(prepared.graph)
        groups = _chosen(channels, match, prepared)
        weights = Weights(graph=prepared.graph, channels=channels, tensors=model_tensors(prepared))
        trial = trial_on(prepared, judged_by, share=eval_share, seed=seed)
        found = measure_sensitivities(
            weights,
            trial,
            lambda: rank_channels(weights, rule, trial, seed),
            groups=groups,
            ratios=ratios,
            context=context_of(
                prepared,
                weights,
                trial,
                task=task,
                metric=judged_by.metric_name,
                criterion=criterion,
                share=eval_share,
                seed=seed,
            ),
            out=out,
            progress=progress,
        )
    known = found.context
    return SensitivityResult(
        file=out,
        sensitivities=found,
        graph=prepared.graph,
        channels=channels,
        baseline=trial.told(known.baseline),
        noise=-math.expm1(-noise_of(known.baseline * known.examples)),
    )


def measure_sensitivities(
    weights: Weights,
    trial: Trial,
    rankings: Callable[[], Rankings],
    *,
    groups: Sequence[ChannelGroup],
    ratios: Sequence[float] = DEFAULT_RATIOS,
    context: SensitivityContext,
    out: Path,
    progress: Progress,
) -> Sensitivities:
    """Sensitivities of groups: those of a file, and what it lacks measured and added.

    Args:
        weights: The model's.
        trial: The model on a task.
        rankings: Says which channels go first; asked only if something is measured.
        groups: Which groups.
        ratios: Shares of channels that go.
        context: What the file must be of, but for the baseline; see `context_of`.
        out: The file.
        progress: Where to show it.

    Raises:
        As `sensitivity`.
    """
    file = _opened(out, context, trial, progress)
    few = few_examples(context.metric, trial.told(file.context.baseline))
    if few:
        _log.warning("%s", few)
    if any((group.name, ratio) not in file for group in groups for ratio in ratios):
        measure_points(
            file,
            weights.channels,
            rankings(),
            trial.evaluate,
            groups=groups,
            ratios=ratios,
            progress=progress,
        )
    known = file.sensitivities.points
    points = {group.name: known[group.name] for group in groups}
    return Sensitivities(context=file.context, points=points)


def rank_channels(
    weights: Weights, criterion: Criterion, trial: Trial | None, seed: int
) -> Rankings:
    """The channels of every group by their importance, with gradients of a task if need be.

    Raises:
        ModelError: Weights that are no numbers, or the network lacks what the criterion goes by.
    """
    if not criterion.needs_gradients or trial is None:
        return ranking(weights, criterion)
    batches = (
        Weights(
            graph=weights.graph,
            channels=weights.channels,
            tensors=weights.tensors,
            gradients=gradients,
        )
        for gradients in trial.gradients(seed)
    )
    return orders(mean_scores(group_scores(each, criterion) for each in batches))


def _chosen(channels: Channels, match: str, prepared: PreparedModel) -> tuple[ChannelGroup, ...]:
    """The groups of the weights that an expression matches; without one, all."""
    if not channels.groups:
        raise ModelError(f"{prepared.name} has no channels that can be pruned")
    names = choose_groups(channels, prepared.graph.parameters, match)
    return tuple(group for group in channels.groups if group.name in names)


def context_of(
    model: PreparedModel,
    weights: Weights,
    trial: Trial,
    *,
    task: str,
    metric: str,
    criterion: str,
    share: float,
    seed: int,
) -> SensitivityContext:
    """What a file of sensitivities begins with, but for the baseline.

    Args:
        model: The model.
        weights: Its weights.
        trial: It on the task.
        task: As on the command line.
        metric: Name of the task's metric.
        criterion: Name of the criterion by which channels go.
        share: Share of the validation examples that are used.
        seed: Which examples these are.
    """
    (input_shape,) = model.graph.feeds.values()
    return SensitivityContext(
        model=fingerprint(weights.tensors),
        task=task,
        metric=metric,
        criterion=normalised_criterion(criterion),
        input_shape=input_shape,
        share=share,
        seed=seed,
        examples=len(trial.examples),
        data=examples_fingerprint(trial.examples),
        baseline=1.0,
        name=model.name,
        created=datetime.now(timezone.utc).isoformat(timespec="seconds"),
        edgeslim=__version__,
    )


def _opened(
    out: Path, context: SensitivityContext, trial: Trial, progress: Progress
) -> SensitivityFile:
    """The file to go on with, or a new one, for which the whole model is judged."""
    file = SensitivityFile.find(out)
    if file is not None:
        file.check_same(context)
        return file
    with progress.stage("the whole model", 1) as stage:
        baseline = trial.baseline(stage.advance)
    if not baseline > 0:
        raise ModelError(
            f"the {context.metric} of {context.name} on the task {context.task} is {baseline:g}, "
            "of which nothing can be lost; give a trained model"
        )
    return SensitivityFile.begin(out, msgspec.structs.replace(context, baseline=baseline))
