"""The whole of ``edgeslim prune``: a model is pruned to a goal, trained again and saved."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Annotated

import msgspec

from edgeslim import ops
from edgeslim.channels.groups import channels_of
from edgeslim.channels.plan import Selection
from edgeslim.channels.widths import few_left_warning
from edgeslim.conversion.inspect_model import trainable_parameters
from edgeslim.conversion.model_files import copy_model
from edgeslim.conversion.model_source import SavedModel, find_model
from edgeslim.conversion.prepare import PreparedModel, prepare
from edgeslim.conversion.pruned_model import model_tensors, write_pruned
from edgeslim.conversion.required_memory import check_memory
from edgeslim.device import REACHED, DeviceChoice
from edgeslim.durations import LatencyShare, format_ms, parse_latency
from edgeslim.errors import UnknownNameError
from edgeslim.files import temporary_folder, write_json
from edgeslim.latency_table import LatencyTable
from edgeslim.locks import hold
from edgeslim.measuring.device_session import open_device
from edgeslim.options import OPTION, OptionsOf, called_with, shared_fields
from edgeslim.progress import SILENT, Progress
from edgeslim.pruning.criteria import find_criterion
from edgeslim.pruning.reasons import advice
from edgeslim.pruning.step import PruningStep
from edgeslim.pruning.strategies import STRATEGIES
from edgeslim.pruning.work import COUNTERS
from edgeslim.runs.pruning_result import PrunedGroup, Pruning
from edgeslim.runs.pruning_run import (
    CHOICE,
    GOAL,
    PruneFolder,
    PruneOptions,
    PruneSettings,
    StepRecord,
)
from edgeslim.runs.sensitivity_rows import fingerprint
from edgeslim.tables.only_table import find_only_table
from edgeslim.training.tasks import find_task
from edgeslim.training.train_model import Training, train

__all__ = ["PruneRequest", "prune"]

_LOG = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True, slots=True)
class PruneRequest(PruneOptions):
    """What can be asked of `prune`."""

    out: Annotated[Path, OPTION]
    """Folder for the pruned model and its intermediate results."""
    target_ms: Annotated[
        float | LatencyShare | None, GOAL("--target-latency", parse=parse_latency)
    ] = None
    """A latency by the table: 20ms, or 75% (or -25%) of what the model is predicted to
    take as it is."""
    table: Annotated[Path | None, GOAL] = None
    """Latency table of the device; by default the one under latency_tables/, if there is one."""
    strategy: Annotated[str | None, CHOICE] = None
    """uniform, sensitivity, annealing or latency-optimal, which is the default for a latency; for
    work it is sensitivity with a task or sensitivities, else uniform."""
    sensitivities: Annotated[Path | None, CHOICE] = None
    """File of edgeslim sensitivity, or a pickle of PaddleSlim or PaddleX; else measured."""
    device: Annotated[str | DeviceChoice | None, OptionsOf(DeviceChoice, REACHED)] = None
    """Device whose measurement of what is chosen decides whether a latency is met."""
    progress: Progress = SILENT
    """Shows how far it is."""

    @property
    def choice(self) -> DeviceChoice | None:
        """The device, if one measures."""
        return None if self.device is None else DeviceChoice.of(self.device)

    @property
    def settings(self) -> PruneSettings:
        """Settings of the pruning, checked.

        Raises:
            UsageError: Unknown names, numbers out of range, or options that contradict each other.
        """
        share = self.target_ms.share if isinstance(self.target_ms, LatencyShare) else None
        table = self.table
        if table is None and self.target_ms is not None:
            table = find_only_table()
        settings = PruneSettings(
            **shared_fields(self, PruneOptions),
            target_ms=None if isinstance(self.target_ms, LatencyShare) else self.target_ms,
            target_share=share,
            table=None if table is None else str(table),
            device=None if self.choice is None else self.choice.name or "host",
            strategy=self.strategy or self._usual_strategy,
            sensitivities=None if self.sensitivities is None else str(self.sensitivities),
        )
        settings.check()
        STRATEGIES.get(settings.strategy)
        find_criterion(settings.criterion)
        if settings.counter not in COUNTERS:
            raise UnknownNameError("counter", settings.counter, COUNTERS)
        return settings

    @property
    def _usual_strategy(self) -> str:
        if self.target_ms is not None:
            return "latency-optimal"
        return "uniform" if self.task is None and self.sensitivities is None else "sensitivity"


@called_with(PruneRequest)
def prune(request: PruneRequest) -> Pruning:
    """Prunes a model's channels to exactly one goal, trains it again, and saves it.

    Started again on the same folder with the same settings, it goes on where it was.

    Raises:
        UsageError: Unknown names, numbers out of range, or options that contradict each other.
        ContextMismatchError: The folder is of another pruning.
        InUseError: Another process works in the folder.
        InfeasibleTargetError: The goal is out of reach; the message has what can be reached.
        MissingLatencyError: The table lacks operators of the model.
        BadFileError, ModelError: A file or the model is not valid.
    """
    settings, folder, device = request.settings, PruneFolder(request.out), request.choice
    judged_by = None if settings.task is None else find_task(settings.task)
    classes = None if judged_by is None else judged_by.num_classes
    source = find_model(settings.model, num_classes=classes)
    records: list[StepRecord] = []
    with hold(folder.path), temporary_folder() as scratch:
        original = prepare(source, scratch / "given", input_shapes=settings.input_shapes)
        if judged_by is not None:
            check_memory(original.graph, original.name)
        if isinstance(source, SavedModel):
            checksum = fingerprint(model_tensors(original))
            settings = replace(settings, fingerprint=checksum)
        # Any error in the settings is found before the folder is created.
        first = PruningStep(settings, original, scratch, share=1.0, progress=request.progress)
        if settings.target_share is not None:
            first.settings = settings = _resolve_share(settings, first)
        first.check()
        if device is not None and not folder.is_begun:
            _check_device(device, settings.table)
        folder.begin(settings)
        before = current = _keep_start(original, folder, scratch)
        run = _PruningRun(
            settings=_settings_of_steps(settings, first),
            folder=folder,
            device=device,
            progress=request.progress,
            whole=first.subject.whole,
        )
        trained: Training | None = None
        left = 0
        for number in range(1, settings.steps + 1):
            record, training = _step(run, current, number)
            records.append(record)
            if record.why_whole:
                continue
            trained, left = training, number
            current = prepare(SavedModel.at(folder.result(number)), scratch / f"step-{number}")
        copy_model(folder.result(left), folder.prefix)
        result = _result(folder, before, current, records, settings)
        if judged_by is not None:
            result = _add_metrics(result, judged_by.metric_name, trained, settings.epochs)
        write_json(folder.path / "result.json", result)
    return result


def _resolve_share(settings: PruneSettings, first: PruningStep) -> PruneSettings:
    """The settings with their share of the whole model's latency in milliseconds."""
    share = LatencyShare(settings.target_share or 0.0)
    whole_ms = first.whole_predicted_ms
    target_ms = share.of(whole_ms)
    _LOG.warning(
        "%s of the %s that %s is predicted to take: the limit is %s",
        *(share, format_ms(whole_ms), settings.model, format_ms(target_ms)),
    )
    return replace(settings, target_ms=target_ms)


def _settings_of_steps(settings: PruneSettings, first: PruningStep) -> PruneSettings:
    """The settings of each step: a share of the work is one of the model before the first."""
    if settings.steps == 1 or settings.target_macs is None:
        return settings
    return replace(settings, target_macs=str(round(first.target_work)))


def _check_device(device: DeviceChoice, table: str | None) -> None:
    """Checks that a device can be reached and a table is of it: it may be needed hours later.

    Raises:
        UnknownNameError, LinkError, RunnerError: It cannot be reached or does not run models.
        ContextMismatchError: The table is of another device.
    """
    with open_device(device) as session:
        if table is not None:
            LatencyTable.read(Path(table)).context.check_same(session.context(), Path(table))


def _keep_start(original: PreparedModel, folder: PruneFolder, scratch: Path) -> PreparedModel:
    """The model as it was at the first start: newly initialised weights differ each time."""
    start = folder.result(0)
    if not start.with_suffix(".pdmodel").exists():
        copy_model(original.prefix, start)
    return prepare(SavedModel.at(start), scratch / "start")


@dataclass(frozen=True, kw_only=True, slots=True)
class _PruningRun:
    """What all steps of a pruning share."""

    settings: PruneSettings
    folder: PruneFolder
    device: DeviceChoice | None
    progress: Progress
    whole: Mapping[str, int]


def _step(
    run: _PruningRun, model: PreparedModel, number: int
) -> tuple[StepRecord, Training | None]:
    """Decides, prunes and trains, as far as that is needed and was not done before."""
    settings, folder, progress = run.settings, run.folder, run.progress
    if number > 1:  # the given sensitivities are of the model before the first step
        settings = replace(settings, sensitivities=None)
    own, remaining = folder.step(number), settings.steps - number + 1
    record = folder.record(number)
    if record is None:
        step = PruningStep(settings, model, own, share=1 / remaining, progress=progress)
        record = step.decide(run.device)
        folder.decide(number, record)
    if record.why_whole:
        return record, None
    if few := few_left_warning(run.whole, record.plan.widths(channels_of(model.graph))):
        _LOG.warning("%s", few)
    pruned = own / "pruned" / "model"
    if not pruned.with_suffix(".pdmodel").exists():
        write_pruned(model, Selection(channels_of(model.graph), record.plan), pruned)
    if settings.task is None or settings.epochs == 0:
        return record, None
    trained = train(
        str(pruned),
        task=settings.task,
        out=own / "trained",
        epochs=settings.epochs,
        batch_size=settings.batch_size,
        learning_rate=settings.learning_rate,
        schedule=settings.schedule,
        seed=settings.seed,
        progress=progress,
    )
    return record, trained


def _add_metrics(result: Pruning, metric: str, trained: Training | None, epochs: int) -> Pruning:
    """The result with the metric of the pruned and trained model."""
    judged = dict(result.judged)
    last = judged.get("pruned", judged.get("before"))
    if trained is not None:
        last = trained.judged[metric]
    if last is not None:
        judged["after"] = last
    return msgspec.structs.replace(
        result,
        metric=metric,
        metric_after=None if last is None else last.value,
        judged=judged,
        trained_epochs=0 if trained is None else epochs,
    )


def _advice(settings: PruneSettings, first: StepRecord, last: StepRecord) -> str:
    """Advice if the network got no faster, as measured or else as predicted; or nothing."""
    if last.measured_ms is not None and first.whole_measured_ms is not None:
        return advice(settings, first.whole_measured_ms, last.measured_ms)
    return advice(settings, first.whole_predicted_ms, last.predicted_ms)


def _result(
    folder: PruneFolder,
    before: PreparedModel,
    after: PreparedModel,
    records: Sequence[StepRecord],
    settings: PruneSettings,
) -> Pruning:
    counter, last = settings.counter, records[-1]
    left = {group.name: group.width for group in channels_of(after.graph).groups}
    cut = [record for record in records if not record.why_whole]
    judged = dict(records[0].judged)
    judged.pop("pruned", None)
    if cut and "pruned" in cut[-1].judged:
        judged["pruned"] = cut[-1].judged["pruned"]
    return Pruning(
        model=str(folder.path),
        macs_before=ops.macs(before.graph.specs),
        macs_after=ops.macs(after.graph.specs),
        parameters_before=trainable_parameters(before.graph),
        parameters_after=trainable_parameters(after.graph),
        counter=counter,
        work_before=COUNTERS[counter](before.graph.specs),
        work_after=COUNTERS[counter](after.graph.specs),
        groups=tuple(
            PrunedGroup(
                name=group.name,
                producers=group.producers,
                before=group.width,
                after=left.get(group.name, 1),
            )
            for group in channels_of(before.graph).groups
        ),
        predicted_ms=last.predicted_ms,
        measured_ms=last.measured_ms,
        predicted_before_ms=records[0].whole_predicted_ms,
        measured_before_ms=records[0].whole_measured_ms,
        advice=_advice(settings, records[0], last) if cut else "",
        raised=last.raised,
        metric_before=records[0].metric_before,
        metric_pruned=cut[-1].metric_pruned if cut else None,
        judged=judged,
        together=tuple(loss for record in records for loss in record.together),
        note="" if cut else records[-1].why_whole,
        trade_off=records[-1].trade_off,
        warning=few_left_warning(
            {group.name: group.width for group in channels_of(before.graph).groups}, left
        ),
    )
