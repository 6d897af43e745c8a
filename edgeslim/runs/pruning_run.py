"""The settings of a pruning, and its folder."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import msgspec

from edgeslim.channels.plan import PruningPlan
from edgeslim.errors import ContextMismatchError, UsageError
from edgeslim.files import new_folder, read_json, write_json
from edgeslim.opspec import Shape
from edgeslim.runs.pruning_result import JointLoss
from edgeslim.training.metric_value import MetricValue
from edgeslim.training.schedules import DEFAULT_SCHEDULE, Schedule

__all__ = ["PruneFolder", "PruneSettings", "StepRecord"]

_GOALS = {
    "target_ms": "--target-latency",
    "target_share": "--target-latency",
    "target_macs": "--target-macs",
    "ratios": "--ratios",
    "metric_loss": "--metric-loss",
}


_SETTINGS = "pruning.json"


class PruneSettings(msgspec.Struct, frozen=True, kw_only=True):
    """Everything that decides what a pruning does.

    Args:
        model: The model, as on the command line.
        fingerprint: Fingerprint of the model's parameters.
        target_ms: Latency to come down to.
        target_share: That latency as a share of what the whole model is predicted to take, where
            it was asked for so; ``target_ms`` is what it came to.
        target_macs: Work to come down to, as on the command line.
        ratios: Share of the output channels of weights that go, by name.
        metric_loss: Share of the metric that each group alone may cost.
        counter: How work is counted.
        table: Path of the latency table.
        device: Device whose measurements decide whether the latency is met, or None.
        strategy: Name of the strategy.
        criterion: Name of the criterion.
        match: Regular expression that chooses what is pruned.
        task: Task that the model is for.
        metric: Metric of the task by which candidates are judged; empty for its main one.
        sensitivities: File of sensitivities that were measured before.
        eval_share: Share of the validation examples that candidates are judged by.
        tested_ratios: Ratios at which sensitivities are measured; empty for the usual ones.
        steps: Number of steps in which the limit is reached.
        tries: Candidates that a strategy may evaluate.
        epochs: Epochs of fine-tuning after each step.
        batch_size: Examples of a training step.
        learning_rate: Highest learning rate of the fine-tuning; None for the trainer's own.
        schedule: Schedule of the learning rate.
        seed: Seed of everything random.
        input_shapes: Shapes of inputs that the model leaves open, by name.
        keep_widths: Whether widths stay where wider ones are predicted to take no longer.
    """

    model: str
    fingerprint: str = ""
    target_ms: float | None = None
    target_share: float | None = None
    target_macs: str | None = None
    ratios: dict[str, float] | None = None
    metric_loss: float | None = None
    counter: str = "macs"
    table: str | None = None
    device: str | None = None
    strategy: str = ""
    criterion: str = "l1"
    match: str = ""
    task: str | None = None
    metric: str = ""
    sensitivities: str | None = None
    eval_share: float = 1.0
    tested_ratios: tuple[float, ...] = ()
    steps: int = 1
    tries: int = 100
    epochs: int = 5
    batch_size: int = 64
    learning_rate: float | None = None
    schedule: Schedule = DEFAULT_SCHEDULE
    seed: int = 0
    input_shapes: dict[str, Shape] = {}
    keep_widths: bool = False

    @property
    def goal(self) -> str:
        """The option of the goal on the command line."""
        return next(text for name, text in _GOALS.items() if getattr(self, name) is not None)

    def check(self) -> None:
        """Checks that the settings make sense together.

        Raises:
            UsageError: They do not; the message names the options.
        """
        given = {text for name, text in _GOALS.items() if getattr(self, name) is not None}
        if len(given) != 1:
            raise UsageError(f"give exactly one of {', '.join(dict.fromkeys(_GOALS.values()))}")
        if self.ratios is not None and not self.ratios:
            raise UsageError("--ratios names no ratio")
        if self.goal == "--target-latency" and self.table is None:
            raise UsageError("--target-latency needs the --table of a device")
        if self.metric_loss is not None and not 0 < self.metric_loss < 1:
            raise UsageError(f"--metric-loss is above 0 and below 1, not {self.metric_loss:g}")
        if self.metric_loss is not None and self.task is None and self.sensitivities is None:
            raise UsageError("--metric-loss needs a --task, or --sensitivities that are known")
        if self.steps < 1 or self.tries < 1 or self.epochs < 0 or self.batch_size < 1:
            raise UsageError("--steps, --tries and --batch-size are at least 1, --epochs 0")
        if self.steps > 1 and self.goal in {"--ratios", "--metric-loss"}:
            raise UsageError(f"--steps {self.steps} needs a limit to come down to in steps")
        if self.steps > 1 and self.task is None:
            raise UsageError("several --steps train in between, and need a --task")


class StepRecord(msgspec.Struct, frozen=True, kw_only=True):
    """The decision of a step, before any training.

    Args:
        plan: Which channels of each group are kept.
        predicted_ms: Latency of the pruned network by the table.
        measured_ms: Latency of the pruned network on the device, if measured.
        metric_before: Metric of the model before the step.
        metric_pruned: Metric of the pruned model before training.
        trade_off: With ``metric_loss`` as the goal: losses that each group alone may cause, and
            the share of parameters that each would remove.
        judged: The two metrics with their examples and intervals, as ``before`` and ``pruned``.
        together: Expected and measured metrics of networks with several groups cut.
        why_whole: Why nothing is cut, if nothing is; or empty.
        whole_predicted_ms: Latency of the model before the step by the table.
        whole_measured_ms: Latency of the model before the step on the device, if measured.
        raised: Groups that are wider than the goal asks, since that takes no longer.
    """

    plan: PruningPlan
    predicted_ms: float | None = None
    measured_ms: float | None = None
    metric_before: float | None = None
    metric_pruned: float | None = None
    trade_off: tuple[tuple[float, float], ...] = ()
    judged: dict[str, MetricValue] = {}
    together: tuple[JointLoss, ...] = ()
    why_whole: str = ""
    whole_predicted_ms: float | None = None
    whole_measured_ms: float | None = None
    raised: tuple[str, ...] = ()


class PruneFolder:
    """A pruning's folder: its settings, and a folder for each step.

    Args:
        path: Path of the folder.
    """

    def __init__(self, path: Path) -> None:
        self.path = path

    @property
    def prefix(self) -> Path:
        """Prefix of the pruned model's files."""
        return self.path / "model"

    @property
    def is_begun(self) -> bool:
        """Whether a pruning was begun in the folder."""
        return (self.path / _SETTINGS).exists()

    @property
    def target_ms(self) -> float | None:
        """The latency limit of the pruning, if it is finished and had one."""
        if not self.is_begun or not self.prefix.with_suffix(".pdmodel").exists():
            return None
        return read_json(self.path / _SETTINGS, PruneSettings).target_ms

    def begin(self, settings: PruneSettings) -> None:
        """Starts a pruning in the folder, or continues the one with the same settings.

        Raises:
            ContextMismatchError: Another pruning is there; the message names what differs.
            UsageError: Something else is there.
        """
        file = self.path / _SETTINGS
        if self.is_begun:
            _check_same(self.path, read_json(file, PruneSettings), settings)
            return
        if self.path.exists() and (not self.path.is_dir() or any(self.path.iterdir())):
            raise UsageError(f"{self.path} is not empty, and no pruning's; give another --out")
        new_folder(self.path)
        write_json(file, settings)

    def step(self, number: int) -> Path:
        """Makes the folder of a step, counted from 1."""
        return new_folder(self.path / "steps" / str(number))

    def result(self, number: int) -> Path:
        """Prefix of the model that a step leaves; of step 0, the original model."""
        own = self.step(number)
        trained = own / "trained" / "model"
        return trained if trained.with_suffix(".pdmodel").exists() else own / "pruned" / "model"

    def record(self, number: int) -> StepRecord | None:
        """Reads the decision of a step; None if there is none yet."""
        file = self.step(number) / "plan.json"
        return read_json(file, StepRecord) if file.exists() else None

    def decide(self, number: int, record: StepRecord) -> None:
        """Writes the decision of a step."""
        write_json(self.step(number) / "plan.json", record)


def _check_same(folder: Path, there: PruneSettings, wanted: PruneSettings) -> None:
    mine: Mapping[str, object] = msgspec.structs.asdict(wanted)
    for name, value in msgspec.structs.asdict(there).items():
        if mine[name] != value:
            raise ContextMismatchError(
                f"{folder} is of another pruning: its {name.replace('_', ' ')} is {value}, not "
                f"{mine[name]}; give another --out"
            )
