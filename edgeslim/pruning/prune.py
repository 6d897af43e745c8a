"""The whole of ``edgeslim prune``: a model, narrowed to a limit, trained again and saved."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import msgspec

from edgeslim import ops
from edgeslim.channels.groups import channels_of
from edgeslim.channels.plan import Selection
from edgeslim.channels.widths import few_left
from edgeslim.conversion.inspect_model import trainable_parameters
from edgeslim.conversion.model_files import copy_model
from edgeslim.conversion.model_source import SavedModel, find_model
from edgeslim.conversion.prepare import PreparedModel, prepare
from edgeslim.conversion.pruned_model import model_tensors, write_pruned
from edgeslim.device import DeviceChoice
from edgeslim.errors import UnknownNameError
from edgeslim.files import read_json, temporary_folder, write_json
from edgeslim.latency_table import LatencyTable
from edgeslim.opspec import Shape
from edgeslim.profiling.device_session import open_device
from edgeslim.progress import SILENT, Progress
from edgeslim.pruning.criteria import find_criterion
from edgeslim.pruning.joint_losses import JointLoss
from edgeslim.pruning.sensitivity_rows import fingerprint
from edgeslim.pruning.settings import PruneFolder, PruneSettings, StepRecord
from edgeslim.pruning.step import PruningStep
from edgeslim.pruning.strategies import STRATEGIES
from edgeslim.pruning.work import COUNTERS
from edgeslim.training.metric_value import MetricValue
from edgeslim.training.schedules import OWN_SCHEDULE, Schedule
from edgeslim.training.tasks import find_task
from edgeslim.training.train_model import Training, train

__all__ = ["PrunedGroup", "Pruning", "prune", "read_ratios"]

_LOG = logging.getLogger(__name__)


class PrunedGroup(msgspec.Struct, frozen=True, kw_only=True):
    """A channel group, before and after.

    Args:
        name: Its name.
        producers: Weights whose output channels it is.
        before: How many channels it had.
        after: How many it has now.
    """

    name: str
    producers: tuple[str, ...]
    before: int
    after: int


class Pruning(msgspec.Struct, frozen=True, kw_only=True):
    """What came of a pruning.

    Args:
        model: Folder of the pruned model.
        macs_before: Multiply-accumulate operations of the model as it was.
        macs_after: Of the pruned one.
        parameters_before: Trainable parameters, as it was.
        parameters_after: Of the pruned one.
        counter: How the goal counts work.
        work_before: Work by that counter, of the model as it was.
        work_after: Of the pruned one.
        groups: All channel groups.
        predicted_ms: Latency by the table, if there was one.
        measured_ms: Latency by the device, if it was asked.
        metric: Name of the task's metric, or nothing.
        metric_before: Of the model as it was.
        metric_pruned: Of the pruned one before training (of the last step).
        metric_after: Of the model as it is left, trained or not.
        judged: These with their examples and intervals, as ``before``, ``pruned`` and ``after``.
        trained_epochs: How many epochs it was trained for after the last cut; None without a task
            and in results of versions that did not say.
        together: What groups were said to cost together and what they did, network by network,
            of all steps.
        warning: Of which groups next to nothing is left, if there are such.
        note: Why nothing was cut, if nothing was: then the model is as it came.
        trade_off: What each group alone may cost, as a share of the metric, and the share of
            the parameters that would go then; where that was the goal.
    """

    model: str
    macs_before: int
    macs_after: int
    parameters_before: int
    parameters_after: int
    groups: tuple[PrunedGroup, ...]
    predicted_ms: float | None = None
    measured_ms: float | None = None
    metric: str = ""
    metric_before: float | None = None
    metric_pruned: float | None = None
    metric_after: float | None = None
    judged: dict[str, MetricValue] = {}
    trained_epochs: int | None = None
    together: tuple[JointLoss, ...] = ()
    warning: str = ""
    note: str = ""
    trade_off: tuple[tuple[float, float], ...] = ()
    counter: str = "macs"
    work_before: int = 0
    work_after: int = 0


def prune(
    model: str,
    *,
    out: Path,
    target_ms: float | None = None,
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
    schedule: Schedule = OWN_SCHEDULE,
    seed: int = 0,
    input_shapes: Mapping[str, Shape] | None = None,
    progress: Progress = SILENT,
) -> Pruning:
    """Prunes a model's channels to exactly one goal, trains it again, and saves it.

    Started again on the same folder with the same settings, it goes on where it was.

    Args:
        model: A model, as on the command line.
        out: Folder for the pruned model and all that led to it.
        target_ms: Goal: latency by a table.
        table: Latency table of the device.
        target_macs: Goal: work, ``-50%`` or ``300M``.
        ratios: Goal: share of the output channels of weights that goes, by name.
        metric_loss: Goal: what each group alone may cost, as a share of the metric (the rule
            of PaddleX).
        counter: How work is counted: ``macs`` or ``paddleslim1-flops``.
        strategy: How widths are chosen; by default latency-optimal for a latency, for work
            sensitivity if a task or sensitivities are given and else uniform.
        criterion: Which channels of a group go first.
        match: Regular expression: prune the groups of weights whose names it matches.
        task: What the model is for; without one nothing is evaluated or trained.
        sensitivities: File of `edgeslim sensitivity`, or a pickle of PaddleSlim or PaddleX; by
            default measured in the folder.
        eval_share: Share of the validation examples that candidates are judged by.
        device: Name of a device that measures what is chosen before it is trained, and has
            the last word on the latency; or that and how it is reached.
        steps: In how many steps the limit is reached, with training in between.
        tries: Candidates that annealing evaluates.
        epochs: Training after each step.
        batch_size: Examples of a training step.
        learning_rate: The highest; by default the trainer's for models that are good already.
        schedule: How the rate goes in each training; by default a short warm-up, then a falling
            cosine.
        seed: Of everything random.
        input_shapes: Shapes of open inputs by name, or under an empty name.
        progress: Where to show it.

    Raises:
        UsageError: Names, numbers or combinations that cannot be meant.
        ContextMismatchError: The folder is of another pruning.
        InfeasibleTargetError: The goal is out of reach; says what is within it.
        MissingLatencyError: The table lacks operators of the model.
        BadFileError, ModelError: A file or the model is not what it should be.
    """
    reached = None if device is None else DeviceChoice.of(device)
    settings = PruneSettings(
        model=model,
        target_ms=target_ms,
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
    )
    settings.check()
    STRATEGIES.get(settings.strategy)
    find_criterion(criterion)
    if counter not in COUNTERS:
        raise UnknownNameError("counter", counter, COUNTERS)
    return _pruned(settings, PruneFolder(out), reached, progress)


def read_ratios(path: Path) -> dict[str, float]:
    """Ratios by the names of weights, from a JSON file.

    Raises:
        BadFileError: Unreadable, or something else.
    """
    return read_json(path, dict[str, float])


def _default_strategy(target_ms: float | None, task: str | None, known: Path | None) -> str:
    if target_ms is not None:
        return "latency-optimal"
    return "uniform" if task is None and known is None else "sensitivity"


def _pruned(
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
        # Whatever is wrong with what was asked for is found out before there is a folder.
        first = PruningStep(settings, original, scratch, share=1.0, progress=progress)
        first.check()
        if device is not None and settings.table is not None and not folder.begun:
            _check_device(device, Path(settings.table))
        folder.begin(settings)
        before = current = _kept(original, folder, scratch)
        run = _Run(
            settings=_for_steps(settings, first),
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
    result = _result(folder, before, current, records, settings.counter)
    if judged_by is not None:
        result = _judged(result, judged_by.metric_name, trained, settings.epochs)
    write_json(folder.path / "result.json", result)
    return result


def _for_steps(settings: PruneSettings, first: PruningStep) -> PruneSettings:
    """The settings of each step: a share of the work is one of the model before the first."""
    if settings.steps == 1 or settings.target_macs is None:
        return settings
    return msgspec.structs.replace(settings, target_macs=str(round(first.target_work)))


def _check_device(device: DeviceChoice, table: Path) -> None:
    """Proves that a device is there and a table is of it: it may be needed hours later.

    Raises:
        UnknownNameError, LinkError, RunnerError: It is not there or does not run models.
        ContextMismatchError: The table is of another.
    """
    with open_device(device) as session:
        LatencyTable.read(table).context.check_same(session.context(), table)


def _kept(original: PreparedModel, folder: PruneFolder, scratch: Path) -> PreparedModel:
    """The model as it was when the pruning began: fresh weights would differ each time."""
    start = folder.result(0)
    if not start.with_suffix(".pdmodel").exists():
        copy_model(original.prefix, start)
    return prepare(SavedModel.at(start), scratch / "start")


@dataclass(frozen=True, kw_only=True, slots=True)
class _Run:
    """What all steps of a pruning share."""

    settings: PruneSettings
    folder: PruneFolder
    device: DeviceChoice | None
    progress: Progress
    whole: Mapping[str, int]


def _step(run: _Run, model: PreparedModel, number: int) -> tuple[StepRecord, Training | None]:
    """Decides, cuts and trains, as far as it has not been done and there is need."""
    settings, folder, progress = run.settings, run.folder, run.progress
    if number > 1:  # what is known is known of the model before the first step
        settings = msgspec.structs.replace(settings, sensitivities=None)
    own, remaining = folder.step(number), settings.steps - number + 1
    record = folder.record(number)
    if record is None:
        step = PruningStep(settings, model, own, share=1 / remaining, progress=progress)
        record = step.decide(run.device)
        folder.decide(number, record)
    if record.why_whole:
        return record, None
    if few := few_left(run.whole, record.plan.widths(channels_of(model.graph))):
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


def _judged(result: Pruning, metric: str, trained: Training | None, epochs: int) -> Pruning:
    """The result with how good the model is that is left."""
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


def _result(
    folder: PruneFolder,
    before: PreparedModel,
    after: PreparedModel,
    records: Sequence[StepRecord],
    counter: str,
) -> Pruning:
    left = {group.name: group.width for group in channels_of(after.graph).groups}
    cut = [each for each in records if not each.why_whole]
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
        predicted_ms=records[-1].predicted_ms,
        measured_ms=records[-1].measured_ms,
        metric_before=records[0].metric_before,
        metric_pruned=cut[-1].metric_pruned if cut else None,
        judged=judged,
        together=tuple(each for record in records for each in record.together),
        note="" if cut else records[-1].why_whole,
        trade_off=records[-1].trade_off,
        warning=few_left(
            {each.name: each.width for each in channels_of(before.graph).groups}, left
        ),
    )
