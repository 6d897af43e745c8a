"""Criteria of how important a channel is, one file each."""

from __future__ import annotations

from collections.abc import Iterable

from edgeslim.pruning.criteria._by_name import ByName, parse_patterns
from edgeslim.pruning.criteria._criterion import Criterion
from edgeslim.registry import Shelf

__all__ = ["CRITERIA", "Criterion", "check_criterion", "find_criterion", "normalised_criterion"]

CRITERIA: Shelf[Criterion] = Shelf(
    what="criterion", package="edgeslim.pruning.criteria", attribute="CRITERION"
)
"""All criteria, by name."""


def find_criterion(text: str) -> Criterion:
    """The criterion that a text names: one for all weights, or some by names of weights.

    Args:
        text: ``l2``, or by patterns ``conv*=l2,*=l1``; see `ByName`.

    Raises:
        UnknownNameError: No such criterion; the nearest is offered.
        UsageError: The text is none.
    """
    if "=" not in text:
        return CRITERIA.get(text)
    patterns = parse_patterns(text)
    for name in patterns.values():
        CRITERIA.get(name)
    return ByName(patterns=patterns, find=CRITERIA.get)


def check_criterion(text: str, weights: Iterable[str]) -> None:
    """Proves that the names in a criterion are of a network.

    Raises:
        UsageError: One is of none of its weights.
    """
    found = find_criterion(text)
    if isinstance(found, ByName):
        found.check(weights)


def normalised_criterion(text: str) -> str:
    """The same text for the same criterion: ``_`` and ``-`` are one in names of criteria."""
    if "=" not in text:
        return text.strip().lower().replace("_", "-")
    return ",".join(f"{pattern}={name}" for pattern, name in parse_patterns(text).items())
