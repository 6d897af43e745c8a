"""The whole of ``edgeslim evaluate``: the metrics of a model at a task."""

from __future__ import annotations

from dataclasses import dataclass

from edgeslim.conversion.model_source import find_model
from edgeslim.files import temporary_folder
from edgeslim.opspec import Shape
from edgeslim.paddle_io.importing import load_paddle
from edgeslim.progress import SILENT, Progress
from edgeslim.training.metric_value import MetricValue, metric_values
from edgeslim.training.tasks import SPLIT_SEED, find_task
from edgeslim.training.trainable import find_trainable

__all__ = ["Evaluation", "evaluate"]


@dataclass(frozen=True, kw_only=True, slots=True)
class Evaluation:
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


def evaluate(
    model: str,
    *,
    task: str,
    input_shape: Shape | None = None,
    seed: int = 0,
    progress: Progress = SILENT,
) -> Evaluation:
    """Evaluates a model on a task's validation examples, which no training here learns from.

    Args:
        model: The model as on the command line.
        task: A task's name, ``name:folder``, ``file.py`` or ``file.py:object``.
        input_shape: Input shape ``(N, C, H, W)``, if not the network's own.
        seed: Seed of weights that are not saved.
        progress: Shows the progress of the evaluation.

    Raises:
        UsageError: Unknown names; a shape is missing or does not fit.
        BadFileError: Files of model or task cannot be read.
        ModelError: The network does not fit the task.
    """
    found = find_task(task)
    source = find_model(model, num_classes=found.num_classes)
    load_paddle()
    from edgeslim.training import evaluation

    with temporary_folder() as scratch:
        chosen = find_trainable(source, scratch, seed=seed, input_shape=input_shape)
    data = found.data(chosen.input_shape, SPLIT_SEED)
    counted = data.metrics(found)
    with progress.stage("evaluation", 1) as stage:
        metrics = evaluation.evaluate_all(
            chosen.net, data.validation, counted, on_share=stage.advance
        )
    return Evaluation(
        model=model,
        task=task,
        metrics=metrics,
        examples=len(data.validation),
        judged=metric_values(metrics, len(data.validation), counted),
    )
