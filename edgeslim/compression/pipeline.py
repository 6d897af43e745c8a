"""The epochs of a compression: strategies begin, the network is trained, judged and written down.

What an epoch does follows from the checkpoint before it, the configuration and the seed alone.
So a process that is killed at any moment loses the epoch that it was in, and the next one does
that epoch again, to the same bits.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from edgeslim import ops
from edgeslim.compression.configuration import Configuration
from edgeslim.compression.metric_files import write_metrics
from edgeslim.compression.original_names import write_original_names
from edgeslim.compression.settled import begun_settings
from edgeslim.compression.strategies import Role, Strategy
from edgeslim.compression.timeline import Timeline
from edgeslim.compression.work import Work
from edgeslim.conversion.inspect_model import trainable_parameters
from edgeslim.conversion.model_source import SavedModel
from edgeslim.conversion.optimized import optimize
from edgeslim.conversion.prepare import prepare
from edgeslim.errors import DivergedError
from edgeslim.execution import Target
from edgeslim.files import replace_folder, temporary_folder
from edgeslim.progress import Progress, Stage
from edgeslim.runs.checkpoint import (
    Checkpoint,
    CheckpointContext,
    EpochRecord,
    read_arrays,
    write_checkpoint,
)
from edgeslim.training.processes import ALONE, Processes

if TYPE_CHECKING:
    from edgeslim.training._training_loop import TrainingSettings, TrainingStep
    from edgeslim.training.distillation.teacher import Teacher

__all__ = ["Pipeline"]

_LOG = logging.getLogger(__name__)


@dataclass(kw_only=True)
class Pipeline:
    """Does the epochs that are not done yet.

    Args:
        configuration: What to do.
        line: When.
        strategies: By name.
        work: The network, and what strategies act on.
        learning_rate: The highest of the whole timeline.
        model: Fingerprint of the network that it begins with; empty if a search makes it.
        fixed: TrainingSettings that must be the same for all epochs.
        team: The processes that train; this is the one that leads.
    """

    configuration: Configuration
    line: Timeline
    strategies: Mapping[str, Strategy]
    work: Work
    learning_rate: float
    model: str
    fixed: Mapping[str, Any]
    team: Processes = ALONE

    def __post_init__(self) -> None:
        self._quantized = ""
        self._teacher: Teacher | None = None
        self._stage: Stage | None = None
        self._last_rate: float | None = None

    def restore(self, checkpoint: Checkpoint) -> None:
        """Goes on from a checkpoint.

        Raises:
            BadFileError: Its parts do not belong together.
        """
        context, work = checkpoint.context, self.work
        work.memories = {name: dict(known) for name, known in context.memory.items()}
        work.history = list(context.history)
        if context.epoch + 1 >= self.line.epochs:
            return  # nothing is left to be trained
        work.go_on_with(checkpoint.network)
        if context.quantized:
            self._quantized = context.quantized
            self.strategies[context.quantized].begin_epoch(
                work, self.line.spans[context.quantized].first
            )
            work.events.clear()
        work.net.restore(read_arrays(checkpoint.state), file=checkpoint.state)

    def run(self, progress: Progress, first: int) -> None:
        """Does the epochs from one on.

        Raises:
            DivergedError: The loss is no number any more; the last good checkpoint stays.
            EdgeslimError: Whatever fails in an epoch; nothing of it is kept.
        """
        left = self.line.epochs - first
        if left <= 0:
            return
        with progress.stage("compression, epochs", left) as self._stage:
            if first:
                self._stage.note(f"goes on after epoch {first - 1}")
            for epoch in range(first, self.line.epochs):
                self._epoch(epoch)

    def _epoch(self, epoch: int) -> None:
        work, start = self.work, time.monotonic()
        work.terms.clear()
        work.events.clear()
        active = self._in_order(self.line.active(epoch))
        for name in active:
            self.strategies[name].begin_epoch(work, epoch)
        if work.net.is_quantized and not self._quantized:
            self._quantized = self._quantizer()
        trains = all(self.strategies[name].trains(work, epoch) for name in active)
        loss = self._trained(epoch) if trains else None
        if not trains:
            self._shown(1.0, "")
        if self._is_judged(epoch):
            work.metrics()
        for name in active:
            self.strategies[name].end_epoch(work, epoch)
        if work.net.is_quantized and not self._quantized:
            self._quantized = self._quantizer()
        metrics = work.metrics() if self._is_judged(epoch) else {}
        record = EpochRecord(
            epoch=epoch,
            loss=loss,
            metrics=metrics,
            judged=work.judged(metrics),
            learning_rate=self._last_rate if loss is not None else None,
            seconds=round(time.monotonic() - start, 3),
            macs=ops.macs(work.graph.specs),
            parameters=trainable_parameters(work.graph),
            processes=self.team.count,
            events=tuple(work.events),
            warning=work.few_left(),
        )
        if record.warning and record.warning not in {each.warning for each in work.history}:
            _LOG.warning("epoch %d: %s", epoch, record.warning)
        work.history.append(record)
        self._write(epoch)
        write_metrics(work.path, work.history)
        self._tell(record)

    def _in_order(self, names: tuple[str, ...]) -> list[str]:
        """A search makes the network that all others act on, and quantization is last."""
        order = list(Role)
        return sorted(names, key=lambda name: order.index(self.line.spans[name].role))

    def _quantizer(self) -> str:
        spans = self.line.spans.items()
        return next(name for name, span in spans if span.role is Role.QUANTIZES)

    def _is_judged(self, epoch: int) -> bool:
        every = self.configuration.compressor.eval_epoch
        return (epoch + 1) % every == 0 or epoch + 1 == self.line.epochs

    def _trained(self, epoch: int) -> float:
        work = self.work
        teacher = self._teacher_for_terms()
        rates: list[TrainingStep] = []

        def on_step(step: TrainingStep) -> None:
            rates[:] = [step]
            self._shown(self.line.epochs / step.total, f"loss {step.loss:.3f}")

        settings = self._settings()
        if self.team.count > 1:
            self._tell_others(epoch, settings)
        try:
            loss = work.net.learn_epoch(
                work.data,
                settings,
                epoch=epoch,
                teacher=teacher,
                terms=work.terms,
                team=self.team,
                on_step=on_step,
            )
        except DivergedError as error:
            raise DivergedError(f"{error}; {_last_good(work)}") from error
        self._last_rate = rates[0].rate if rates else None
        work.changed()
        return loss

    def _tell_others(self, epoch: int, settings: TrainingSettings) -> None:
        from edgeslim.training.distributed_epoch import announce_epoch

        work = self.work
        announce_epoch(
            self.team,
            work.net,
            task=work.task_name,
            data=work.data,
            settings=settings,
            epoch=epoch,
            terms=work.terms,
            teacher=None if work.teacher_model is None else work.teacher_model.prefix,
        )

    def _settings(self) -> TrainingSettings:
        from edgeslim.training.trainer import settings_for

        return settings_for(
            self.work.data,
            epochs=self.line.epochs,
            batch_size=self.configuration.compressor.batch_size,
            learning_rate=self.learning_rate,
            seed=self.work.seed,
            schedule=self.configuration.compressor.schedule(),
        )

    def _teacher_for_terms(self) -> Teacher | None:
        """The teacher, loaded when it is first needed."""
        if not self.work.terms or self.work.teacher_model is None:
            return None
        if self._teacher is None:
            from edgeslim.training.distillation.teacher import Teacher

            self._teacher = Teacher(self.work.teacher_model.prefix)
        return self._teacher

    def _write(self, epoch: int) -> None:
        """Writes the epoch's checkpoint, whole or not at all."""
        work, target = self.work, self.configuration.compressor.inference_target
        with temporary_folder(near=work.path) as scratch:
            folder = scratch / "checkpoint"
            model = self._model_place(epoch, folder) or scratch / "model" / "model"
            work.save_model(model)
            if work.net.is_quantized or folder not in model.parents:
                work.net.save_float(folder / "network" / "model")
            write_original_names(self.configuration, model, folder / "eval_model")
            if target is not None:
                ready = prepare(SavedModel.at(model), scratch / "prepared")
                (folder / "inference").mkdir()
                optimize(ready, Target(target), folder / "inference" / "model")
            context = CheckpointContext(
                epoch=epoch,
                model=self.model,
                data=self._data_fingerprint(),
                fixed=dict(self.fixed),
                begun=begun_settings(self.configuration, self.line, epoch),
                memory=work.memories,
                quantized=self._quantized,
                history=tuple(work.history),
            )
            write_checkpoint(folder, context, work.net.arrays())
            replace_folder(folder, work.path / str(epoch))

    def _model_place(self, epoch: int, folder: Path) -> Path | None:
        """Where in a checkpoint the network is as others take it, if it is there."""
        if self.configuration.compressor.save_eval_model is not False:
            return folder / "eval_model" / "model"
        return folder / "result" / "model" if epoch + 1 == self.line.epochs else None

    def _data_fingerprint(self) -> str:
        from edgeslim.training.checkpoint import data_fingerprint

        return data_fingerprint(self.work.data)

    def _shown(self, amount: float, note: str) -> None:
        if self._stage is not None:
            self._stage.advance(amount, note=note)

    def _tell(self, record: EpochRecord) -> None:
        if self._stage is None:
            return
        parts = [f"epoch {record.epoch}"]
        if record.loss is not None:
            parts.append(f"loss {record.loss:.4f}")
        parts += [f"{name} {value:.4f}" for name, value in record.metrics.items()]
        self._stage.note(", ".join(parts))
        for event in record.events:
            self._stage.note(event)


def _last_good(work: Work) -> str:
    if not work.history:
        return "no checkpoint was written yet"
    last = work.history[-1].epoch
    return f"{work.path / str(last)} (epoch {last}) is the last good checkpoint"
