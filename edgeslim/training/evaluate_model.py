"""The whole of ``edgeslim evaluate``: the metrics of a model at a task."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Annotated

from edgeslim.conversion.model_source import find_model
from edgeslim.conversion.shape_options import ONLY_SHAPE
from edgeslim.files import temporary_folder
from edgeslim.opspec import Shape
from edgeslim.options import ARGUMENT, OPTION, called_with
from edgeslim.paddle_io.importing import load_paddle
from edgeslim.progress import SILENT, Progress
from edgeslim.training.metric_value import MetricValue, metric_values
from edgeslim.training.tasks import SPLIT_SEED, find_task
from edgeslim.training.trainable import find_trainable

__all__ = ["PaddleEvaluateRequest", "PaddleEvaluation", "evaluate"]


@dataclass(frozen=True, kw_only=True, slots=True)
class PaddleEvaluation:
    """Metrics of a model at a task.

    Args:
        model: The model as it was named.
        task: The task as it was named.
        metrics: Metrics by name, from 0 to 1, higher is better.
        examples: Number of examples that it was evaluated on.
        judged: The metrics with that number and their intervals.
    """

    model: str
    task: str
    metrics: dict[str, float]
    examples: int
    judged: dict[str, MetricValue]


@dataclass(frozen=True, kw_only=True, slots=True)
class PaddleEvaluateRequest:
    """What can be asked of `evaluate`."""

    model: Annotated[str, ARGUMENT] = field(kw_only=False)
    """Saved model, file.py:function, or a name."""
    task: Annotated[str, OPTION]
    """Task to evaluate on: NAME, NAME:FOLDER with its images, or file.py of your own."""
    input_shape: Annotated[Shape | None, ONLY_SHAPE] = None
    """Input shape of the network, if not its own: 1,3,224,224."""
    seed: Annotated[int, OPTION] = 0
    """Seed of weights that are not saved."""
    progress: Progress = SILENT
    """Shows the progress of the evaluation."""


@called_with(PaddleEvaluateRequest)
def evaluate(request: PaddleEvaluateRequest) -> PaddleEvaluation:
    """Evaluates a model on a task's validation examples, which no training here learns from.

    Raises:
        UsageError: Unknown names; a shape is missing or does not fit.
        BadFileError: Files of model or task cannot be read.
        ModelError: The network does not fit the task.
    """
    found = find_task(request.task)
    source = find_model(request.model, num_classes=found.num_classes)
    load_paddle()
    from edgeslim.training import evaluation

    with temporary_folder() as scratch:
        chosen = find_trainable(source, scratch, seed=request.seed, input_shape=request.input_shape)
    data = found.data(chosen.input_shape, SPLIT_SEED)
    counted = data.metrics(found)
    with request.progress.stage("evaluation", 1) as stage:
        metrics = evaluation.evaluate_all(
            chosen.net, data.validation, counted, on_share=stage.advance
        )
    return PaddleEvaluation(
        model=request.model,
        task=request.task,
        metrics=metrics,
        examples=len(data.validation),
        judged=metric_values(metrics, len(data.validation), counted),
    )
