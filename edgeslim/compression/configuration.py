"""What a configuration file says, as values: the schema of PaddleSlim 1.x, and our additions."""

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
from edgeslim.compression.strategies import StrategySettings
from edgeslim.training.schedules import RateKeys

__all__ = ["Compressor", "Configuration"]

Names = Annotated[tuple[str, ...], Meta(min_length=1)]


class Compressor(Section, RateKeys, frozen=True, kw_only=True):
    """The timeline, and what is compressed; the learning rate in the words of `RateKeys`.

    Args:
        epoch: How many epochs there are.
        strategies: Names of the strategies that are used, in order.
        init_model: A saved model to begin with, such as one that was pruned before.
        checkpoint_path: Folder with one checkpoint an epoch.
        eval_epoch: After how many epochs the network is evaluated; after the last in any case.
        model: What is compressed, as on the command line.
        pretrained: A saved model whose parameters it begins with.
        teacher: A saved model that is learned from.
        task: What for.
        ap_version: How the area under a detector's curves of precision is taken, where the task
            has that choice.
        batch_size: Examples of a step.
        seed: Of everything random.
        input_shape: Of the model, if it leaves it open.
        table: Latency table of strategies that name none.
        device: Device of strategies that name none.
        processor: What trains: ``auto`` takes a GPU where Paddle has one.
        save_eval_model: Whether every checkpoint holds the network as a model; if it says yes,
            under the original's names too.
        prune_infer_model: Names of inputs and of outputs: what is between is kept in every
            checkpoint as the original's ``__model__.infer``.
        inference_target: Makes a file for Paddle-Lite of every epoch's network, for this target.
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
        """The task with what is chosen of it."""
        if self.task is None or self.ap_version is None:
            return self.task
        return f"{self.task},ap_version={self.ap_version}"


@dataclass(frozen=True, kw_only=True)
class Configuration:
    """A whole configuration, every key of it known.

    Args:
        file: Where it is from, for errors.
        compressor: The timeline.
        strategies: Those that are used by name, in the timeline's order.
        pruners: By name.
        controllers: By name.
        distillers: By name.
        notes: Keys that are accepted and do nothing, a sentence each.
    """

    file: str
    compressor: Compressor
    strategies: Mapping[str, StrategySettings] = field(default_factory=dict)
    pruners: Mapping[str, StructurePruner] = field(default_factory=dict)
    controllers: Mapping[str, SAController] = field(default_factory=dict)
    distillers: Mapping[str, Distiller] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
