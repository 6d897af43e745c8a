"""The network of a compression as it is at the moment, and what strategies may do with it."""

from __future__ import annotations

import io
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from edgeslim.channels.choice import choose_groups
from edgeslim.channels.groups import channels_of
from edgeslim.channels.plan import PruningPlan, Selection
from edgeslim.channels.widths import few_left_warning
from edgeslim.conversion.model_source import SavedModel
from edgeslim.conversion.prepare import PreparedModel, prepare
from edgeslim.conversion.pruned_model import write_pruned
from edgeslim.errors import UnknownNameError, UsageError
from edgeslim.files import new_folder, replace_folder, temporary_folder, write_bytes
from edgeslim.graph import Graph
from edgeslim.progress import Progress
from edgeslim.pruning.subject import PrunableModel
from edgeslim.runs.checkpoint import EpochRecord, read_arrays
from edgeslim.training.distillation import Term
from edgeslim.training.metric_value import MetricValue, metric_values
from edgeslim.training.tasks import SPLIT_SEED, Task, TaskData

if TYPE_CHECKING:
    from edgeslim.training.quantization.settings import QuantizationSettings
    from edgeslim.training.staged_net import StagedNet

__all__ = ["Work"]


def widths_of(graph: Graph) -> dict[str, int]:
    """How many channels each group of a network has, by its name."""
    return {group.name: group.width for group in channels_of(graph).groups}


_KEPT = 8
"""Folders of files that are needed meanwhile; no step needs more of those before."""

_THEIR_NAMES = {
    **dict.fromkeys(("acc_top1", "top1_acc", "top1"), "accuracy"),
    **dict.fromkeys(("acc_top5", "top5_acc", "top5"), "accuracy_top5"),
}
"""What the original's examples call the shares of images that are classified right."""


class Work:
    """Everything that strategies act on.

    Args:
        name: What is compressed, for reports.
        task_name: What for, as on the command line.
        task: The same, found.
        path: Folder of the checkpoints.
        scratch: Folder for files that are needed meanwhile.
        seed: Of everything random.
        progress: Where to show it.
        teacher_model: What is learned from, if there is a teacher.
    """

    def __init__(
        self,
        *,
        name: str,
        task_name: str,
        task: Task,
        path: Path,
        scratch: Path,
        seed: int,
        progress: Progress,
        teacher_model: PreparedModel | None = None,
    ) -> None:
        self.name = name
        self.task_name = task_name
        self.metric_name = task.metric_name
        self.seed = seed
        self.progress = progress
        self.teacher_model = teacher_model
        self.path = path
        self.terms: list[Term] = []
        self.events: list[str] = []
        self.notes: list[str] = []
        self.history: list[EpochRecord] = []
        self.whole: dict[str, int] = {}
        self.memories: dict[str, dict[str, Any]] = {}
        self._task = task
        self._scratch = scratch
        self._made = 0
        self._net: StagedNet | None = None
        self._data: TaskData | None = None
        self._metrics: dict[str, float] | None = None
        self._stamp: PreparedModel | None = None
        self._graph: Graph | None = None

    @property
    def has_network(self) -> bool:
        """Whether there is a network yet; a search makes one."""
        return self._net is not None

    @property
    def net(self) -> StagedNet:
        """The network."""
        assert self._net is not None  # noqa: S101 - the timeline has a search first
        return self._net

    @property
    def data(self) -> TaskData:
        """The task's examples, in the network's form."""
        if self._data is None:
            self._data = self._task.data(self.net.input_shape, SPLIT_SEED)
        return self._data

    def memory(self, name: str) -> dict[str, Any]:
        """What a strategy must know later: numbers, texts, lists; it is in every checkpoint."""
        return self.memories.setdefault(name, {})

    def own(self, name: str) -> Path:
        """A strategy's own folder, which is no checkpoint."""
        return new_folder(self.path / "strategies" / name)

    def user_file(self, name: str) -> Path:
        """A path that the configuration names."""
        return Path(name)

    def say(self, event: str) -> None:
        """Something that the epoch's record says."""
        self.events.append(event)

    def check_metric(self, place: str, wanted: str | None) -> None:
        """Proves that a metric is one of the task's, by its name or the original's.

        Raises:
            UsageError: It is not.
        """
        known = self._known_metrics()
        if self.named_metric(wanted) not in known:
            problem = UnknownNameError("metric", wanted or "", known)
            raise UsageError(f"{place}.metric_name: {problem}")

    def lacks_original_metric(self, wanted: str | None) -> bool:
        """Whether a metric is one of the original's examples that this task does not have."""
        return wanted in _THEIR_NAMES and self.named_metric(wanted) not in self._known_metrics()

    def _known_metrics(self) -> list[str]:
        """Our names of the task's metrics."""
        if self.has_network:
            return list(self.data.metrics(self._task))
        own = [self.metric_name]
        return [*own, "accuracy_top5"] if own == ["accuracy"] else own

    def named_metric(self, wanted: str | None) -> str:
        """Our name for a metric: the task's own if none is wanted."""
        if wanted is None:
            return self.metric_name
        return _THEIR_NAMES.get(wanted, wanted)

    def metric(self, wanted: str | None = None) -> float:
        """How right the network is as it is now, by the task's own metric or another of it."""
        return self.metrics()[self.named_metric(wanted)]

    def metrics(self) -> dict[str, float]:
        """The same by all that the task counts, its own first."""
        if self._metrics is None:
            with self.progress.stage("evaluation", 1) as stage:
                self._metrics = self.net.metrics(self.data, self._task)
                told = ", ".join(f"{name} {value:.4f}" for name, value in self._metrics.items())
                stage.advance(note=told)
        return self._metrics

    def judged(self, metrics: Mapping[str, float]) -> dict[str, MetricValue]:
        """Some of these with their number of examples and intervals."""
        return metric_values(metrics, len(self.data.validation), self.data.metrics(self._task))

    def changed(self) -> None:
        """The network is not what it was: what was known of it is forgotten."""
        self._metrics = self._stamp = None

    @property
    def graph(self) -> Graph:
        """The network before any fusion or quantization."""
        if self._graph is None:
            self._graph = self.prepared().graph
        return self._graph

    def prepared(self) -> PreparedModel:
        """The network as a model on disk, before any quantization."""
        if self._stamp is None:
            folder = self._folder()
            self.net.save_float(folder / "now")
            self._stamp = prepare(SavedModel.at(folder / "now"), folder / "prepared")
        return self._stamp

    def subject(self, match: str = "", *, of: PreparedModel | None = None) -> PrunableModel:
        """A model to be pruned, the network itself if no other, and which groups may be."""
        model = of or self.prepared()
        channels = channels_of(model.graph)
        chosen = choose_groups(channels, tuple(model.graph.parameters), match)
        return PrunableModel(model=model, channels=channels, chosen=chosen)

    def cut(self, model: PreparedModel, plan: PruningPlan) -> None:
        """Goes on with what a plan leaves of a model that the network was made from.

        Velocities are cut along: they belong to single weights, and those that stay go on
        where they were.
        """
        selection = Selection(channels_of(model.graph), plan)
        known = self.net.velocities()
        shapes = model.graph.parameters
        left = {
            name: selection.cut(name, value)
            for name, value in known.items()
            if value.shape == tuple(shapes.get(name, ()))
        }
        prefix = self._folder() / "cut"
        write_pruned(model, selection, prefix)
        self.go_on_with(prefix, left)

    def few_left(self) -> str:
        """A sentence if next to nothing is left of some groups of the first network."""
        return few_left_warning(self.whole, widths_of(self.graph))

    def go_on_with(self, prefix: Path, velocities: dict[str, Any] | None = None) -> None:
        """Takes a saved program as the network, with velocities by names of parameters."""
        from edgeslim.training.staged_net import StagedNet

        if self._net is None:
            first = prepare(SavedModel.at(prefix), self._folder() / "first")
            prefix, self.whole = first.prefix, widths_of(first.graph)
        self._net = StagedNet(prefix, velocities)
        self._graph = None
        self.changed()

    def stash(self, name: str, what: str = "base") -> None:
        """Keeps the network and its velocities in a strategy's folder, under a name."""
        with temporary_folder(near=self.own(name)) as folder:
            self.net.save(folder / what / "model")
            stream = io.BytesIO()
            np.savez(stream, **self.net.velocities())
            write_bytes(folder / what / "velocities.npz", stream.getvalue())
            replace_folder(folder / what, self.own(name) / what)

    def restore_stash(self, name: str, what: str = "base") -> PreparedModel:
        """Goes on with what `stash` kept, and gives it as a model.

        Raises:
            BadFileError: It is not there or damaged.
        """
        base = self.own(name) / what
        model = prepare(SavedModel.at(base / "model"), self._folder())
        self.go_on_with(model.prefix, read_arrays(base / "velocities.npz"))
        self._stamp = model
        return model

    def quantize(self, settings: QuantizationSettings) -> None:
        """From now on the network computes as if in few bits."""
        self.net.quantize(settings)
        self.changed()

    def calibrate(
        self, settings: QuantizationSettings, *, method: str, batches: int, batch_size: int
    ) -> None:
        """Quantizes the network by what some training images give."""
        self.net.calibrate(
            settings,
            self.data,
            method=method,
            batches=batches,
            batch_size=batch_size,
            seed=self.seed,
        )
        self.changed()

    def save_model(self, prefix: Path) -> None:
        """Writes the network as an inference model."""
        new_folder(prefix.parent)
        self.net.save(prefix)

    def _folder(self) -> Path:
        self._made += 1
        shutil.rmtree(self._scratch / str(self._made - _KEPT), ignore_errors=True)
        return new_folder(self._scratch / str(self._made))
