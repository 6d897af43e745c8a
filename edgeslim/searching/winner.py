"""The winner of a search: trained by itself and saved as a model."""

from __future__ import annotations

from edgeslim.conversion.prepare import prepare_layer
from edgeslim.files import replace_folder, temporary_folder
from edgeslim.paddle_io.importing import load_paddle
from edgeslim.profiling.work import network_name
from edgeslim.progress import Progress
from edgeslim.searching.candidates import Candidate
from edgeslim.searching.run_folder import RunFolder
from edgeslim.searching.settings import SearchSettings
from edgeslim.spaces import Space
from edgeslim.training.tasks import Task

__all__ = ["save_winner"]


def save_winner(
    candidate: Candidate,
    *,
    settings: SearchSettings,
    space: Space,
    task: Task,
    run: RunFolder,
    progress: Progress,
) -> float:
    """Trains a network as long as candidates are, saves it, and returns its metric.

    Where candidates were trained, it has the very weights that it was judged by. What a run
    that was finished has saved already is not trained again.
    """
    if run.result_file.exists() and run.model.exists():
        known = run.result()
        if known.best.tokens == candidate.tokens:
            return known.trained_accuracy
    load_paddle()
    from edgeslim.training.short_training import ShortTraining

    training = ShortTraining(task, space.input_shape, epochs=settings.epochs)
    with progress.stage("the winner's weights", 1) as stage:
        net, metric = training.trained(
            lambda _classes: space.build(candidate.tokens), settings.seed, stage.advance
        )
    with temporary_folder(near=run.path) as folder:
        finished = folder / "model"
        name = network_name(space, candidate.tokens)
        prepare_layer(net, space.input_shape, finished, name=name)
        replace_folder(finished, run.model)
    return metric
