"""Strategies of a timeline: their protocol, and how they are declared."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

from edgeslim.compression.strategy_settings import StrategySettings

if TYPE_CHECKING:
    from edgeslim.compression.configuration import Configuration
    from edgeslim.compression.state import CompressionState

__all__ = ["Idle", "Strategy", "StrategyEntry"]


class Strategy(Protocol):
    """Acts on the network in some epochs.

    It keeps nothing in itself: what it must remember is in ``state.memory(name)``, which is in
    every checkpoint. What it does in an epoch depends on the checkpoint before alone.
    """

    def check(self, state: CompressionState) -> None:
        """Checks before any training that it can do what its keys ask for.

        Raises:
            EdgeslimError: It cannot; names the wrong key of the configuration.
        """

    def begin_epoch(self, state: CompressionState, epoch: int) -> None:
        """Called at the start of each of its epochs."""

    def trains(self, state: CompressionState, epoch: int) -> bool:
        """Whether the network is trained in one of its epochs."""

    def end_epoch(self, state: CompressionState, epoch: int) -> None:
        """Called after training and evaluation of each of its epochs, before the checkpoint."""


class Idle:
    """A strategy that does nothing, as a base class of others."""

    def check(self, state: CompressionState) -> None:
        pass

    def begin_epoch(self, state: CompressionState, epoch: int) -> None:
        pass

    def trains(self, state: CompressionState, epoch: int) -> bool:  # noqa: ARG002
        return True

    def end_epoch(self, state: CompressionState, epoch: int) -> None:
        pass


@dataclass(frozen=True, kw_only=True, slots=True)
class StrategyEntry:
    """A strategy as its module declares it.

    Args:
        class_name: Name of its class in configuration files.
        settings: Class of its keys.
        make: Makes it from its name, its keys and the whole configuration.
    """

    class_name: str
    settings: type[StrategySettings]
    make: Callable[[str, Any, Configuration], Strategy]
