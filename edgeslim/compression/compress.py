"""The whole of ``edgeslim compress``: from a configuration and a model to a compressed model."""

from __future__ import annotations

import logging
import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated

import msgspec

from edgeslim.compression.configuration import Configuration
from edgeslim.compression.configuration_checks import read_configuration
from edgeslim.compression.initial_model import InitialModel, find_initial_model, find_teacher
from edgeslim.compression.original_names import check_inference_part
from edgeslim.compression.pipeline import Pipeline
from edgeslim.compression.resume_check import check_resumable, fixed_settings
from edgeslim.compression.state import CompressionState
from edgeslim.compression.strategies import STRATEGIES, Strategy
from edgeslim.compression.strategy_settings import Role
from edgeslim.compression.timeline import describe_unfinished, timeline
from edgeslim.conversion.model_files import copy_model
from edgeslim.conversion.model_source import parse_only_shape
from edgeslim.errors import UsageError
from edgeslim.files import new_folder, temporary_folder, write_json
from edgeslim.locks import hold
from edgeslim.opspec import Shape
from edgeslim.options import ARGUMENT, OPTION, Option, called_with
from edgeslim.paddle_io.importing import load_paddle
from edgeslim.progress import SILENT, Progress
from edgeslim.runs.checkpoint import EpochRecord, newest_checkpoint, open_checkpoint
from edgeslim.training.metric_value import MetricValue
from edgeslim.training.processes import Processes, process_team
from edgeslim.training.tasks import Task, find_task
from edgeslim.training.training_options import FINE_TUNING_RATE, FRESH_RATE

__all__ = ["CompressRequest", "Compression", "compress"]

_LOG = logging.getLogger(__name__)


class Compression(msgspec.Struct, frozen=True, kw_only=True):
    """Result of a compression.

    Args:
        model: Folder of the compressed model.
        checkpoints: Folder of the checkpoints, one for each epoch.
        task: The task as it was named.
        metrics: Metrics of the compressed model by name, from 0 to 1.
        history: Records of all epochs.
        notes: Notes about keys without effect, about what the timeline leaves undone, skipped
            checkpoints, and groups with very few channels left.
        judged: The metrics with their number of examples and intervals.
    """

    model: str
    checkpoints: str
    task: str
    metrics: dict[str, float]
    history: tuple[EpochRecord, ...]
    notes: tuple[str, ...] = ()
    judged: dict[str, MetricValue] = {}


_FILE = Option("Instead of keys of the file")
_CHECKPOINTS = Option("Checkpoints")


@dataclass(frozen=True, kw_only=True, slots=True)
class CompressRequest:
    """What can be asked of `compress`."""

    configuration: Annotated[Path, ARGUMENT] = field(kw_only=False)
    """A PaddleSlim 1.x file, as in configs/, with our additions."""
    overrides: Annotated[Sequence[str], OPTION("--override", "-o", parse_all=tuple)] = ()
    """KEY=VALUE ... of any keys: strategies.q.weight_bits=4."""
    out: Annotated[Path | None, OPTION] = None
    """Folder for the compressed model; by default that of the checkpoints."""
    task: Annotated[str | None, _FILE] = None
    """Task to train for: NAME, NAME:FOLDER with its images, or file.py of your own."""
    model: Annotated[str | None, _FILE] = None
    """What is compressed: saved model, file.py:function, or a name."""
    pretrained: Annotated[str | None, _FILE] = None
    """Saved model whose parameters are the first ones, or the model itself."""
    teacher: Annotated[str | None, _FILE] = None
    """Saved model that distillation learns from."""
    batch_size: Annotated[int | None, _FILE] = None
    """Examples of a training step."""
    learning_rate: Annotated[float | None, _FILE] = None
    """Highest learning rate of the whole timeline."""
    seed: Annotated[int | None, _FILE] = None
    """Seed of everything random."""
    input_shape: Annotated[Shape | None, _FILE(parse_all=parse_only_shape)] = None
    """Input shape of the model, if it leaves it open: 1,3,224,224."""
    table: Annotated[Path | None, _FILE] = None
    """Latency table for strategies that name none."""
    device: Annotated[str | None, _FILE] = None
    """Device for strategies that name none."""
    resume: Annotated[bool, _CHECKPOINTS] = False
    """Fail if there is no checkpoint to continue."""
    skip_broken: Annotated[bool, _CHECKPOINTS] = False
    """Ignore checkpoints that are broken, or not ours."""
    progress: Progress = SILENT
    """Shows the progress of the epochs."""

    @property
    def options(self) -> dict[str, object]:
        """What is given instead of keys of the file, as the file would have it."""
        shape = None if self.input_shape is None else list(self.input_shape)
        table = None if self.table is None else str(self.table)
        names = ("task", "model", "pretrained", "teacher", "batch_size", "learning_rate", "seed")
        given = {name: getattr(self, name) for name in names}
        return {**given, "input_shape": shape, "table": table, "device": self.device}


@called_with(CompressRequest)
def compress(request: CompressRequest) -> Compression:
    """Runs the timeline of a configuration file, with one checkpoint an epoch.

    Started again, it continues after the newest checkpoint, and its weights are the same as
    without an interruption. A configuration that was edited meanwhile is used, if only future
    epochs depend on the edits.

    Started by ``paddle.distributed.launch`` as several processes, process 0 does all of this and
    shares the steps of its trainings out; every process returns the same result.

    Raises:
        BadFileError: A wrong key, class or value in the file, with its place and the nearest
            name; a broken checkpoint; a model or example that cannot be read.
        UsageError: Strategies that do not fit together or to the model; a checkpoint of another
            compression; each with its place.
        DivergedError: The loss is not finite any more; the last good checkpoint stays.
        ProcessLostError, ReportedElsewhereError: One of several processes has failed.
        EdgeslimError: Anything else fails in an epoch.
    """
    out, progress = request.out, request.progress

    def lead(team: Processes) -> Compression:
        found = read_configuration(request.configuration, request.overrides, request.options)
        path = _checkpoint_path(found, out)
        with temporary_folder() as scratch:
            prepared = _Preparation(found, path, scratch, progress, team)
            for note in (*found.notes, *describe_unfinished(found)):
                _LOG.warning("%s: %s", found.file, note)
            with hold(path), _folder_for(path):
                _remove_unfinished(path)
                skipped = prepared.resume(
                    must_resume=request.resume, skip_broken=request.skip_broken
                )
                prepared.pipeline.run(progress, prepared.first)
                result = _result(found, prepared.pipeline.state, path, out or path, skipped)
                if prepared.start is not None:
                    # A deployment compares the compressed model with it.
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
            f"{configuration.file}: compressor.checkpoint_path and --out are both missing; give "
            "one of them, as the folder for the checkpoints"
        )
    return out / "checkpoints"


class _Preparation:
    """Everything that is checked and loaded before the first epoch."""

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
        self.start = (
            None if searches else find_initial_model(configuration, task, scratch / "given")
        )
        start = self.start
        team.check_batch(common.batch_size)
        load_paddle()
        from edgeslim.training.processor import choose_processor

        choose_processor(common.processor, backend=team.backend)
        state = CompressionState(
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
            state.use_program(start.model.prefix)
            state.net.check_batches()
        entries = STRATEGIES.members().values()
        strategies: dict[str, Strategy] = {}
        for name, settings in configuration.strategies.items():
            entry = next(known for known in entries if known.settings is type(settings))
            strategies[name] = entry.make(name, settings, configuration)
        self.pipeline = Pipeline(
            configuration=configuration,
            line=self._line,
            strategies=strategies,
            state=state,
            learning_rate=common.highest or _rate(start),
            model="" if start is None else start.fingerprint,
            fixed=fixed_settings(configuration, task_name),
            team=team,
        )
        if start is not None:
            check_inference_part(configuration, state.graph)
        for strategy in strategies.values():
            strategy.check(state)

    def resume(self, *, must_resume: bool, skip_broken: bool) -> list[str]:
        """Continues from the newest checkpoint, if there is one; returns notes of skipped ones.

        Raises:
            BadFileError: The checkpoint is broken or not ours.
            UsageError: It is of another compression, or there is none although there must be.
        """
        pipeline, configuration = self.pipeline, self._configuration
        checkpoint, skipped = newest_checkpoint(self._path, skip_broken=skip_broken)
        for note in skipped:
            _LOG.warning("skipped: %s", note)
        if checkpoint is None:
            if must_resume:
                raise UsageError(f"--resume: there is no checkpoint in {self._path}")
            return skipped
        state = pipeline.state
        check_resumable(
            checkpoint,
            configuration,
            self._line,
            fixed=dict(pipeline.fixed),
            model=pipeline.model,
            data=_data_fingerprint(state) if state.has_network else None,
        )
        before = {record.processes for record in checkpoint.context.history}
        if before != {pipeline.team.count}:
            _LOG.warning(
                "epochs up to %d were trained by %s processes, further ones will be by %d: the "
                "result is as good, but not the same to the bit",
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


def _data_fingerprint(state: CompressionState) -> str:
    from edgeslim.training.checkpoint import data_fingerprint

    return data_fingerprint(state.data)


def _rate(start: InitialModel | None) -> float:
    return FINE_TUNING_RATE if start is None or start.is_trained else FRESH_RATE


@contextmanager
def _folder_for(path: Path) -> Iterator[None]:
    """Makes a folder to work in; it is removed if the work fails and it was new and is empty."""
    there = path.exists()
    new_folder(path)
    try:
        yield
    except BaseException:
        if not there:
            with suppress(OSError):
                path.rmdir()
        raise


def _remove_unfinished(path: Path) -> None:
    """Removes unfinished checkpoints of killed processes."""
    for unfinished in path.glob(".edgeslim.*"):
        shutil.rmtree(unfinished, ignore_errors=True)


def _result(
    configuration: Configuration,
    state: CompressionState,
    path: Path,
    out: Path,
    skipped: Sequence[str],
) -> Compression:
    """Copies the last epoch's model to its folder, and writes the result there."""
    last = open_checkpoint(path / str(configuration.compressor.epoch - 1))
    copy_model(last.eval_model, out / "model")
    history = last.context.history
    result = Compression(
        model=str(out),
        checkpoints=str(path),
        task=state.task_name,
        metrics=history[-1].metrics,
        judged=history[-1].judged,
        history=history,
        notes=(
            *configuration.notes,
            *describe_unfinished(configuration),
            *state.notes,
            *(f"skipped: {note}" for note in skipped),
            *([history[-1].warning] if history[-1].warning else []),
        ),
    )
    write_json(out / "result.json", result)
    return result
