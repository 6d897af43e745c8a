"""Keys that all strategies of a timeline have, and the epochs that they take."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Annotated, Any, ClassVar

import msgspec

__all__ = ["Role", "Span", "StrategySettings"]

Epoch = Annotated[int, msgspec.Meta(ge=0)]


class Role(Enum):
    """What a strategy does to the network, which decides what may happen at the same time."""

    SEARCHES = "searches"
    PRUNES = "prunes"
    TRIES = "tries"
    DISTILS = "distils"
    QUANTIZES = "quantizes"


@dataclass(frozen=True, kw_only=True, slots=True)
class Span:
    """The epochs in which a strategy acts, from the first to the last one."""

    first: int
    last: int
    role: Role

    def __str__(self) -> str:
        return str(self.first) if self.first == self.last else f"{self.first} to {self.last}"


class StrategySettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Keys that all strategies have.

    Args:
        start_epoch: The first epoch in which the strategy acts.
        end_epoch: The last epoch; each strategy says what that means.
    """

    no_effect: ClassVar[Mapping[str, str]] = {}
    role: ClassVar[Role]
    editable: ClassVar[frozenset[str]] = frozenset({"end_epoch", "metric_name"})
    """Keys that may be changed after it has begun, since earlier epochs do not depend on them."""

    start_epoch: Epoch = 0
    end_epoch: Epoch | None = None

    def span(self, epochs: int) -> Span:
        """The epochs that it takes, of a timeline of so many epochs."""
        last = self.end_epoch if self.end_epoch is not None else epochs - 1
        return Span(first=self.start_epoch, last=last, role=self.role)

    def describe_unfinished(self, epochs: int) -> str:  # noqa: ARG002 - strategies that have a warning use it
        """Warning about what a timeline of so many epochs leaves undone; empty if nothing."""
        return ""

    @property
    def fixed_keys(self) -> dict[str, Any]:
        """Keys that cannot be changed once it has begun, as JSON values."""
        built: dict[str, Any] = msgspec.json.decode(msgspec.json.encode(self))
        return {key: value for key, value in built.items() if key not in self.editable}
