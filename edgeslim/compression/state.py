"""The current state of a compression, and the operations that strategies do on it."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from edgeslim.channels.choice import choose_groups
from edgeslim.channels.groups import channels_of
from edgeslim.channels.plan import PruningPlan, Selection
from edgeslim.channels.widths import few_left_warning
from edgeslim.conversion.model_source import SavedModel
from edgeslim.conversion.prepare import PreparedModel, prepare
from edgeslim.conversion.pruned_model import write_pruned
from edgeslim.errors import UnknownNameError, UsageError
from edgeslim.files import new_folder, pack_arrays, replace_folder, temporary_folder, write_bytes
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

__all__ = ["CompressionState"]


def widths_of(graph: Graph) -> dict[str, int]:
    """Number of channels of each group of a network, by the group's name."""
    return {group.name: group.width for group in channels_of(graph).groups}


_KEPT = 8
"""Number of temporary folders that are kept; no step needs older ones."""

_THEIR_NAMES = {
    **dict.fromkeys(("acc_top1", "top1_acc", "top1"), "accuracy"),
    **dict.fromkeys(("acc_top5", "top5_acc", "top5"), "accuracy_top5"),
}
"""Our names for metrics that the original's examples call otherwise."""


class CompressionState:
    """Everything that strategies act on.

    Args:
        name: Name of the model, for reports.
        task_name: The task as on the command line.
        task: The task of that name.
        path: Folder of the checkpoints.
        scratch: Folder for temporary files.
        seed: Seed of everything that is random.
        progress: Shows the progress of evaluations.
        teacher_model: Model that distillation learns from, or None.
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
        self.first_widths: dict[str, int] = {}
        self.memories: dict[str, dict[str, Any]] = {}
        self._task = task
        self._scratch = scratch
        self._made = 0
        self._net: StagedNet | None = None
        self._data: TaskData | None = None
        self._metrics: dict[str, float] | None = None
        self._prepared: PreparedModel | None = None
        self._graph: Graph | None = None

    @property
    def has_network(self) -> bool:
        """Whether there is a network already; a search makes one."""
        return self._net is not None

    @property
    def net(self) -> StagedNet:
        """The network that is trained."""
        assert self._net is not None  # noqa: S101 - else the timeline has a search first
        return self._net

    @property
    def data(self) -> TaskData:
        """The task's examples for the network's input shape."""
        if self._data is None:
            self._data = self._task.data(self.net.input_shape, SPLIT_SEED)
        return self._data

    def memory(self, name: str) -> dict[str, Any]:
        """What a strategy must remember: numbers, texts, lists; it is in every checkpoint."""
        return self.memories.setdefault(name, {})

    def strategy_folder(self, name: str) -> Path:
        """A strategy's own folder, which is not part of a checkpoint."""
        return new_folder(self.path / "strategies" / name)

    def add_event(self, event: str) -> None:
        """Adds a text to the epoch's record."""
        self.events.append(event)

    def check_metric(self, place: str, wanted: str | None) -> None:
        """Checks that the task has a metric of this name, ours or the original's.

        Raises:
            UsageError: The task has no such metric.
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
        """The current network's metric: the task's own one, or another one of the task."""
        return self.metrics()[self.named_metric(wanted)]

    def metrics(self) -> dict[str, float]:
        """All metrics of the current network, the task's own first."""
        if self._metrics is None:
            with self.progress.stage("evaluation", 1) as stage:
                self._metrics = self.net.metrics(self.data, self._task)
                note = ", ".join(f"{name} {value:.4f}" for name, value in self._metrics.items())
                stage.advance(note=note)
        return self._metrics

    def with_intervals(self, metrics: Mapping[str, float]) -> dict[str, MetricValue]:
        """Metrics with their number of examples and intervals."""
        return metric_values(metrics, len(self.data.validation), self.data.metrics(self._task))

    def forget_results(self) -> None:
        """Drops metrics and files of the network, after it has changed."""
        self._metrics = self._prepared = None

    @property
    def graph(self) -> Graph:
        """The network before any fusion or quantization."""
        if self._graph is None:
            self._graph = self.prepare_model().graph
        return self._graph

    def prepare_model(self) -> PreparedModel:
        """Saves and prepares the network as a model on disk, before any quantization."""
        if self._prepared is None:
            folder = self._folder()
            self.net.save_float(folder / "now")
            self._prepared = prepare(SavedModel.at(folder / "now"), folder / "prepared")
        return self._prepared

    def prunable_model(self, match: str = "", *, of: PreparedModel | None = None) -> PrunableModel:
        """A model to prune, by default the network itself, with the groups that may be pruned."""
        model = of or self.prepare_model()
        channels = channels_of(model.graph)
        chosen = choose_groups(channels, tuple(model.graph.parameters), match)
        return PrunableModel(model=model, channels=channels, chosen=chosen)

    def cut(self, model: PreparedModel, plan: PruningPlan) -> None:
        """Prunes a model by a plan, and uses it as the network.

        The network was made from this model. Velocities belong to single weights: those of the
        weights that stay are kept.
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
        self.use_program(prefix, left)

    def few_channels_text(self) -> str:
        """Warning if very few channels are left of some groups of the first network."""
        return few_left_warning(self.first_widths, widths_of(self.graph))

    def use_program(self, prefix: Path, velocities: dict[str, Any] | None = None) -> None:
        """Uses a saved program as the network, with velocities by names of parameters."""
        from edgeslim.training.staged_net import StagedNet

        if self._net is None:
            first = prepare(SavedModel.at(prefix), self._folder() / "first")
            prefix, self.first_widths = first.prefix, widths_of(first.graph)
        self._net = StagedNet(prefix, velocities)
        self._graph = None
        self.forget_results()

    def stash(self, name: str, what: str = "base") -> None:
        """Saves the network and its velocities in a strategy's folder, under a name."""
        with temporary_folder(near=self.strategy_folder(name)) as folder:
            self.net.save(folder / what / "model")
            write_bytes(folder / what / "velocities.npz", pack_arrays(self.net.velocities()))
            replace_folder(folder / what, self.strategy_folder(name) / what)

    def restore_stash(self, name: str, what: str = "base") -> PreparedModel:
        """Uses what `stash` saved as the network; returns it as a model.

        Raises:
            BadFileError: The files are missing or damaged.
        """
        base = self.strategy_folder(name) / what
        model = prepare(SavedModel.at(base / "model"), self._folder())
        self.use_program(model.prefix, read_arrays(base / "velocities.npz"))
        self._prepared = model
        return model

    def quantize(self, settings: QuantizationSettings) -> None:
        """Makes the network compute as if in few bits from now on."""
        self.net.quantize(settings)
        self.forget_results()

    def calibrate(
        self, settings: QuantizationSettings, *, method: str, batches: int, batch_size: int
    ) -> None:
        """Quantizes the network by scales that some training images give."""
        self.net.calibrate(
            settings,
            self.data,
            method=method,
            batches=batches,
            batch_size=batch_size,
            seed=self.seed,
        )
        self.forget_results()

    def save_model(self, prefix: Path) -> None:
        """Writes the network as an inference model."""
        new_folder(prefix.parent)
        self.net.save(prefix)

    def _folder(self) -> Path:
        self._made += 1
        shutil.rmtree(self._scratch / str(self._made - _KEPT), ignore_errors=True)
        return new_folder(self._scratch / str(self._made))
