"""What can be asked of ``edgeslim slim``."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated

from edgeslim.conversion.model_source import SavedModel, find_model
from edgeslim.conversion.shape_options import INPUT_SHAPES
from edgeslim.device import REACHED, DeviceChoice
from edgeslim.durations import LatencyShare, parse_latency
from edgeslim.errors import UnknownNameError, UsageError
from edgeslim.execution import Target
from edgeslim.opspec import Shape
from edgeslim.options import ARGUMENT, OPTION, Option, OptionsOf, parse_names
from edgeslim.progress import SILENT, Progress
from edgeslim.runs.slim_run import SlimSettings
from edgeslim.training.tasks import find_task
from edgeslim.training.training_options import TRAINING

__all__ = ["MEANS", "SlimRequest", "parse_share"]

MEANS = ("rewriting", "int8", "pruning", "pruning+int8")
"""All that may make a model faster, the cheapest first."""
_USUAL_MEANS = {Target.ARM: MEANS, Target.X86: ("rewriting", "pruning")}
"""On x86, Paddle-Lite's int8 kernels are slower than those for floats (docs/quantization.md)."""

_GOAL = Option("Goal")
_SHARE = re.compile(r"\s*(\d+\.?\d*|\.\d+)\s*%\s*")


def parse_share(text: str) -> float:
    """Parses a share like ``1%``.

    Raises:
        UsageError: It is none, or not from 0 to 100 %.
    """
    match = _SHARE.fullmatch(text)
    if match is None or float(match[1]) > 100:
        raise UsageError(f"--max-loss is a share like 1%, not {text!r}")
    return float(match[1]) / 100


@dataclass(frozen=True, kw_only=True, slots=True)
class SlimRequest:
    """What can be asked of `edgeslim.slimming.slim.slim`."""

    model: Annotated[str, ARGUMENT] = field(kw_only=False)
    """Trained model: a saved one, or a run's folder."""
    task: Annotated[str, OPTION]
    """Task to evaluate and train on: NAME, NAME:FOLDER with its images, or file.py of your own."""
    out: Annotated[Path, OPTION]
    """Folder of the run: the model, every step and the report."""
    target_ms: Annotated[float | LatencyShare, _GOAL("--target-latency", parse=parse_latency)]
    """The latency to come down to: 20ms, or -40% (as well 60%) of what the model takes now, as
    measured."""
    max_loss: Annotated[float, _GOAL(parse=parse_share)] = 0.01
    """How much of the task's metric may be lost: 1%, which is 0.01 of an accuracy."""
    means: Annotated[Sequence[str], _GOAL(parse=parse_names)] = ()
    """What may make it faster, in the order it is tried: rewriting,int8,pruning,pruning+int8; by
    default all on Arm, and those without int8 on x86, where it is slower."""
    dry_run: Annotated[bool, OPTION] = False
    """Only show the commands, and how long they are likely to take."""
    table: Annotated[Path | None, OPTION] = None
    """Latency table of the device; by default one that the run measures."""
    budget: Annotated[int, OPTION] = 60
    """How many operators that table has measured at least; others are interpolated."""
    input_shapes: Annotated[Mapping[str, Shape] | None, INPUT_SHAPES] = None
    """Shape of an open input: 1,3,224,224 or name=..."""
    epochs: Annotated[int, TRAINING] = 5
    """Epochs of training after a pruning; twice as many follow where too much is lost."""
    batch_size: Annotated[int, TRAINING] = 64
    """Examples of a training step."""
    learning_rate: Annotated[float | None, TRAINING("--learning-rate", "--lr")] = None
    """Highest learning rate; by default 0.01."""
    seed: Annotated[int, OPTION] = 0
    """Seed of everything random."""
    device: Annotated[str | DeviceChoice, OptionsOf(DeviceChoice, REACHED)] = "host"
    """Name of the device's profile; by default this machine, host."""
    progress: Progress = SILENT
    """Shows how far it is; the steps show their own progress on standard error."""

    def check(self) -> None:
        """Checks what can be checked before the first step.

        Raises:
            UsageError: Unknown names, numbers that are not possible.
            BadFileError, ModelError: There is no such model.
        """
        found = find_task(self.task)
        source = find_model(self.model, num_classes=found.num_classes)
        if not isinstance(source, SavedModel):
            raise UsageError(
                f"{self.model} is a network without trained weights; train it first: edgeslim "
                f"train {self.model} --task {self.task} --out FOLDER"
            )
        self.choice.profile()
        for name in self.means:
            if name not in MEANS:
                raise UnknownNameError("means", name, MEANS)
        if "pruning+int8" in self.means:
            before = self.means[: self.means.index("pruning+int8")]
            if "int8" not in before:
                raise UsageError(
                    "--means pruning+int8 needs int8 before it, to know what int8 gains"
                )
        if isinstance(self.target_ms, LatencyShare) and self.target_ms.share >= 1:
            raise UsageError(f"--target-latency {self.target_ms} leaves nothing to do")
        if self.table is not None and not self.table.is_file():
            raise UsageError(f"there is no table {self.table}; leave --table out to measure one")
        for name in ("epochs", "batch_size", "budget"):
            if getattr(self, name) < 1:
                option = f"--{name.replace('_', '-')}"
                raise UsageError(f"{option} is at least 1, not {getattr(self, name)}")

    @property
    def choice(self) -> DeviceChoice:
        """The device."""
        return DeviceChoice.of(self.device).with_name("host")

    @property
    def settings(self) -> SlimSettings:
        """The settings of the run, as its folder keeps them."""
        target, shapes = self.target_ms, self.input_shapes or {}
        limit = str(target) if isinstance(target, LatencyShare) else f"{target:.6g}ms"
        return SlimSettings(
            model=self.model,
            task=self.task,
            limit=limit,
            max_loss=self.max_loss,
            device={name: getattr(self.choice, name) for name in REACHED},
            table=None if self.table is None else str(self.table),
            budget=self.budget,
            means=tuple(self.means) or _USUAL_MEANS[self.choice.profile().target],
            epochs=self.epochs,
            batch_size=self.batch_size,
            learning_rate=self.learning_rate,
            seed=self.seed,
            input_shapes=tuple(
                f"{name}={','.join(map(str, shape))}".lstrip("=") for name, shape in shapes.items()
            ),
        )
