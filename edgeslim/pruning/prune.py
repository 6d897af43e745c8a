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
from edgeslim.training.schedules import OWN_SCHEDULE, Schedule
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
    schedule: Schedule = OWN_SCHEDULE,
    seed: int = 0,
    input_shapes: Mapping[str, Shape] | None = None,
    keep_widths: bool = False,
    progress: Progress = SILENT,
) -> Pruning:
    """Prunes a model's channels to exactly one goal, trains it again, and saves it.

    Started again on the same folder with the same settings, it goes on where it was.

    Args:
        model: A model, as on the command line.
        out: Folder for the pruned model and all that led to it.
        target_ms: Goal: latency by a table, or the share of what the model as it is is predicted
            to take.
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
            the last word on a latency that is the goal; or that and how it is reached.
        steps: In how many steps the limit is reached, with training in between.
        tries: Candidates that annealing evaluates.
        epochs: Training after each step.
        batch_size: Examples of a training step.
        learning_rate: The highest; by default the trainer's for models that are good already.
        schedule: How the rate goes in each training; by default a short warm-up, then a falling
            cosine.
        seed: Of everything random.
        input_shapes: Shapes of open inputs by name, or under an empty name.
        keep_widths: Whether widths stay as the goal alone gives them; otherwise, with a table,
            they are raised within the goal to the widest that are predicted to take no longer.
            Ratios that are given are kept anyway.
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
    return _pruned(settings, PruneFolder(out), reached, progress)


def read_ratios(path: Path) -> dict[str, float]:
    """Ratios by the names of weights, from a JSON file.

    Raises:
        BadFileError: Unreadable, or something else.
    """
    return read_json(path, dict[str, float])


def _default_strategy(
    target_ms: float | LatencyShare | None, task: str | None, known: Path | None
) -> str:
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
        if settings.target_share is not None:
            settings = _in_ms(settings, first)
            first = PruningStep(settings, original, scratch, share=1.0, progress=progress)
        first.check()
        if device is not None and not folder.is_begun:
            _check_device(device, settings.table)
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
    result = _result(folder, before, current, records, settings)
    if judged_by is not None:
        result = _judged(result, judged_by.metric_name, trained, settings.epochs)
    write_json(folder.path / "result.json", result)
    return result


def _in_ms(settings: PruneSettings, first: PruningStep) -> PruneSettings:
    """The settings with the latency that their share of the whole model's comes to."""
    share = LatencyShare(settings.target_share or 0.0)
    whole_ms = first.whole_predicted_ms
    target_ms = share.of(whole_ms)
    _LOG.warning(
        "%s of the %s that %s is predicted to take: the limit is %s",
        *(share, format_ms(whole_ms), settings.model, format_ms(target_ms)),
    )
    return msgspec.structs.replace(settings, target_ms=target_ms)


def _for_steps(settings: PruneSettings, first: PruningStep) -> PruneSettings:
    """The settings of each step: a share of the work is one of the model before the first."""
    if settings.steps == 1 or settings.target_macs is None:
        return settings
    return msgspec.structs.replace(settings, target_macs=str(round(first.target_work)))


def _check_device(device: DeviceChoice, table: str | None) -> None:
    """Proves that a device is there and a table is of it: it may be needed hours later.

    Raises:
        UnknownNameError, LinkError, RunnerError: It is not there or does not run models.
        ContextMismatchError: The table is of another.
    """
    with open_device(device) as session:
        if table is not None:
            LatencyTable.read(Path(table)).context.check_same(session.context(), Path(table))


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


def _advice(settings: PruneSettings, first: StepRecord, last: StepRecord) -> str:
    """What makes the network faster, if it got no faster; what was measured counts first."""
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
        predicted_ms=last.predicted_ms,
        measured_ms=last.measured_ms,
        predicted_before_ms=records[0].whole_predicted_ms,
        measured_before_ms=records[0].whole_measured_ms,
        advice=_advice(settings, records[0], last) if cut else "",
        raised=last.raised,
        metric_before=records[0].metric_before,
        metric_pruned=cut[-1].metric_pruned if cut else None,
        judged=judged,
        together=tuple(each for record in records for each in record.together),
        note="" if cut else records[-1].why_whole,
        trade_off=records[-1].trade_off,
        warning=few_left_warning(
            {each.name: each.width for each in channels_of(before.graph).groups}, left
        ),
    )
