"""The whole of ``edgeslim slim``: measure, make it faster, train, prove, report."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import msgspec

from edgeslim.conversion.model_files import copy_model
from edgeslim.conversion.model_source import SavedModel, find_model
from edgeslim.conversion.prepare import prepare
from edgeslim.durations import LatencyShare, format_ms
from edgeslim.files import temporary_folder
from edgeslim.locks import hold
from edgeslim.options import called_with
from edgeslim.runs.pruning_result import Pruning
from edgeslim.runs.rewriting_record import RewritingRecord
from edgeslim.runs.slim_run import SlimCandidate, SlimFolder, Slimming, SlimSettings
from edgeslim.slimming.candidates import advise, choose, is_good
from edgeslim.slimming.request import SlimRequest
from edgeslim.slimming.steps import StepRunner, Steps
from edgeslim.training.metric_value import MetricValue
from edgeslim.training.tasks import find_task

__all__ = ["ORIGINAL", "planned_commands", "slim"]

_LOG = logging.getLogger(__name__)

ORIGINAL = "nothing"
"""How the model as it came was made faster."""


@called_with(SlimRequest)
def slim(request: SlimRequest) -> Slimming:
    """Makes a trained model meet a latency on a device, and proves it.

    It measures the device and the model, tries what makes the model faster until one is within
    the limit and loses little, measures that beside the original, and writes a report. Each step
    is another command, which is shown; started again on the same folder with the same settings,
    it goes on after the last step that is done.

    Raises:
        UsageError: Unknown names, numbers that are not possible.
        ContextMismatchError: The folder is of another run.
        BadFileError, ModelError: There is no such model.
        InfeasibleTargetError: Nothing that was tried is within the limit.
        ReportedElsewhereError: A step failed, and has said why.
        InUseError: Another process writes the folder.
    """
    request.check()
    with hold(request.out):
        return _slim(request)


def _slim(request: SlimRequest) -> Slimming:
    """Does the steps that are not done yet."""
    settings, folder = request.settings, SlimFolder(request.out)
    folder.begin(settings)
    run = _Run(
        settings=settings,
        folder=folder,
        steps=Steps(settings=settings, folder=folder),
        runner=StepRunner(folder, _announce),
        metric=find_task(settings.task).metric_name,
    )
    _keep_start(request, folder)
    run.measure_start(request.target_ms)
    run.try_means()
    return run.finish()


def planned_commands(request: SlimRequest) -> tuple[str, ...]:
    """The commands that a run begins with, if the first thing that it tries is good enough.

    Raises:
        UsageError, BadFileError, ModelError: As `slim`.
    """
    request.check()
    settings = request.settings
    steps = Steps(settings=settings, folder=SlimFolder(request.out))
    planned = [] if settings.table else [steps.profile()]
    planned += [steps.evaluate(), steps.measure("before", settings.model)]
    if settings.means[0] == "rewriting":
        planned.append(steps.rewrite("rewritten", settings.model))
    elif settings.means[0] == "int8":
        made = steps.quantize("int8", settings.model)
        planned += [made, steps.measure("int8-measured", steps.place("int8"))]
    else:
        planned.append(steps.prune("pruned", settings.limit))
    is_share = isinstance(request.target_ms, LatencyShare)
    planned += [steps.deploy("LIMIT" if is_share else settings.limit), steps.report()]
    return tuple(step.command for step in planned)


def _announce(number: int, command: str) -> None:
    _LOG.warning("step %d: %s", number, command)


def _keep_start(request: SlimRequest, folder: SlimFolder) -> None:
    """Keeps the model as it came, which the chosen one is compared with."""
    if folder.start.with_suffix(".pdmodel").exists():
        return
    source = find_model(request.model, num_classes=find_task(request.task).num_classes)
    with temporary_folder() as scratch:
        prepared = prepare(source, scratch / "model", input_shapes=request.input_shapes)
        folder.start.parent.mkdir(exist_ok=True)
        copy_model(prepared.prefix, folder.start)


@dataclass(kw_only=True, slots=True)
class _Run:
    """A run as far as it is.

    Args:
        settings: Settings of the run.
        folder: Folder of the run.
        steps: Maker of the commands of its steps.
        runner: What runs these commands and keeps what they print.
        metric: Name of the task's metric.
        limit_ms: The latency limit in milliseconds, once it is known.
        gain: How many times as fast the model is in another form, as measured.
        candidates: The models that were tried; the first is the model as it came.
    """

    settings: SlimSettings
    folder: SlimFolder
    steps: Steps
    runner: StepRunner
    metric: str
    limit_ms: float = 0.0
    gain: float = 1.0
    candidates: list[SlimCandidate] = field(default_factory=list)

    @property
    def start(self) -> SlimCandidate:
        """The model as it came."""
        return self.candidates[0]

    def measure_start(self, target_ms: float | LatencyShare) -> None:
        """Measures the device and the model as it came, which makes a limit of a share."""
        if self.settings.table is None:
            self.runner.run(self.steps.profile())
        judged = self.runner.run(self.steps.evaluate())["judged"]
        metric = msgspec.convert(judged[self.metric], MetricValue)
        measured_ms = _latency_ms(
            self.runner.run(self.steps.measure("before", self.settings.model))
        )
        self.limit_ms = _limit_ms(target_ms, measured_ms, self.settings.model)
        self._add(ORIGINAL, self.settings.model, measured_ms, metric)

    def _add(
        self, name: str, model: str, measured_ms: float, metric: MetricValue, pruning: str = ""
    ) -> SlimCandidate:
        before = self.candidates[0].metric if self.candidates else metric
        candidate = SlimCandidate(
            name=name,
            model=model,
            measured_ms=measured_ms,
            met=measured_ms <= self.limit_ms,
            metric=metric,
            lost=before.value - metric.value,
            pruning=pruning,
        )
        self.candidates.append(candidate)
        return candidate

    def try_means(self) -> None:
        """Tries what makes it faster, until a model is good."""
        tries: dict[str, Callable[[], None]] = {
            "rewriting": self._try_rewriting,
            "int8": lambda: self._try_int8("int8", self.settings.model),
            "pruning": self._try_pruning,
            "pruning+int8": self._try_both,
        }
        for means in self.settings.means:
            if any(is_good(one, self.settings.max_loss) for one in self.candidates):
                return
            tries[means]()

    def _try_rewriting(self) -> None:
        record = self._rewrite("rewritten", self.settings.model)
        found = self._add_rewritten(record, "rewriting", self.start.metric)
        if found is not None and record.speedup is not None:
            self.gain = record.speedup  # of the same rounds, whatever the device does between steps

    def _rewrite(self, step: str, model: str) -> RewritingRecord:
        return msgspec.convert(self.runner.run(self.steps.rewrite(step, model)), RewritingRecord)

    def _add_rewritten(
        self, record: RewritingRecord, how: str, metric: MetricValue, pruning: str = ""
    ) -> SlimCandidate | None:
        """A model in the form that the device runs fastest; None if it is that already.

        Args:
            record: What the search for that form came to.
            how: How the candidate was made.
            metric: The task's metric of the model, which its other form has as well.
            pruning: Folder of the pruning that it is from; empty if it is from none.
        """
        if not record.kept or record.measured_ms is None:
            return None
        return self._add(how, record.folder, record.measured_ms, metric, pruning)

    def _try_pruning_for_rewriting(self) -> bool:
        """Prunes as far as rewriting alone is not enough, by what that was measured to gain.

        Returns:
            Whether what came of it is within the limit.
        """
        pruned = self._prune("pruned-for-rewriting", self.limit_ms * self.gain)
        if pruned.note or pruned.measured_ms is None:
            return False
        how, model, after = "pruning and rewriting", pruned.model, pruned.judged["after"]
        own = self._add_rewritten(self._rewrite("pruned-rewritten", model), how, after, model)
        if own is None or not own.met:
            return False
        if own.lost > self.settings.max_loss:
            longer = self.runner.run(self.steps.train_on("pruned-for-rewriting-longer", model))
            metric = msgspec.convert(longer["judged"][self.metric], MetricValue)
            how = "pruning, trained for longer, and rewriting"
            record = self._rewrite("pruned-longer-rewritten", longer["model"])
            self._add_rewritten(record, how, metric, model)
        return True

    def _try_pruning(self) -> None:
        if self.gain > 1.0 and self._try_pruning_for_rewriting():
            return
        pruned = self._prune("pruned", self.limit_ms)
        if pruned.note and pruned.measured_ms is not None:
            # Measured again, the model as it came is within the limit, so nothing was cut: on a
            # device that changes its speed, only a share of what it takes now says what is asked.
            share = self.limit_ms / self.start.measured_ms
            pruned = self._prune("pruned-by-share", share * pruned.measured_ms)
        if pruned.note or pruned.measured_ms is None:
            return
        metric = pruned.judged["after"]
        own = self._add("pruning", pruned.model, pruned.measured_ms, metric, pruned.model)
        if own.met and own.lost > self.settings.max_loss:
            self._train_on("pruned-longer", own)

    def _prune(self, name: str, limit_ms: float) -> Pruning:
        document = self.runner.run(self.steps.prune(name, f"{limit_ms:.6g}ms"))
        return msgspec.convert(document, Pruning)

    def _train_on(self, name: str, pruned: SlimCandidate) -> None:
        document = self.runner.run(self.steps.train_on(name, pruned.model))
        metric = msgspec.convert(document["judged"][self.metric], MetricValue)
        how = "pruning, trained for longer"
        self._add(how, document["model"], pruned.measured_ms, metric, pruned.model)

    def _try_int8(self, name: str, model: str) -> None:
        document = self.runner.run(self.steps.quantize(name, model))
        value, examples = document["after"][self.metric], document["examples"]
        measured = self.runner.run(self.steps.measure(f"{name}-measured", self.steps.place(name)))
        metric = MetricValue(value=value, examples=examples)
        is_pruned = model != self.settings.model
        self._add(
            "pruning+int8" if is_pruned else "int8",
            self.steps.place(name),
            _latency_ms(measured),
            metric,
            model if is_pruned else "",
        )

    def _try_both(self) -> None:
        """Prunes as far as int8 alone is not enough, by what int8 was measured to gain."""
        alone = next(one for one in self.candidates if one.name == "int8")
        limit_ms = self.limit_ms * self.start.measured_ms / alone.measured_ms
        if limit_ms < self.start.measured_ms:
            pruned = self._prune("pruned-for-int8", limit_ms)
            self._try_int8("pruned-int8", pruned.model)

    def finish(self) -> Slimming:
        """Deploys the chosen model beside the original, and writes the report."""
        chosen = choose(self.candidates, self.limit_ms)
        copy_model(_prefix(chosen.model, self.folder, self.settings), self.folder.prefix)
        result = Slimming(
            model=str(self.folder.path),
            made_by=chosen.name,
            limit_ms=self.limit_ms,
            met=False,
            before_ms=self.start.measured_ms,
            metric=self.metric,
            metric_before=self.start.metric.value,
            metric_after=chosen.metric.value,
            judged={"before": self.start.metric, "after": chosen.metric},
            max_loss=self.settings.max_loss,
            candidates=tuple(self.candidates),
            commands=(),
        )
        self.folder.keep_result(result)  # which the deployment reads the accuracy from
        deployed = self.runner.run(self.steps.deploy(f"{self.limit_ms:.6g}ms"))
        met = all(gate["met"] for gate in deployed["gates"])
        result = msgspec.structs.replace(
            result,
            met=met and chosen.lost <= self.settings.max_loss,
            after_ms=_latency_ms(deployed),
            speedup=deployed["speedup"],
            speedup_interval=tuple(deployed["speedup_interval"]),
            advice=advise(chosen, self.settings, met_in_the_end=met),
        )
        self.folder.keep_result(result)
        report = self.runner.run(self.steps.report())["report"]
        result = msgspec.structs.replace(
            result, report=report, commands=tuple(self.runner.commands)
        )
        self.folder.keep_result(result)
        return result


def _limit_ms(target_ms: float | LatencyShare, whole_ms: float, model: str) -> float:
    """The limit in milliseconds, which may be a share of what the model takes."""
    if not isinstance(target_ms, LatencyShare):
        return target_ms
    limit_ms = target_ms.of(whole_ms)
    _LOG.warning(
        "%s of the %s that %s takes: the limit is %s",
        *(target_ms, format_ms(whole_ms), model, format_ms(limit_ms, round_up=True)),
    )
    return limit_ms


def _prefix(model: str, folder: SlimFolder, settings: SlimSettings) -> Path:
    """Prefix of the files of a candidate."""
    if model == settings.model:
        return folder.start
    source = find_model(model)
    assert isinstance(source, SavedModel)  # noqa: S101 - candidates are saved by their steps
    return source.program.with_suffix("")


def _latency_ms(document: dict[str, Any]) -> float:
    """Median latency of the model in what ``edgeslim deploy`` printed."""
    (model,) = (one for one in document["models"] if one["fastest"])
    return float(model["measured_ms"])
