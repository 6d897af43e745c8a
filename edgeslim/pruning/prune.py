"""The whole of ``edgeslim prune``: a model is pruned to a goal, trained again and saved."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

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
from edgeslim.device import DeviceChoice
from edgeslim.durations import LatencyShare, format_ms
from edgeslim.errors import UnknownNameError
from edgeslim.files import read_json, temporary_folder, write_json
from edgeslim.latency_table import LatencyTable
from edgeslim.measuring.device_session import open_device
from edgeslim.opspec import Shape
from edgeslim.progress import SILENT, Progress
from edgeslim.pruning.criteria import find_criterion
from edgeslim.pruning.reasons import advice
from edgeslim.pruning.step import PruningStep
from edgeslim.pruning.strategies import STRATEGIES
from edgeslim.pruning.work import COUNTERS
from edgeslim.runs.pruning_result import PrunedGroup, Pruning
from edgeslim.runs.pruning_run import PruneFolder, PruneSettings, StepRecord
from edgeslim.runs.sensitivity_rows import fingerprint
from edgeslim.training.schedules import DEFAULT_SCHEDULE, Schedule
from edgeslim.training.tasks import find_task
from edgeslim.training.train_model import Training, train

__all__ = ["prune", "read_ratios"]

_LOG = logging.getLogger(__name__)


def prune(
    model: str,
    *,
    out: Path,
    target_ms: float | LatencyShare | None = None,
    table: Path | None = None,
    target_macs: str | None = None,
    ratios: Mapping[str, float] | None = None,
    metric_loss: float | None = None,
    counter: str = "macs",
    strategy: str | None = None,
    criterion: str = "l1",
    match: str = "",
    task: str | None = None,
    sensitivities: Path | None = None,
    eval_share: float = 1.0,
    device: str | DeviceChoice | None = None,
    steps: int = 1,
    tries: int = 100,
    epochs: int = 5,
    batch_size: int = 64,
    learning_rate: float | None = None,
    schedule: Schedule = DEFAULT_SCHEDULE,
    seed: int = 0,
    input_shapes: Mapping[str, Shape] | None = None,
    keep_widths: bool = False,
    progress: Progress = SILENT,
) -> Pruning:
    """Prunes a model's channels to exactly one goal, trains it again, and saves it.

    Started again on the same folder with the same settings, it goes on where it was.

    Args:
        model: Name, folder or file of a model, as on the command line.
        out: Folder for the pruned model and its intermediate results.
        target_ms: Goal: latency by a table, or the share of what the model as it is is predicted
            to take.
        table: Latency table of the device.
        target_macs: Goal: work, ``-50%`` or ``300M``.
        ratios: Goal: share of the output channels to remove, by names of weights.
        metric_loss: Goal: loss that each group alone may cause, as a share of the metric (the
            rule of PaddleX).
        counter: How work is counted: ``macs`` or ``paddleslim1-flops``.
        strategy: How widths are chosen; by default latency-optimal for a latency, for work
            sensitivity if a task or sensitivities are given and else uniform.
        criterion: Criterion by which the least important channels are found.
        match: Regular expression: prune the groups of weights whose names it matches.
        task: Task of the model; without one nothing is evaluated or trained.
        sensitivities: File of `edgeslim sensitivity`, or a pickle of PaddleSlim or PaddleX; by
            default measured in the folder.
        eval_share: Share of the validation examples that candidates are evaluated on.
        device: Device, by name or with how it is reached, that measures what is chosen before
            training. If the goal is a latency, it must be met as measured there.
        steps: Number of pruning steps in which the goal is reached, with training in between.
        tries: Candidates that annealing evaluates.
        epochs: Epochs of training after each step.
        batch_size: Examples of a training step.
        learning_rate: Highest learning rate; by default the trainer's for fine-tuning.
        schedule: Schedule of the learning rate in each training; by default a short warm-up, then
            a falling cosine.
        seed: Seed of everything random.
        input_shapes: Shapes of open inputs by name, or under an empty name.
        keep_widths: Whether widths stay as the goal alone gives them; otherwise, with a table,
            they are raised within the goal to the widest that are predicted to take no longer.
            Ratios that are given are kept anyway.
        progress: Shows how far it is.

    Raises:
        UsageError: Unknown names, numbers out of range, or options that contradict each other.
        ContextMismatchError: The folder is of another pruning.
        InfeasibleTargetError: The goal is out of reach; the message has what can be reached.
        MissingLatencyError: The table lacks operators of the model.
        BadFileError, ModelError: A file or the model is not valid.
    """
    reached = None if device is None else DeviceChoice.of(device)
    settings = PruneSettings(
        model=model,
        target_ms=None if isinstance(target_ms, LatencyShare) else target_ms,
        target_share=target_ms.share if isinstance(target_ms, LatencyShare) else None,
        target_macs=target_macs,
        ratios=None if ratios is None else dict(ratios),
        metric_loss=metric_loss,
        counter=counter,
        table=None if table is None else str(table),
        device=None if reached is None else reached.name or "host",
        strategy=strategy or _default_strategy(target_ms, task, sensitivities),
        criterion=criterion,
        match=match,
        task=task,
        sensitivities=None if sensitivities is None else str(sensitivities),
        eval_share=eval_share,
        steps=steps,
        tries=tries,
        epochs=epochs,
        batch_size=batch_size,
        learning_rate=learning_rate,
        schedule=schedule,
        seed=seed,
        input_shapes=dict(input_shapes or {}),
        keep_widths=keep_widths,
    )
    settings.check()
    STRATEGIES.get(settings.strategy)
    find_criterion(criterion)
    if counter not in COUNTERS:
        raise UnknownNameError("counter", counter, COUNTERS)
    return _run_pruning(settings, PruneFolder(out), reached, progress)


def read_ratios(path: Path) -> dict[str, float]:
    """Reads ratios by the names of weights from a JSON file.

    Raises:
        BadFileError: It cannot be read, or is not such a file.
    """
    return read_json(path, dict[str, float])


def _default_strategy(
    target_ms: float | LatencyShare | None, task: str | None, known: Path | None
) -> str:
    if target_ms is not None:
        return "latency-optimal"
    return "uniform" if task is None and known is None else "sensitivity"


def _run_pruning(
    settings: PruneSettings, folder: PruneFolder, device: DeviceChoice | None, progress: Progress
) -> Pruning:
    judged_by = None if settings.task is None else find_task(settings.task)
    classes = None if judged_by is None else judged_by.num_classes
    source = find_model(settings.model, num_classes=classes)
    records: list[StepRecord] = []
    with temporary_folder() as scratch:
        original = prepare(source, scratch / "given", input_shapes=settings.input_shapes)
        if isinstance(source, SavedModel):
            checksum = fingerprint(model_tensors(original))
            settings = msgspec.structs.replace(settings, fingerprint=checksum)
        # Any error in the settings is found before the folder is created.
        first = PruningStep(settings, original, scratch, share=1.0, progress=progress)
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
            progress=progress,
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
    return msgspec.structs.replace(settings, target_ms=target_ms)


def _settings_of_steps(settings: PruneSettings, first: PruningStep) -> PruneSettings:
    """The settings of each step: a share of the work is one of the model before the first."""
    if settings.steps == 1 or settings.target_macs is None:
        return settings
    return msgspec.structs.replace(settings, target_macs=str(round(first.target_work)))


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
        settings = msgspec.structs.replace(settings, sensitivities=None)
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
