"""Criteria of the importance of channels, one file each."""

from __future__ import annotations

from collections.abc import Iterable

from edgeslim.pruning.criteria._by_name import CriterionByName, parse_patterns
from edgeslim.pruning.criteria._criterion import Criterion
from edgeslim.registry import Shelf

__all__ = ["CRITERIA", "Criterion", "check_criterion", "find_criterion", "normalise_criterion"]

CRITERIA: Shelf[Criterion] = Shelf(
    what="criterion", package="edgeslim.pruning.criteria", attribute="CRITERION"
)
"""All criteria, by name."""


def find_criterion(text: str) -> Criterion:
    """The criterion that a text names: one for all weights, or several by names of weights.

    Args:
        text: ``l2``, or by patterns ``conv*=l2,*=l1``; see `CriterionByName`.

    Raises:
        UnknownNameError: No such criterion; the nearest is offered.
        UsageError: The text cannot be parsed.
    """
    if "=" not in text:
        return CRITERIA.get(text)
    patterns = parse_patterns(text)
    for name in patterns.values():
        CRITERIA.get(name)
    return CriterionByName(patterns=patterns, find=CRITERIA.get)


def check_criterion(text: str, weights: Iterable[str]) -> None:
    """Checks that the patterns of a criterion match weights of a network.

    Raises:
        UsageError: A pattern matches none of its weights.
    """
    found = find_criterion(text)
    if isinstance(found, CriterionByName):
        found.check(weights)


def normalise_criterion(text: str) -> str:
    """The normal form of a criterion's text: ``_`` and ``-`` are the same in names of criteria."""
    if "=" not in text:
        return text.strip().lower().replace("_", "-")
    return ",".join(f"{pattern}={name}" for pattern, name in parse_patterns(text).items())
