"""Channel groups chosen by names of parameters and by regular expressions."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping

from edgeslim.channels.groups import ChannelGroup, Channels
from edgeslim.errors import UnknownNameError, UsageError

__all__ = [
    "check_pattern",
    "choose_groups",
    "groups_of",
    "match_parameters",
    "ratios_of_groups",
    "why_not_prunable",
]


def check_pattern(pattern: str) -> re.Pattern[str]:
    """Compiles a regular expression.

    Raises:
        UsageError: It is not a valid regular expression.
    """
    try:
        return re.compile(pattern)
    except re.error as error:
        raise UsageError(f"{pattern!r} is not a regular expression: {error}") from error


def match_parameters(parameters: Iterable[str], pattern: str) -> tuple[str, ...]:
    """The parameters whose names a regular expression matches from their start, in order.

    Raises:
        UsageError: It is not a valid regular expression.
        UnknownNameError: It matches nothing; an expression that matches inside of names is
            offered, or names like it.
    """
    names, compiled = tuple(parameters), check_pattern(pattern)
    found = tuple(name for name in names if compiled.match(name))
    if not found:
        inside = sum(1 for name in names if compiled.search(name))
        meant = (
            f"it matches from the start of a name: did you mean {_unanchor(pattern)!r}, which "
            f"matches {inside}?"
            if inside
            else ""
        )
        raise UnknownNameError("parameter", pattern, names, meant=meant)
    return found


def _unanchor(pattern: str) -> str:
    """The expression that matches from the start the names that another matches inside."""
    flags = re.match(r"(\(\?[aiLmsux]+\))?", pattern)
    first = flags[0] if flags else ""  # flags of the whole have to stand first
    rest = pattern[len(first) :]
    return f"{first}.*({rest})" if "|" in rest else f"{first}.*{rest}"


def choose_groups(channels: Channels, parameters: Iterable[str], pattern: str) -> tuple[str, ...]:
    """The groups of which a regular expression matches a producer, in the network's order.

    As in PaddleSlim 1.x it must match from the start of a name, but need not match all of it.

    Args:
        channels: Channel groups of the network.
        parameters: Names of all the network's parameters.
        pattern: Regular expression for names of parameters.

    Raises:
        UsageError: It is not a valid regular expression, or nothing that it matches can be pruned.
        UnknownNameError: It matches nothing.
    """
    names = match_parameters(parameters, pattern)
    groups = groups_of(channels, names)
    if not groups:
        name = next((name for name in names if name in channels.fixed), names[0])
        raise UsageError(
            f"{pattern!r} matches nothing that can be pruned: {name}: "
            f"{why_not_prunable(channels, name)}"
        )
    return groups


def groups_of(channels: Channels, parameters: Iterable[str]) -> tuple[str, ...]:
    """Names of the groups that output channels of parameters are in, in the network's order."""
    places = {place for name in parameters for place in channels.by_producer.get(name, ())}
    return tuple(channels.groups[place].name for place in sorted(places))


def why_not_prunable(channels: Channels, parameter: str) -> str:
    """Why no output channels of a parameter can be pruned; empty if some can."""
    if parameter in channels.by_producer:
        return ""
    return channels.fixed.get(parameter, "no channels come out of it, it follows those of others")


def ratios_of_groups(channels: Channels, ratios: Mapping[str, float]) -> dict[str, float]:
    """Converts pruning ratios of parameters to ratios of the groups that their channels are in.

    Args:
        channels: Channel groups of the network.
        ratios: Share of its output channels to prune, above 0 and below 1, by the name of a
            weight.

    Raises:
        UnknownNameError: A name that no weight of the network has.
        UsageError: A ratio out of range, a weight whose channels cannot be pruned, or two
            different ratios for one group.
    """
    given: dict[int, tuple[str, float]] = {}
    for name, ratio in ratios.items():
        _check(channels, name, ratio)
        for place in channels.by_producer[name]:
            other, before = given.setdefault(place, (name, ratio))
            if before != ratio:
                raise UsageError(
                    f"{other} ({before:g}) and {name} ({ratio:g}) are pruned together, so "
                    f"their ratios must be equal: {_together(channels.groups[place])}"
                )
    return {channels.groups[place].name: ratio for place, (_, ratio) in sorted(given.items())}


def _check(channels: Channels, name: str, ratio: float) -> None:
    if name not in channels.producers and name not in channels.axes:
        raise UnknownNameError("parameter", name, channels.producers)
    if not 0 < ratio < 1 or math.isnan(ratio):
        raise UsageError(f"the ratio of {name} must be above 0 and below 1, not {ratio:g}")
    reason = why_not_prunable(channels, name)
    if reason:
        raise UsageError(f"{name} cannot be pruned: {reason}")


def _together(group: ChannelGroup) -> str:
    return ", ".join(group.why) or "the same operator reads both"
