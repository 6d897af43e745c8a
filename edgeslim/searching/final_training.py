"""Networks of a search trained by themselves and saved as models: finalists, and the winner."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from edgeslim.conversion.prepare import prepare_layer
from edgeslim.files import replace_folder, temporary_folder
from edgeslim.paddle_io.importing import load_paddle
from edgeslim.profiling.workload import network_name
from edgeslim.progress import Progress
from edgeslim.runs.candidates import Candidate
from edgeslim.runs.search_run import RunFolder
from edgeslim.runs.search_settings import SearchSettings
from edgeslim.spaces import Space
from edgeslim.training.metric_value import MetricValue
from edgeslim.training.tasks import Task

if TYPE_CHECKING:
    from edgeslim.training.short_training import ShortTraining

__all__ = ["FinalTraining"]


class FinalTraining:
    """Trains networks that may be deployed, for the longest training of the settings.

    Args:
        settings: Settings of the search.
        space: Space that is searched.
        task: Task that networks are trained for.
        run: Folder of the search, if it is on this machine; finalists are saved there.
    """

    def __init__(
        self, settings: SearchSettings, space: Space, task: Task, run: RunFolder | None
    ) -> None:
        self._settings = settings
        self._space = space
        self._task = task
        self._run = run

    def of(self, candidate: Candidate, on_share: Callable[[float], None]) -> float:
        """Trains a finalist, saves its model if the search's folder is here; returns its metric.

        Args:
            candidate: Candidate that is a finalist.
            on_share: Called with shares of the training as they are done; they add up to 1.

        Raises:
            ModelError: The training diverged.
        """
        target = None if self._run is None else self._run.finalist(candidate.number)
        return self._train_into(target, candidate, on_share)

    def save_winner(self, winner: Candidate, run: RunFolder, progress: Progress) -> float:
        """Trains and saves the winner if that is not done yet, and returns its metric.

        Where candidates are trained as long, it gets the same weights that it was evaluated by. A
        winner that was saved before is not trained again, and neither is a finalist that was
        trained on this machine.
        """
        if run.result_file.exists() and run.model.exists():
            known = run.result()
            if known.best.tokens == winner.tokens:
                return known.trained_accuracy
        trained = run.finalist(winner.number)
        if winner.final_accuracy is not None and trained.exists():
            with temporary_folder(near=run.path) as folder:
                replace_folder(Path(shutil.copytree(trained, folder / "model")), run.model)
            return winner.final_accuracy
        with progress.stage("the winner's weights", 1) as stage:
            return self._train_into(run.model, winner, stage.advance)

    def judge(self, metric: float) -> MetricValue:
        """A metric of a trained network with its number of examples and its interval."""
        return self._training.judge(metric)

    def _train_into(
        self, target: Path | None, candidate: Candidate, on_share: Callable[[float], None]
    ) -> float:
        """Trains a network and, if a target is given, saves it atomically; returns its metric."""
        net, metric = self._training.train(
            lambda _classes: self._space.build(candidate.tokens), self._settings.seed, on_share
        )
        if target is None:
            return metric
        name = network_name(self._space, candidate.tokens)
        with temporary_folder(near=target.parent) as folder:
            finished = folder / "model"
            prepare_layer(net, self._space.input_shape, finished, name=name)
            replace_folder(finished, target)
        return metric

    @cached_property
    def _training(self) -> ShortTraining:
        load_paddle()
        from edgeslim.training.short_training import ShortTraining

        return ShortTraining(self._task, self._space.input_shape, epochs=self._settings.longest)
