"""The whole of ``edgeslim sensitivity``: the loss that pruning each channel group causes alone."""

from __future__ import annotations

import logging
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timezone
from pathlib import Path
from typing import Annotated

import msgspec

from edgeslim.channels.choice import choose_groups
from edgeslim.channels.groups import ChannelGroup, Channels, channels_of
from edgeslim.conversion.model_source import find_model
from edgeslim.conversion.prepare import PreparedModel, prepare
from edgeslim.conversion.pruned_model import model_tensors
from edgeslim.conversion.required_memory import check_memory
from edgeslim.conversion.shape_options import INPUT_SHAPES
from edgeslim.errors import ModelError, UsageError
from edgeslim.files import new_folder, temporary_folder
from edgeslim.graph import Graph
from edgeslim.locks import hold
from edgeslim.opspec import Shape
from edgeslim.options import ARGUMENT, OPTION, called_with
from edgeslim.progress import SILENT, Progress
from edgeslim.pruning.criteria import (
    Criterion,
    check_criterion,
    find_criterion,
    normalise_criterion,
)
from edgeslim.pruning.known_losses import noise_of
from edgeslim.pruning.ranking import Rankings, group_scores, mean_scores, rank_groups, rank_scores
from edgeslim.pruning.sensitivity_points import DEFAULT_RATIOS, check_ratios, measure_points
from edgeslim.pruning.trial import Trial, examples_fingerprint, trial_on
from edgeslim.pruning.weights import Weights
from edgeslim.runs.sensitivity_file import Sensitivities, SensitivityFile
from edgeslim.runs.sensitivity_rows import SensitivityContext, fingerprint
from edgeslim.training.metric_value import MetricValue, few_examples_text
from edgeslim.training.tasks import find_task
from edgeslim.version import __version__

__all__ = ["SensitivityRequest", "SensitivityResult", "rank_channels", "sensitivity"]

_log = logging.getLogger(__name__)

DEFAULT_FILE = Path("sensitivities.jsonl")


@dataclass(frozen=True, kw_only=True, slots=True)
class SensitivityResult:
    """Sensitivities of a model.

    Args:
        file: File that they are written to.
        sensitivities: Sensitivities of the groups that were asked for.
        graph: Graph of the model before any fusion.
        channels: Channel groups of the model.
        baseline: Metric of the whole model, with its interval.
        noise: Share of it that may be lost where the examples show no loss.
    """

    file: Path
    sensitivities: Sensitivities
    graph: Graph
    channels: Channels
    baseline: MetricValue
    noise: float


def _parse_ratios(text: str) -> tuple[float, ...]:
    try:
        return tuple(float(ratio) for ratio in text.split(","))
    except ValueError as error:
        raise UsageError(f"{text!r} are not ratios; write them like 0.2,0.4,0.6,0.8") from error


@dataclass(frozen=True, kw_only=True, slots=True)
class SensitivityRequest:
    """What can be asked of `sensitivity`."""

    model: Annotated[str, ARGUMENT] = field(kw_only=False)
    """Saved model, file.py:function, or a name."""
    task: Annotated[str, OPTION]
    """Task to evaluate on: NAME, NAME:FOLDER with its images, or file.py of your own."""
    ratios: Annotated[Sequence[float], OPTION(parse=_parse_ratios)] = DEFAULT_RATIOS
    """Shares of a group's channels to remove: 0.2,0.4; by default 0.1 to 0.9."""
    match: Annotated[str, OPTION] = ""
    """Regular expression: only groups with a weight whose name it matches from its start."""
    criterion: Annotated[str, OPTION] = "l1"
    """How the channels to remove are chosen."""
    eval_share: Annotated[float, OPTION] = 1.0
    """Share of the validation examples that are used, the same each time."""
    seed: Annotated[int, OPTION] = 0
    """Seed that chooses the examples, also those that gradients are computed on."""
    input_shapes: Annotated[Mapping[str, Shape] | None, INPUT_SHAPES] = None
    """Shape of an open input: 1,3,224,224 or name=..."""
    out: Annotated[Path, OPTION] = DEFAULT_FILE
    """The file; an unfinished one is continued."""
    progress: Progress = SILENT
    """Shows how far it is."""


@called_with(SensitivityRequest)
def sensitivity(request: SensitivityRequest) -> SensitivityResult:
    """Measures what a model loses when channels of one group are removed, group by group.

    Each point is written at once; the same command goes on where it was.

    Raises:
        UsageError: Unknown names, or ratios or shares out of range.
        ContextMismatchError: The file is of another model, task, criterion or share.
        BadFileError, ModelError: The model, the task's data or the file is not valid.
        UnwritableError: The file cannot be written.
        InUseError: Another process writes the file.
    """
    ratios, seed = check_ratios(request.ratios), request.seed
    rule, judged_by = find_criterion(request.criterion), find_task(request.task)
    source = find_model(request.model, num_classes=judged_by.num_classes)
    new_folder(request.out.parent)
    with temporary_folder() as folder:
        prepared = prepare(source, folder, input_shapes=request.input_shapes)
        check_memory(prepared.graph, prepared.name)
        check_criterion(request.criterion, prepared.graph.parameters)
        channels = channels_of(prepared.graph)
        groups = _choose_groups(channels, request.match, prepared)
        weights = Weights(graph=prepared.graph, channels=channels, tensors=model_tensors(prepared))
        trial = trial_on(prepared, judged_by, share=request.eval_share, seed=seed)
        context = context_of(
            *(prepared, weights, trial),
            task=request.task,
            metric=judged_by.metric_name,
            criterion=request.criterion,
            share=request.eval_share,
            seed=seed,
        )
        found = measure_sensitivities(
            *(weights, trial, lambda: rank_channels(weights, rule, trial, seed)),
            groups=groups,
            ratios=ratios,
            context=context,
            out=request.out,
            progress=request.progress,
        )
    known = found.context
    return SensitivityResult(
        file=request.out,
        sensitivities=found,
        graph=prepared.graph,
        channels=channels,
        baseline=trial.with_interval(known.baseline),
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
        weights: Weights of the model.
        trial: The model on a task.
        rankings: Gives channels by importance; called only if something is measured.
        groups: Channel groups to be measured.
        ratios: Shares of channels that are removed.
        context: Context that the file must have, but for the baseline; see `context_of`.
        out: File that points are written to.
        progress: Shows how far it is.

    Raises:
        As `sensitivity`.
    """
    with hold(out):
        file = _open_file(out, context, trial, progress)
        few = few_examples_text(context.metric, trial.with_interval(file.context.baseline))
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
        ModelError: Weights that are not finite, or the network lacks what the criterion needs.
    """
    if not criterion.needs_gradients or trial is None:
        return rank_groups(weights, criterion)
    batches = (
        Weights(
            graph=weights.graph,
            channels=weights.channels,
            tensors=weights.tensors,
            gradients=gradients,
        )
        for gradients in trial.gradients(seed)
    )
    return rank_scores(mean_scores(group_scores(batch, criterion) for batch in batches))


def _choose_groups(
    channels: Channels, match: str, prepared: PreparedModel
) -> tuple[ChannelGroup, ...]:
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
    """The first line of a file of sensitivities, but for the baseline.

    Args:
        model: The model, prepared and not fused.
        weights: Weights of the model.
        trial: The model on the task.
        task: Name of the task, as on the command line.
        metric: Name of the task's metric.
        criterion: Name of the criterion by which channels are removed.
        share: Share of the validation examples that are used.
        seed: Seed of the choice of examples.
    """
    (input_shape,) = model.graph.feeds.values()
    return SensitivityContext(
        model=fingerprint(weights.tensors),
        task=task,
        metric=metric,
        criterion=normalise_criterion(criterion),
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


def _open_file(
    out: Path, context: SensitivityContext, trial: Trial, progress: Progress
) -> SensitivityFile:
    """Opens the file to go on with, or begins a new one with the whole model's metric."""
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
