"""The steps of a run: each is a command of edgeslim, in a process of its own.

So that a step can be repeated alone, what is run is exactly what is shown; and what one step
loads (Paddle, a training) does not disturb what the next one measures.
"""

from __future__ import annotations

import shlex
import signal
import subprocess
import sys
import tempfile
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import msgspec

from edgeslim.errors import ReportedElsewhereError
from edgeslim.runs.slim_run import SlimFolder, SlimSettings, SlimStep

__all__ = ["Step", "StepRunner", "Steps"]

_GRACE_S = 30.0
"""How long an interrupted step may take to write down where it was."""


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

    @property
    def _shapes(self) -> tuple[str, ...]:
        return tuple(
            part for text in self.settings.input_shapes for part in ("--input-shape", text)
        )

    def profile(self) -> Step:
        """Measures the operators of the model, and of the model with fewer channels."""
        return Step(
            name="profile",
            arguments=(
                *("profile", "--model", self.settings.model, *self.settings.device),
                *("--budget", str(self.settings.budget), "--out", self.table, *self._shapes),
            ),
            accepts=frozenset({0, 3}),  # operators that do not run are named, and matter later
        )

    def evaluate(self) -> Step:
        """Measures the accuracy of the model as it came."""
        own = self.settings
        return Step(name="evaluate", arguments=("evaluate", own.model, "--task", own.task))

    def measure(self, name: str, model: str, *, baseline: str = "none") -> Step:
        """Measures a model on the device, and proves its outputs right."""
        return Step(
            name=name,
            arguments=(
                *("deploy", model, *self.settings.device, "--table", self.table),
                *("--baseline", baseline, "--rounds", "6", "--out", self.place(name)),
                *self._shapes,
            ),
            accepts=frozenset({0, 3}),
        )

    def prune(self, name: str, limit_ms: str) -> Step:
        """Prunes the model to a latency, and trains it.

        Args:
            name: Name of the step and of its folder.
            limit_ms: The latency as on the command line.
        """
        own = self.settings
        rate = () if own.learning_rate is None else ("--lr", f"{own.learning_rate:g}")
        return Step(
            name=name,
            arguments=(
                *("prune", own.model, "--target-latency", limit_ms, "--table", self.table),
                *("--task", own.task, *own.device, "--epochs", str(own.epochs)),
                *("--batch-size", str(own.batch_size), *rate, "--seed", str(own.seed)),
                *("--out", self.place(name), *self._shapes),
            ),
        )

    def train_on(self, name: str, model: str) -> Step:
        """Trains a pruned model for longer."""
        own = self.settings
        rate = () if own.learning_rate is None else ("--lr", f"{own.learning_rate:g}")
        return Step(
            name=name,
            arguments=(
                *("train", model, "--task", own.task, "--epochs", str(2 * own.epochs)),
                *("--batch-size", str(own.batch_size), *rate, "--seed", str(own.seed + 1)),
                *("--out", self.place(name)),
            ),
        )

    def quantize(self, name: str, model: str) -> Step:
        """Quantizes a model for int8 kernels, by the task's images."""
        own = self.settings
        return Step(
            name=name,
            arguments=(
                *("quantize", model, "--task", own.task, "--seed", str(own.seed)),
                *("--out", self.place(name)),
            ),
        )

    def deploy(self, limit_ms: str) -> Step:
        """Measures the chosen model beside the one as it came, and judges the limit."""
        return Step(
            name="deploy",
            arguments=(
                *("deploy", str(self.folder.path), *self.settings.device, "--table", self.table),
                *("--assert-latency", limit_ms, "--out", self.place("deployment")),
            ),
            accepts=frozenset({0, 1, 3}),
        )

    def report(self) -> Step:
        """Writes the report of the run."""
        file = str(self.folder.path / "report.html")
        return Step(name="report", arguments=("report", str(self.folder.path), "--out", file))


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
        code, text = _run(step.arguments)
        if code not in step.accepts or not text:
            raise ReportedElsewhereError(f"{step.command} failed", code or 1)
        document = msgspec.json.decode(text)
        self._folder.keep_step(
            SlimStep(
                name=step.name,
                command=("edgeslim", *step.arguments),
                code=code,
                document=document,
            )
        )
        return dict(document)


def _run(arguments: tuple[str, ...]) -> tuple[int, bytes]:
    """Runs a command of edgeslim; its progress and its error go to standard error."""
    with tempfile.TemporaryFile() as output:
        process = subprocess.Popen(
            [sys.executable, "-m", "edgeslim", *arguments, "--json"],
            stdin=subprocess.DEVNULL,
            stdout=output,
        )
        try:
            code = process.wait()
        except BaseException:
            _interrupt(process)
            raise
        output.seek(0)
        return code, output.read()


def _interrupt(process: subprocess.Popen[bytes]) -> None:
    """Ends a step with time to write down where it was."""
    if process.poll() is None:
        process.send_signal(signal.SIGINT)
        with suppress(subprocess.TimeoutExpired):
            process.wait(_GRACE_S)
    process.kill()
