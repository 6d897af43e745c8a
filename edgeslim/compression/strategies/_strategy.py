"""What every strategy of a timeline says of itself, and when it is called."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Protocol

import msgspec

if TYPE_CHECKING:
    from edgeslim.compression.configuration import Configuration
    from edgeslim.compression.work import Work

__all__ = ["Idle", "Role", "Span", "Strategy", "StrategyEntry", "StrategySettings"]

Epoch = Annotated[int, msgspec.Meta(ge=0)]


class Role(Enum):
    """What a strategy does to the network, which decides what may go on beside it."""

    SEARCHES = "searches"
    PRUNES = "prunes"
    TRIES = "tries"
    DISTILS = "distils"
    QUANTIZES = "quantizes"


@dataclass(frozen=True, kw_only=True, slots=True)
class Span:
    """The epochs in which a strategy does something, first and last included."""

    first: int
    last: int
    role: Role

    def __str__(self) -> str:
        return str(self.first) if self.first == self.last else f"{self.first} to {self.last}"


class StrategySettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Keys that all strategies have.

    Args:
        start_epoch: The first epoch at whose begin it does something.
        end_epoch: The last one; what that means is each strategy's own.
    """

    no_effect: ClassVar[Mapping[str, str]] = {}
    role: ClassVar[Role]
    editable: ClassVar[frozenset[str]] = frozenset({"end_epoch", "metric_name"})
    """Keys that may be changed after it has begun: the epochs that are done do not depend
    on them."""

    start_epoch: Epoch = 0
    end_epoch: Epoch | None = None

    def span(self, epochs: int) -> Span:
        """Its epochs of a timeline of so many."""
        last = self.end_epoch if self.end_epoch is not None else epochs - 1
        return Span(first=self.start_epoch, last=last, role=self.role)

    def unfinished(self, epochs: int) -> str:  # noqa: ARG002 - as those that leave something
        """What a timeline of so many epochs leaves undone of it, a sentence, or nothing."""
        return ""

    @property
    def settled(self) -> dict[str, Any]:
        """What cannot be changed any more once it has begun, as a file gives it back."""
        built: dict[str, Any] = msgspec.json.decode(msgspec.json.encode(self))
        return {key: value for key, value in built.items() if key not in self.editable}


class Strategy(Protocol):
    """Does something to the network at some epochs.

    It keeps nothing itself: what it must know later is in ``work.memory(name)``, which is in
    every checkpoint. What it does at an epoch follows from the checkpoint before alone.
    """

    def check(self, work: Work) -> None:
        """Proves, before anything is trained, that it can do what it is asked for.

        Raises:
            EdgeslimError: It cannot; says which key of the configuration is wrong.
        """

    def begin_epoch(self, work: Work, epoch: int) -> None:
        """Called at the begin of each of its epochs."""

    def trains(self, work: Work, epoch: int) -> bool:
        """Whether the network is trained in one of its epochs."""

    def end_epoch(self, work: Work, epoch: int) -> None:
        """Called when one of its epochs was trained and judged, before its checkpoint."""


class Idle:
    """A strategy that does nothing; others do more."""

    def check(self, work: Work) -> None:
        pass

    def begin_epoch(self, work: Work, epoch: int) -> None:
        pass

    def trains(self, work: Work, epoch: int) -> bool:  # noqa: ARG002
        return True

    def end_epoch(self, work: Work, epoch: int) -> None:
        pass


@dataclass(frozen=True, kw_only=True, slots=True)
class StrategyEntry:
    """A strategy on the shelf.

    Args:
        class_name: What configuration files call it.
        settings: Its keys.
        make: Makes it, told its name, its settings and the whole configuration.
    """

    class_name: str
    settings: type[StrategySettings]
    make: Callable[[str, Any, Configuration], Strategy]
