"""The whole of ``edgeslim compress``: a configuration and a model to a compressed model."""

from __future__ import annotations

import logging
import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

import msgspec

from edgeslim.compression.configuration import Configuration
from edgeslim.compression.configuration_checks import read_configuration
from edgeslim.compression.lock import held
from edgeslim.compression.original_names import check_inference_part
from edgeslim.compression.pipeline import Pipeline
from edgeslim.compression.settled import check_goes_on, fixed_settings
from edgeslim.compression.start import Start, find_start, find_teacher
from edgeslim.compression.strategies import STRATEGIES, Role, Strategy
from edgeslim.compression.timeline import timeline, unfinished
from edgeslim.compression.work import Work
from edgeslim.conversion.model_files import copy_model
from edgeslim.errors import UsageError
from edgeslim.files import new_folder, temporary_folder, write_json
from edgeslim.opspec import Shape
from edgeslim.paddle_io.importing import load_paddle
from edgeslim.progress import SILENT, Progress
from edgeslim.runs.checkpoint import EpochRecord, newest_checkpoint, open_checkpoint
from edgeslim.training.metric_value import MetricValue
from edgeslim.training.processes import Processes, process_team
from edgeslim.training.tasks import Task, find_task

__all__ = ["Compression", "compress"]

_LOG = logging.getLogger(__name__)

_FRESH_RATE, _FINE_TUNING_RATE = 0.1, 0.01
"""As of ``edgeslim train``."""


class Compression(msgspec.Struct, frozen=True, kw_only=True):
    """What came of a compression.

    Args:
        model: Folder of the compressed model.
        checkpoints: Folder of the checkpoints, one an epoch.
        task: As it was asked for.
        metrics: Of the compressed model, by name, from 0 to 1.
        history: What came of every epoch.
        notes: What was accepted and had no effect, what the timeline leaves undone, what was
            skipped, and of what next to nothing is left.
        judged: The metrics with their number of examples and intervals.
    """

    model: str
    checkpoints: str
    task: str
    metrics: dict[str, float]
    history: tuple[EpochRecord, ...]
    notes: tuple[str, ...] = ()
    judged: dict[str, MetricValue] = {}


def compress(
    configuration: Path,
    *,
    task: str | None = None,
    model: str | None = None,
    pretrained: str | None = None,
    teacher: str | None = None,
    overrides: Sequence[str] = (),
    out: Path | None = None,
    resume: bool = False,
    skip_broken: bool = False,
    batch_size: int | None = None,
    learning_rate: float | None = None,
    seed: int | None = None,
    input_shape: Shape | None = None,
    table: Path | None = None,
    device: str | None = None,
    progress: Progress = SILENT,
) -> Compression:
    """Runs the timeline of a configuration file, with one checkpoint an epoch.

    Started again, it goes on after the newest checkpoint, and its weights are the same as
    without an interruption. What the configuration says otherwise by then wins, as far as
    epochs to come depend on it alone.

    Begun by ``paddle.distributed.launch`` as several processes, process 0 does all of this and
    shares the steps of its trainings out; every process gives the same result.

    Args:
        configuration: A file of PaddleSlim 1.x's schema, with our additions.
        task: What for: a task's name, ``name:folder``, or a file.
        model: What is compressed, as on the command line.
        pretrained: A saved model whose parameters it begins with, or that it is.
        teacher: A saved model that distillation learns from.
        overrides: ``KEY=VALUE`` for any key, such as ``strategies.q.weight_bits=4``.
        out: Folder for the compressed model; by default that of the checkpoints.
        resume: Insists that there is a checkpoint to go on with.
        skip_broken: Passes over checkpoints that are broken or not ours.
        batch_size: Examples of a step.
        learning_rate: The highest of the whole timeline.
        seed: Of everything random.
        input_shape: Of the model, if it leaves it open.
        table: Latency table for strategies that name none.
        device: Device for strategies that name none.
        progress: Where to show it.

    Raises:
        BadFileError: A key, class or value of the file that is wrong, with its place and the
            nearest name; a broken checkpoint; a model or example that cannot be read.
        UsageError: Strategies that do not fit together or to the model; a checkpoint of another
            compression; each with its place.
        DivergedError: The loss is no number any more; the last good checkpoint stays.
        ProcessLostError, ToldElsewhereError: Of several processes.
        EdgeslimError: Whatever else fails in an epoch.
    """
    options = {
        "task": task,
        "model": model,
        "pretrained": pretrained,
        "teacher": teacher,
        "batch_size": batch_size,
        "learning_rate": learning_rate,
        "seed": seed,
        "input_shape": None if input_shape is None else list(input_shape),
        "table": None if table is None else str(table),
        "device": device,
    }

    def lead(team: Processes) -> Compression:
        found = read_configuration(configuration, overrides, options)
        path = _checkpoint_path(found, out)
        with temporary_folder() as scratch:
            prepared = _Preparation(found, path, scratch, progress, team)
            for note in (*found.notes, *unfinished(found)):
                _LOG.warning("%s: %s", found.file, note)
            with _folder_for(path), held(path):
                skipped = prepared.go_on(resume=resume, skip_broken=skip_broken)
                prepared.pipeline.run(progress, prepared.first)
                result = _result(found, prepared.pipeline.work, path, out or path, skipped)
                if prepared.start is not None:
                    # What it is compared with when it is deployed.
                    copy_model(prepared.start.model.prefix, (out or path) / "start" / "model")
                return result

    with process_team() as team:
        if team.count == 1:
            return lead(team)
        from edgeslim.training.distributed_epoch import lead_epochs

        done = lead_epochs(team, lambda: msgspec.json.encode(lead(team)))
        return msgspec.json.decode(done, type=Compression)


def _checkpoint_path(configuration: Configuration, out: Path | None) -> Path:
    given = configuration.compressor.checkpoint_path
    if given is not None:
        return Path(given)
    if out is None:
        raise UsageError(
            f"{configuration.file}: compressor.checkpoint_path is missing, and so is --out: there "
            "is no folder for the checkpoints"
        )
    return out / "checkpoints"


class _Preparation:
    """Everything that is proved and loaded before the first epoch."""

    def __init__(
        self,
        configuration: Configuration,
        path: Path,
        scratch: Path,
        progress: Progress,
        team: Processes,
    ) -> None:
        self.first = 0
        self._configuration = configuration
        self._path = path
        self._line = timeline(configuration)
        common = configuration.compressor
        task_name = common.whole_task
        if task_name is None:
            raise UsageError(f"{configuration.file}: compressor.task is missing; give --task")
        task = _task(configuration, task_name)
        searches = any(span.role is Role.SEARCHES for span in self._line.spans.values())
        self.start = None if searches else find_start(configuration, task, scratch / "given")
        start = self.start
        team.check_batch(common.batch_size)
        load_paddle()
        from edgeslim.training.processor import choose_processor

        choose_processor(common.processor, backend=team.backend)
        work = Work(
            name="the winner of the search" if start is None else start.model.name,
            task_name=task_name,
            task=task,
            path=path,
            scratch=new_folder(scratch / "work"),
            seed=common.seed,
            progress=progress,
            teacher_model=find_teacher(configuration, start, scratch / "teacher"),
        )
        if start is not None:
            work.go_on_with(start.model.prefix)
            work.net.check_batches()
        entries = {each.class_name: each for each in STRATEGIES.members().values()}
        strategies: dict[str, Strategy] = {}
        for name, settings in configuration.strategies.items():
            entry = next(each for each in entries.values() if each.settings is type(settings))
            strategies[name] = entry.make(name, settings, configuration)
        self.pipeline = Pipeline(
            configuration=configuration,
            line=self._line,
            strategies=strategies,
            work=work,
            learning_rate=common.highest or _rate(start),
            model="" if start is None else start.fingerprint,
            fixed=fixed_settings(configuration, task_name),
            team=team,
        )
        if start is not None:
            check_inference_part(configuration, work.graph)
        for strategy in strategies.values():
            strategy.check(work)

    def go_on(self, *, resume: bool, skip_broken: bool) -> list[str]:
        """Goes on with the newest checkpoint, if there is one; what was skipped, a sentence each.

        Raises:
            BadFileError: It is broken or not ours.
            UsageError: It is of another compression, or there is none and there should be.
        """
        pipeline, configuration = self.pipeline, self._configuration
        checkpoint, skipped = newest_checkpoint(self._path, skip_broken=skip_broken)
        for each in skipped:
            _LOG.warning("passed over: %s", each)
        if checkpoint is None:
            if resume:
                raise UsageError(f"--resume: there is no checkpoint in {self._path}")
            return skipped
        work = pipeline.work
        check_goes_on(
            checkpoint,
            configuration,
            self._line,
            fixed=dict(pipeline.fixed),
            model=pipeline.model,
            data=_data_fingerprint(work) if work.has_network else None,
        )
        before = {each.processes for each in checkpoint.context.history}
        if before != {pipeline.team.count}:
            _LOG.warning(
                "epochs up to %d were trained by %s processes, those to come are by %d: it is as "
                "good, and not the same to the bit",
                checkpoint.context.epoch,
                " and ".join(map(str, sorted(before))),
                pipeline.team.count,
            )
        pipeline.restore(checkpoint)
        self.first = checkpoint.context.epoch + 1
        return skipped


def _task(configuration: Configuration, name: str) -> Task:
    try:
        return find_task(name)
    except UsageError as error:
        if configuration.compressor.ap_version is None:
            raise
        raise UsageError(f"{configuration.file}: compressor.ap_version: {error}") from error


def _data_fingerprint(work: Work) -> str:
    from edgeslim.training.checkpoint import data_fingerprint

    return data_fingerprint(work.data)


def _rate(start: Start | None) -> float:
    return _FINE_TUNING_RATE if start is None or start.is_trained else _FRESH_RATE


@contextmanager
def _folder_for(path: Path) -> Iterator[None]:
    """The folder is there inside; if the work fails before anything is in it, it goes again."""
    there = path.exists()
    new_folder(path)
    try:
        yield
    except BaseException:
        if not there and not any(each.name != ".lock" for each in path.iterdir()):
            with suppress(OSError):
                shutil.rmtree(path)
        raise


def _result(
    configuration: Configuration, work: Work, path: Path, out: Path, skipped: Sequence[str]
) -> Compression:
    """Puts the last epoch's model where it is wanted."""
    last = open_checkpoint(path / str(configuration.compressor.epoch - 1))
    copy_model(last.eval_model, out / "model")
    history = last.context.history
    result = Compression(
        model=str(out),
        checkpoints=str(path),
        task=work.task_name,
        metrics=history[-1].metrics,
        judged=history[-1].judged,
        history=history,
        notes=(
            *configuration.notes,
            *unfinished(configuration),
            *work.notes,
            *(f"passed over: {each}" for each in skipped),
            *([history[-1].warning] if history[-1].warning else []),
        ),
    )
    write_json(out / "result.json", result)
    return result
