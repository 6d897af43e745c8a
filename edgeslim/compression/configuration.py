"""Typed values of a configuration file: the schema of PaddleSlim 1.x, and our additions."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Annotated, Any, ClassVar, Literal

from msgspec import Meta

from edgeslim.compression.configuration_values import (
    Count,
    Distiller,
    SAController,
    Section,
    StructurePruner,
)
from edgeslim.compression.strategy_settings import StrategySettings
from edgeslim.training.schedules import RateKeys

__all__ = ["Compressor", "Configuration"]

Names = Annotated[tuple[str, ...], Meta(min_length=1)]


class Compressor(Section, RateKeys, frozen=True, kw_only=True):
    """Keys of the timeline and of the model; the learning rate has the keys of `RateKeys`.

    Args:
        epoch: Number of epochs of the timeline.
        strategies: Names of the strategies that are used, in order.
        init_model: A saved model to start from, such as one that was pruned before.
        checkpoint_path: Folder with one checkpoint for each epoch.
        eval_epoch: Number of epochs between evaluations; the last epoch is always evaluated.
        model: The model to compress, as on the command line.
        pretrained: A saved model whose parameters are used at first.
        teacher: A saved model that distillation learns from.
        task: Task to train for, as on the command line.
        ap_version: How the area under a detector's curves of precision is computed, if the task
            has that choice.
        batch_size: Number of examples in a step.
        seed: Seed of everything that is random.
        input_shape: Input shape of the model, if it leaves it open.
        table: Latency table of strategies that name none.
        device: Device of strategies that name none.
        processor: Processor for training: ``auto`` takes a GPU where Paddle has one.
        save_eval_model: Whether every checkpoint has the network as a model; if it is given as
            yes, under the original's names too.
        prune_infer_model: Names of inputs and outputs; the part between them is in every
            checkpoint as the original's ``__model__.infer``.
        inference_target: Target for which a Paddle-Lite file is made in every epoch.
    """

    no_effect: ClassVar[Mapping[str, str]] = {
        "compress_pass": "there is one pipeline, and it needs no name"
    }

    epoch: Count
    strategies: tuple[str, ...] = ()
    init_model: str | None = None
    checkpoint_path: str | None = None
    eval_epoch: Count = 1
    model: str | None = None
    pretrained: str | None = None
    teacher: str | None = None
    task: str | None = None
    ap_version: Literal["11point", "integral"] | None = None
    batch_size: Count = 64
    seed: Annotated[int, Meta(ge=0, lt=2**31)] = 0
    input_shape: tuple[Count, ...] | None = None
    table: str | None = None
    device: str | None = None
    processor: Literal["auto", "cpu", "gpu"] = "auto"
    save_eval_model: bool | None = None
    prune_infer_model: tuple[Names, Names] | None = None
    inference_target: Literal["arm", "x86"] | None = None
    compress_pass: Any = None

    @property
    def whole_task(self) -> str | None:
        """The task with its choices."""
        if self.task is None or self.ap_version is None:
            return self.task
        return f"{self.task},ap_version={self.ap_version}"


@dataclass(frozen=True, kw_only=True)
class Configuration:
    """A whole configuration without unknown keys.

    Args:
        file: Path of the file, for errors.
        compressor: Keys of the timeline and the model.
        strategies: The strategies that are used, by name, in the timeline's order.
        pruners: Entries of pruners by name.
        controllers: Entries of controllers by name.
        distillers: Entries of distillers by name.
        notes: Notes about keys that are accepted and have no effect.
    """

    file: str
    compressor: Compressor
    strategies: Mapping[str, StrategySettings] = field(default_factory=dict)
    pruners: Mapping[str, StructurePruner] = field(default_factory=dict)
    controllers: Mapping[str, SAController] = field(default_factory=dict)
    distillers: Mapping[str, Distiller] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
