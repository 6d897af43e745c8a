"""The timeline: which strategy acts in which epoch."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import combinations

from edgeslim.compression.configuration import Configuration
from edgeslim.compression.strategy_settings import Role, Span
from edgeslim.errors import UsageError

__all__ = ["Timeline", "describe_unfinished", "timeline"]


@dataclass(frozen=True, kw_only=True)
class Timeline:
    """The epochs of a compression, counted from 0.

    Args:
        epochs: Number of epochs of the timeline.
        spans: Epochs of each strategy by its name, in the order of the list.
    """

    epochs: int
    spans: Mapping[str, Span]

    def active(self, epoch: int) -> tuple[str, ...]:
        """Strategies that act in this epoch."""
        return tuple(name for name, span in self.spans.items() if span.first <= epoch <= span.last)


def timeline(configuration: Configuration) -> Timeline:
    """Makes the timeline of a configuration.

    Raises:
        UsageError: Spans that are empty, exceed the total, or overlap where they must not;
            quantization that is not last; names the keys.
    """
    epochs = configuration.compressor.epoch
    spans = {}
    for name, settings in configuration.strategies.items():
        _check_epochs(configuration.file, name, settings.start_epoch, settings.end_epoch, epochs)
        spans[name] = settings.span(epochs)
        if spans[name].last < spans[name].first:
            raise UsageError(
                f"{configuration.file}: strategies.{name}.end_epoch: it ends at epoch "
                f"{settings.end_epoch or 0} and begins at {settings.start_epoch}, so there is no "
                "epoch between; a distillation or a search is over before its end_epoch"
            )
        if spans[name].last >= epochs:
            raise UsageError(
                f"{configuration.file}: strategies.{name}.end_epoch is {settings.end_epoch}, and "
                f"the last of compressor.epoch: {epochs} epochs is {epochs - 1}"
            )
    for one, other in combinations(spans.items(), 2):
        _check_pair(configuration.file, one, other)
    return Timeline(epochs=epochs, spans=spans)


def describe_unfinished(configuration: Configuration) -> tuple[str, ...]:
    """Warnings about strategies whose result the timeline does not train, or not enough.

    Such a timeline can be run, and may be intended; the user is warned before hours are spent.
    """
    epochs = configuration.compressor.epoch
    found = (
        (name, settings.describe_unfinished(epochs))
        for name, settings in configuration.strategies.items()
    )
    return tuple(f"strategies.{name}: {note}" for name, note in found if note)


def _check_epochs(file: str, name: str, start: int, end: int | None, epochs: int) -> None:
    place = f"{file}: strategies.{name}"
    if start >= epochs:
        raise UsageError(
            f"{place}.start_epoch is {start}, and the last of compressor.epoch: {epochs} epochs "
            f"is {epochs - 1}"
        )
    if end is not None and end < start:
        raise UsageError(f"{place}.end_epoch is {end}, before its start_epoch {start}")


def _check_pair(file: str, one: tuple[str, Span], other: tuple[str, Span]) -> None:
    roles = {one[1].role, other[1].role}
    for (name, span), (second, against) in ((one, other), (other, one)):
        if span.role is Role.QUANTIZES and against.role is Role.QUANTIZES:
            raise UsageError(
                f"{file}: strategies.{second}: strategies.{name} quantizes the network already"
            )
        if (
            span.role is Role.QUANTIZES
            and against.role in _CHANGES
            and (against.last >= span.first)
        ):
            raise UsageError(
                f"{file}: strategies.{name}.start_epoch is {span.first}, and strategies.{second} "
                f"still changes the network at epoch {against.last}: quantization must be last"
            )
        if span.role is Role.SEARCHES and (against.first < span.first):
            raise UsageError(
                f"{file}: strategies.{second}.start_epoch is {against.first}, before the network "
                f"that strategies.{name} searches for is there"
            )
    if not _overlap(one[1], other[1]):
        return
    if roles == {Role.PRUNES} or (Role.TRIES in roles and roles != {Role.TRIES, Role.SEARCHES}):
        raise UsageError(
            f"{file}: strategies.{one[0]} takes epochs {one[1]} and strategies.{other[0]} "
            f"{other[1]}: they overlap, and each needs the network for itself"
        )


_CHANGES = frozenset({Role.PRUNES, Role.TRIES, Role.SEARCHES})


def _overlap(one: Span, other: Span) -> bool:
    return one.first <= other.last and other.first <= one.last
