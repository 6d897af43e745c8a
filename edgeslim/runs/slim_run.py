"""The folder of ``edgeslim slim``: its settings, what each step printed, and the result."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec

from edgeslim.errors import UsageError
from edgeslim.files import new_folder, read_json, write_json
from edgeslim.runs.same_settings import check_same_settings
from edgeslim.training.metric_value import MetricValue

__all__ = [
    "SLIM",
    "SlimCandidate",
    "SlimFolder",
    "SlimSettings",
    "SlimStep",
    "Slimming",
    "pruning_of",
]

SLIM = "slim.json"
"""Name of the file in a run's folder that says that it is one of ``edgeslim slim``."""
_RESULT = "result.json"


class SlimSettings(msgspec.Struct, frozen=True, kw_only=True):
    """Everything that decides what a run does.

    Args:
        model: The model, as on the command line.
        task: The task, as on the command line.
        limit: The latency limit: ``20 ms``, or ``60%`` of what the model takes.
        max_loss: Largest loss of the task's metric, from 0 to 1.
        device: How the device is reached, by the fields of `edgeslim.device.DeviceChoice`.
        table: Path of the latency table; None for one that the run measures itself.
        budget: Number of operators that the run's own table has measured at least.
        means: What may make the model faster, in the order it is tried.
        epochs: Epochs of training after a pruning.
        batch_size: Examples of a training step.
        learning_rate: Highest learning rate; None for the usual one.
        seed: Seed of everything random.
        input_shapes: Shapes of open inputs, as on the command line.
    """

    model: str
    task: str
    limit: str
    max_loss: float
    device: dict[str, str | int | None]
    table: str | None
    budget: int
    means: tuple[str, ...]
    epochs: int
    batch_size: int
    learning_rate: float | None
    seed: int
    input_shapes: tuple[str, ...] = ()


class SlimStep(msgspec.Struct, frozen=True, kw_only=True):
    """A step that is done.

    Args:
        name: Name of the step, such as ``prune``.
        command: The command that repeats it alone, word by word.
        code: Exit code of that command.
        document: What it printed with ``--json``.
    """

    name: str
    command: tuple[str, ...]
    code: int
    document: dict[str, Any]


class SlimCandidate(msgspec.Struct, frozen=True, kw_only=True):
    """A model that was tried.

    Args:
        name: How it was made, such as ``pruning``.
        model: Folder of the model.
        pruning: Folder of the pruning that it is from; empty if it is from none.
        measured_ms: Median latency on the device, in milliseconds.
        met: Whether that is within the limit.
        metric: The task's metric of it.
        lost: How much lower that is than the metric of the model as it came.
    """

    name: str
    model: str
    measured_ms: float
    met: bool
    metric: MetricValue
    lost: float
    pruning: str = ""


class Slimming(msgspec.Struct, frozen=True, kw_only=True):
    """The result of a run; without ``after_ms`` as long as it is not deployed.

    Args:
        model: Folder of the run, which holds the chosen model.
        made_by: How it was made: the name of a candidate.
        limit_ms: The latency limit in milliseconds.
        met: Whether the chosen model is within the limit and the largest loss, as measured.
        before_ms: Median latency of the model as it came, in milliseconds.
        after_ms: Median latency of the chosen model, in the same rounds as ``speedup``.
        speedup: How many times as fast it is as the model as it came, in the same rounds.
        speedup_interval: The 95 % interval of the speed-up.
        metric: Name of the task's metric.
        metric_before: The metric of the model as it came.
        metric_after: The metric of the chosen model.
        judged: Both metrics with their examples and intervals, as ``before`` and ``after``.
        max_loss: Largest loss of the metric that was asked for.
        candidates: All models that were tried, in order.
        commands: The command of each step that was run, in order.
        report: Path of the report.
        advice: What to try next, as sentences.
    """

    model: str
    made_by: str
    limit_ms: float
    met: bool
    before_ms: float
    metric: str
    metric_before: float
    metric_after: float
    judged: dict[str, MetricValue]
    max_loss: float
    candidates: tuple[SlimCandidate, ...]
    commands: tuple[str, ...]
    after_ms: float | None = None
    speedup: float | None = None
    speedup_interval: tuple[float, float] | None = None
    report: str | None = None
    advice: tuple[str, ...] = ()


def pruning_of(result: Slimming) -> Path | None:
    """Folder of the pruning that the chosen model is from, if it is from one and it is there."""
    pruned = next(one.pruning for one in result.candidates if one.name == result.made_by)
    return Path(pruned) if pruned and (Path(pruned) / "pruning.json").is_file() else None


class SlimFolder:
    """A run's folder: a settings file, a file and a folder for each step, and the chosen model.

    Args:
        path: Path of the folder.
    """

    def __init__(self, path: Path) -> None:
        self.path = path

    @property
    def is_begun(self) -> bool:
        """Whether a run was begun in the folder."""
        return (self.path / SLIM).exists()

    @property
    def prefix(self) -> Path:
        """Prefix of the chosen model's files."""
        return self.path / "model"

    @property
    def start(self) -> Path:
        """Prefix of the files of the model as it came, where every run keeps its own."""
        return self.path / "start" / "model"

    def begin(self, settings: SlimSettings) -> None:
        """Starts a run in the folder, or continues the one with the same settings.

        Raises:
            ContextMismatchError: Another run is there; the message names what differs.
            UsageError: Something else is there.
        """
        if self.is_begun:
            there = read_json(self.path / SLIM, SlimSettings)
            names = SlimSettings.__struct_fields__
            check_same_settings(self.path, "another run of slim", there, settings, names)
            return
        if self.path.exists() and (not self.path.is_dir() or any(self.path.iterdir())):
            raise UsageError(f"{self.path} is not empty, and no run of slim; give another --out")
        new_folder(self.path)
        write_json(self.path / SLIM, settings)

    def step(self, name: str) -> SlimStep | None:
        """Reads what a step left; None if it is not done."""
        file = self._step_file(name)
        return read_json(file, SlimStep) if file.exists() else None

    def keep_step(self, step: SlimStep) -> None:
        """Writes down what a step left."""
        new_folder(self._step_file(step.name).parent)
        write_json(self._step_file(step.name), step)

    def _step_file(self, name: str) -> Path:
        return self.path / "steps" / f"{name}.json"

    def keep_result(self, result: Slimming) -> None:
        """Writes down the result."""
        write_json(self.path / _RESULT, result)

    def result(self) -> Slimming | None:
        """Reads the result; None as long as there is none."""
        file = self.path / _RESULT
        return read_json(file, Slimming) if file.exists() else None
