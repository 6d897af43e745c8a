"""The epochs of a compression: strategies act, the network is trained, evaluated and saved.

An epoch depends on the checkpoint before it, the configuration and the seed alone. So a process
that is killed at any moment loses the epoch that it was in, and the next one does that epoch
again, to the same bits.
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
from edgeslim.compression.resume_check import settings_of_begun
from edgeslim.compression.state import CompressionState
from edgeslim.compression.strategies import Strategy
from edgeslim.compression.strategy_settings import Role
from edgeslim.compression.timeline import Timeline
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
        configuration: The whole configuration file.
        line: Timeline of the configuration.
        strategies: The strategies by name.
        state: The network, and everything else that strategies act on.
        learning_rate: Highest rate of the whole timeline.
        model: Fingerprint of the initial network; empty if a search makes it.
        fixed: Settings that must be the same for all epochs.
        team: The processes that train; this one is the leader.
    """

    configuration: Configuration
    line: Timeline
    strategies: Mapping[str, Strategy]
    state: CompressionState
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
        """Restores the state from a checkpoint.

        Raises:
            BadFileError: Its parts do not belong together.
        """
        context, state = checkpoint.context, self.state
        state.memories = {name: dict(known) for name, known in context.memory.items()}
        state.history = list(context.history)
        if context.epoch + 1 >= self.line.epochs:
            return  # nothing is left to train
        state.use_program(checkpoint.network)
        if context.quantized:
            self._quantized = context.quantized
            self.strategies[context.quantized].begin_epoch(
                state, self.line.spans[context.quantized].first
            )
            state.events.clear()
        state.net.restore(read_arrays(checkpoint.state), file=checkpoint.state)

    def run(self, progress: Progress, first: int) -> None:
        """Does all epochs from ``first`` on.

        Raises:
            DivergedError: The loss is not finite any more; the last good checkpoint stays.
            EdgeslimError: An epoch fails; nothing of it is kept.
        """
        left = self.line.epochs - first
        if left <= 0:
            return
        with progress.stage("compression, epochs", left) as self._stage:
            if first:
                self._stage.note(f"continues after epoch {first - 1}")
            for epoch in range(first, self.line.epochs):
                self._epoch(epoch)

    def _epoch(self, epoch: int) -> None:
        state, start = self.state, time.monotonic()
        state.terms.clear()
        state.events.clear()
        active = self._sorted_by_role(self.line.active(epoch))
        for name in active:
            self.strategies[name].begin_epoch(state, epoch)
        if state.net.is_quantized and not self._quantized:
            self._quantized = self._quantizer()
        trains = all(self.strategies[name].trains(state, epoch) for name in active)
        loss = self._train(epoch) if trains else None
        if not trains:
            self._advance(1.0, "")
        if self._is_evaluated(epoch):
            state.metrics()
        for name in active:
            self.strategies[name].end_epoch(state, epoch)
        if state.net.is_quantized and not self._quantized:
            self._quantized = self._quantizer()
        metrics = state.metrics() if self._is_evaluated(epoch) else {}
        record = EpochRecord(
            epoch=epoch,
            loss=loss,
            metrics=metrics,
            judged=state.with_intervals(metrics),
            learning_rate=self._last_rate if loss is not None else None,
            seconds=round(time.monotonic() - start, 3),
            macs=ops.macs(state.graph.specs),
            parameters=trainable_parameters(state.graph),
            processes=self.team.count,
            events=tuple(state.events),
            warning=state.few_channels_text(),
        )
        if record.warning and record.warning not in {known.warning for known in state.history}:
            _LOG.warning("epoch %d: %s", epoch, record.warning)
        state.history.append(record)
        self._write(epoch)
        write_metrics(state.path, state.history)
        self._show_record(record)

    def _sorted_by_role(self, names: tuple[str, ...]) -> list[str]:
        """Sorts strategies by role: a search makes the network, and quantization is last."""
        order = list(Role)
        return sorted(names, key=lambda name: order.index(self.line.spans[name].role))

    def _quantizer(self) -> str:
        spans = self.line.spans.items()
        return next(name for name, span in spans if span.role is Role.QUANTIZES)

    def _is_evaluated(self, epoch: int) -> bool:
        every = self.configuration.compressor.eval_epoch
        return (epoch + 1) % every == 0 or epoch + 1 == self.line.epochs

    def _train(self, epoch: int) -> float:
        state = self.state
        teacher = self._teacher_for_terms()
        rates: list[TrainingStep] = []

        def on_step(step: TrainingStep) -> None:
            rates[:] = [step]
            self._advance(self.line.epochs / step.total, f"loss {step.loss:.3f}")

        settings = self._settings()
        if self.team.count > 1:
            self._announce(epoch, settings)
        try:
            loss = state.net.learn_epoch(
                state.data,
                settings,
                epoch=epoch,
                teacher=teacher,
                terms=state.terms,
                team=self.team,
                on_step=on_step,
            )
        except DivergedError as error:
            raise DivergedError(f"{error}; {_last_good(state)}") from error
        self._last_rate = rates[0].rate if rates else None
        state.forget_results()
        return loss

    def _announce(self, epoch: int, settings: TrainingSettings) -> None:
        from edgeslim.training.distributed_epoch import announce_epoch

        state = self.state
        announce_epoch(
            self.team,
            state.net,
            task=state.task_name,
            data=state.data,
            settings=settings,
            epoch=epoch,
            terms=state.terms,
            teacher=None if state.teacher_model is None else state.teacher_model.prefix,
        )

    def _settings(self) -> TrainingSettings:
        from edgeslim.training.trainer import TrainingSettings

        return TrainingSettings(
            epochs=self.line.epochs,
            batch_size=self.configuration.compressor.batch_size,
            learning_rate=self.learning_rate,
            seed=self.state.seed,
            schedule=self.configuration.compressor.schedule(),
        ).for_examples(self.state.data)

    def _teacher_for_terms(self) -> Teacher | None:
        """The teacher, which is loaded when it is first needed."""
        if not self.state.terms or self.state.teacher_model is None:
            return None
        if self._teacher is None:
            from edgeslim.training.distillation.teacher import Teacher

            self._teacher = Teacher(self.state.teacher_model.prefix)
        return self._teacher

    def _write(self, epoch: int) -> None:
        """Writes the epoch's checkpoint, complete or not at all."""
        state, target = self.state, self.configuration.compressor.inference_target
        with temporary_folder(near=state.path) as scratch:
            folder = scratch / "checkpoint"
            model = self._model_prefix(epoch, folder) or scratch / "model" / "model"
            state.save_model(model)
            if state.net.is_quantized or folder not in model.parents:
                state.net.save_float(folder / "network" / "model")
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
                begun=settings_of_begun(self.configuration, self.line, epoch),
                memory=state.memories,
                quantized=self._quantized,
                history=tuple(state.history),
            )
            write_checkpoint(folder, context, state.net.arrays())
            replace_folder(folder, state.path / str(epoch))

    def _model_prefix(self, epoch: int, folder: Path) -> Path | None:
        """Prefix of the network in a checkpoint in the form for other commands, if it is there."""
        if self.configuration.compressor.save_eval_model is not False:
            return folder / "eval_model" / "model"
        return folder / "result" / "model" if epoch + 1 == self.line.epochs else None

    def _data_fingerprint(self) -> str:
        from edgeslim.training.checkpoint import data_fingerprint

        return data_fingerprint(self.state.data)

    def _advance(self, amount: float, note: str) -> None:
        if self._stage is not None:
            self._stage.advance(amount, note=note)

    def _show_record(self, record: EpochRecord) -> None:
        if self._stage is None:
            return
        parts = [f"epoch {record.epoch}"]
        if record.loss is not None:
            parts.append(f"loss {record.loss:.4f}")
        parts += [f"{name} {value:.4f}" for name, value in record.metrics.items()]
        self._stage.note(", ".join(parts))
        for event in record.events:
            self._stage.note(event)


def _last_good(state: CompressionState) -> str:
    if not state.history:
        return "no checkpoint was written yet"
    last = state.history[-1].epoch
    return f"{state.path / str(last)} (epoch {last}) is the last good checkpoint"
