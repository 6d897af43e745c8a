"""The steps of a run: each is a command of edgeslim, in a process of its own.

So that a step can be repeated alone, what is run is exactly what is shown; and what one step
loads (Paddle, a training) does not disturb what the next one measures.
"""

from __future__ import annotations

import shlex
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from edgeslim.deployment.evaluate import EvaluateRequest
from edgeslim.deployment.optimize import OptimizeRequest
from edgeslim.deployment.origins import NO_BASELINE
from edgeslim.deployment.request import DeployRequest
from edgeslim.errors import ReportedElsewhereError
from edgeslim.options import option_words
from edgeslim.own_command import OwnCommand
from edgeslim.profiling.profile import ProfileRequest
from edgeslim.pruning.prune import PruneRequest
from edgeslim.runs.slim_run import SlimFolder, SlimSettings, SlimStep
from edgeslim.training.quantize_model import QuantizeRequest
from edgeslim.training.train_model import TrainRequest

__all__ = ["Step", "StepRunner", "Steps"]

_GRACE_S = 30.0
"""How long an interrupted step may take to write down where it was."""
_ROUNDS = 6
"""Rounds of a measurement on the way; the last one, beside the original, has those of deploy."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Step:
    """A command that a run consists of.

    Args:
        name: Name of the step; each has another one.
        arguments: The command line without ``edgeslim`` and ``--json``.
        accepts: Exit codes after which the run goes on.
    """

    name: str
    arguments: tuple[str, ...]
    accepts: frozenset[int] = frozenset({0})

    @property
    def command(self) -> str:
        """The command as it is typed."""
        return shlex.join(("edgeslim", *self.arguments))


@dataclass(frozen=True, kw_only=True, slots=True)
class Steps:
    """The commands of a run; see the documents of each for its options.

    Args:
        settings: Settings of the run.
        folder: Folder of the run.
    """

    settings: SlimSettings
    folder: SlimFolder

    @property
    def table(self) -> str:
        """Path of the latency table."""
        return self.settings.table or str(self.folder.path / "table.jsonl")

    def place(self, name: str) -> str:
        """Folder of what a step makes."""
        return str(self.folder.path / name)

    def profile(self) -> Step:
        """Measures the operators of the model, and of the model with fewer channels."""
        own = self.settings
        return _step(
            "profile",
            ProfileRequest,
            {
                "device": own.device,
                "model": own.model,
                "budget": own.budget,
                "out": self.table,
                "input_shapes": list(own.input_shapes),
            },
            accepts={0, 3},  # operators that do not run are named, and matter later
        )

    def evaluate(self) -> Step:
        """Measures the accuracy of the model as it came."""
        own = self.settings
        return _step("evaluate", EvaluateRequest, {"model": own.model, "task": own.task})

    def measure(self, name: str, model: str) -> Step:
        """Measures a model alone on the device, and proves its outputs right."""
        values = {
            **self._deployment_values(model, name),
            "baseline": NO_BASELINE,
            "rounds": _ROUNDS,
            "input_shapes": list(self.settings.input_shapes),
        }
        return _step("deploy", DeployRequest, values, name=name, accepts={0, 3})

    def rewrite(self, name: str, model: str) -> Step:
        """Writes a model that computes the same in the form that the device runs fastest.

        Args:
            name: Name of the step and of its folder.
            model: Folder of the model.
        """
        own = self.settings
        values = {
            "model": model,
            "table": self.table,
            "device": own.device,
            "out": self.place(name),
            "input_shapes": list(own.input_shapes),
        }
        return _step("optimize", OptimizeRequest, values, name=name, accepts={0, 3})

    def prune(self, name: str, limit_ms: str) -> Step:
        """Prunes the model to a latency, and trains it.

        Args:
            name: Name of the step and of its folder.
            limit_ms: The latency as on the command line.
        """
        own = self.settings
        values = {
            **self._training,
            "model": own.model,
            "target_ms": limit_ms,
            "table": self.table,
            "device": own.device,
            "epochs": own.epochs,
            "seed": own.seed,
            "out": self.place(name),
            "input_shapes": list(own.input_shapes),
        }
        return _step("prune", PruneRequest, values, name=name)

    def train_on(self, name: str, model: str) -> Step:
        """Trains a pruned model for longer."""
        own = self.settings
        values = {
            **self._training,
            "model": model,
            "epochs": 2 * own.epochs,
            "seed": own.seed + 1,
            "out": self.place(name),
        }
        return _step("train", TrainRequest, values, name=name)

    def quantize(self, name: str, model: str) -> Step:
        """Quantizes a model for int8 kernels, by the task's images."""
        own = self.settings
        values = {"model": model, "task": own.task, "seed": own.seed, "out": self.place(name)}
        return _step("quantize", QuantizeRequest, values, name=name)

    def deploy(self, limit_ms: str) -> Step:
        """Measures the chosen model beside the one as it came, and judges the limit."""
        values = self._deployment_values(str(self.folder.path), "deployment")
        # A model that is pruned to its limit is as slow as its limit, which more time decides late.
        limited = {**values, "gates": {"latency_ms": limit_ms}, "patience_s": "1ms"}
        return _step("deploy", DeployRequest, limited, accepts={0, 1, 3})

    @property
    def _training(self) -> dict[str, Any]:
        """How every training of the run is done."""
        own = self.settings
        return {
            "task": own.task,
            "batch_size": own.batch_size,
            "learning_rate": own.learning_rate,
        }

    def _deployment_values(self, model: str, name: str) -> dict[str, Any]:
        """Where a model is measured, and the name of the folder of what is converted.

        Rewriting is a step of its own, and so no part of a measurement.
        """
        return {
            "model": model,
            "device": self.settings.device,
            "table": self.table,
            "out": self.place(name),
            "rewrite": False,
        }

    def report(self) -> Step:
        """Writes the report of the run."""
        file = str(self.folder.path / "report.html")
        return Step(name="report", arguments=("report", str(self.folder.path), "--out", file))


def _step(
    command: str,
    request: type,
    values: Mapping[str, Any],
    *,
    name: str = "",
    accepts: Iterable[int] = (0,),
) -> Step:
    """A step whose command asks for some values; without a name it is called as the command."""
    arguments = (command, *option_words(request, values))
    return Step(name=name or command, arguments=arguments, accepts=frozenset(accepts))


class StepRunner:
    """Runs steps that are not done yet, and keeps what they print.

    Args:
        folder: Folder of the run.
        announce: Called with the number of a step and its command, before it runs.
    """

    def __init__(self, folder: SlimFolder, announce: Callable[[int, str], None]) -> None:
        self._folder = folder
        self._announce = announce
        self.commands: list[str] = []

    def run(self, step: Step) -> dict[str, Any]:
        """What the step's command prints with ``--json``.

        Raises:
            ReportedElsewhereError: The command failed, and has said why.
        """
        self.commands.append(step.command)
        done = self._folder.step(step.name)
        if done is not None and done.command == ("edgeslim", *step.arguments):
            return done.document
        self._announce(len(self.commands), step.command)
        code, document = OwnCommand(step.arguments, grace_s=_GRACE_S).wait()
        if code not in step.accepts or not document:
            raise ReportedElsewhereError(f"{step.command} failed", code or 1)
        self._folder.keep_step(
            SlimStep(
                name=step.name,
                command=("edgeslim", *step.arguments),
                code=code,
                document=document,
            )
        )
        return document
