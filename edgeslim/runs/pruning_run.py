"""The settings of a pruning, and its folder."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated

import msgspec

from edgeslim.channels.plan import PruningPlan
from edgeslim.conversion.shape_options import INPUT_SHAPES
from edgeslim.errors import UsageError
from edgeslim.files import new_folder, read_json, write_json
from edgeslim.opspec import Shape
from edgeslim.options import ARGUMENT, OPTION, Option, field_names
from edgeslim.runs.pruning_result import JointLoss
from edgeslim.runs.same_settings import check_same_settings
from edgeslim.training.metric_value import MetricValue
from edgeslim.training.training_options import TRAINING, TrainingOptions

__all__ = [
    "CHOICE",
    "GOAL",
    "PruneFolder",
    "PruneOptions",
    "PruneSettings",
    "StepRecord",
    "read_ratios",
]

_GOALS = {
    "target_ms": "--target-latency",
    "target_share": "--target-latency",
    "target_macs": "--target-macs",
    "ratios": "--ratios",
    "metric_loss": "--metric-loss",
}


_SETTINGS = "pruning.json"
_DECISION = "plan.json"
_OF_MODEL = ("model", "fingerprint", "input_shapes")
"""Settings that decide which model is pruned, which a folder keeps from its start."""
_OTHER = "of another pruning"


GOAL = Option("Goal, of which there is one")
CHOICE = Option("Which channels go")


def read_ratios(path: str | Path) -> dict[str, float]:
    """Reads ratios by the names of weights from a JSON file.

    Raises:
        BadFileError: It cannot be read, or is not such a file.
    """
    return read_json(Path(path), dict[str, float])


@dataclass(frozen=True, kw_only=True, slots=True)
class PruneOptions(TrainingOptions):
    """What can be asked of a pruning, and is kept in its folder as it was asked."""

    model: Annotated[str, ARGUMENT] = field(kw_only=False)
    """Saved model, file.py:function, or a name."""
    target_macs: Annotated[str | None, GOAL] = None
    """An amount of work: -50% or 300M."""
    ratios: Annotated[Mapping[str, float] | None, GOAL(parse=read_ratios)] = None
    """Shares of the output channels that go, by names of weights; a JSON file of them."""
    metric_loss: Annotated[float | None, GOAL] = None
    """Loss that each group alone may cause, as a share of the metric (the rule of PaddleX)."""
    counter: Annotated[str, GOAL] = "macs"
    """How work is counted: macs or paddleslim1-flops."""
    criterion: Annotated[str, CHOICE] = "l1"
    """Which channels go first: l1, or by weights' names conv*=l2,*=l1."""
    match: Annotated[str, CHOICE] = ""
    """Regular expression over names of weights: prune these only."""
    keep_widths: Annotated[bool, CHOICE] = False
    """Keep the widths that the goal alone gives; else, with a table, they are raised within the
    goal to the widest that are predicted to take no longer. Ratios that are given are kept."""
    tries: Annotated[int, CHOICE] = 100
    """Candidates that annealing evaluates."""
    eval_share: Annotated[float, CHOICE] = 1.0
    """Share of the validation examples that candidates are judged by."""
    task: Annotated[str | None, OPTION] = None
    """Task to evaluate and train on: NAME or NAME:FOLDER; else nothing is evaluated or trained."""
    input_shapes: Annotated[Mapping[str, Shape], INPUT_SHAPES] = field(default_factory=dict)
    """Shape of an open input: 1,3,224,224 or name=..."""
    steps: Annotated[int, TRAINING] = 1
    """Steps to the goal, with training in between."""
    epochs: Annotated[int, TRAINING] = 5
    """Epochs of training after each step."""


@dataclass(frozen=True, kw_only=True, slots=True)
class PruneSettings(PruneOptions):
    """Everything that decides what a pruning does."""

    fingerprint: str = ""
    """Fingerprint of the model's parameters."""
    target_ms: float | None = None
    """Latency to come down to, in milliseconds."""
    target_share: float | None = None
    """That latency as a share of what the whole model is predicted to take, where it was asked
    for so; ``target_ms`` is what it came to."""
    table: str | None = None
    """Path of the latency table."""
    device: str | None = None
    """Device whose measurements decide whether the latency is met, or None."""
    strategy: str = ""
    """Name of the strategy."""
    metric: str = ""
    """Metric of the task by which candidates are judged; empty for its main one."""
    sensitivities: str | None = None
    """File of sensitivities that were measured before."""
    tested_ratios: tuple[float, ...] = ()
    """Ratios at which sensitivities are measured; empty for the usual ones."""

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

        One that has decided nothing, since its goal was out of reach or it was interrupted before,
        takes other settings; its sensitivities, which have a context of their own, stay.

        Raises:
            ContextMismatchError: Another pruning is there; the message names what differs.
            UsageError: Something else is there.
        """
        file = self.path / _SETTINGS
        if self.is_begun:
            there = read_json(file, PruneSettings)
            if any((self.path / "steps").glob(f"*/{_DECISION}")):
                names = dict.fromkeys(["model", *field_names(PruneSettings)])
                check_same_settings(self.path, _OTHER, there, settings, names)
            elif there != settings:
                check_same_settings(self.path, _OTHER, there, settings, _OF_MODEL)
                write_json(file, settings)
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
        file = self.step(number) / _DECISION
        return read_json(file, StepRecord) if file.exists() else None

    def decide(self, number: int, record: StepRecord) -> None:
        """Writes the decision of a step."""
        write_json(self.step(number) / _DECISION, record)
