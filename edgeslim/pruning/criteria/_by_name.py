"""A criterion for each weight by its name, as PaddleSlim 1.x's pruners have them."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from fnmatch import fnmatchcase

from edgeslim.errors import UsageError
from edgeslim.pruning.criteria._criterion import Criterion, FilterCriterion, Scores, sum_scores
from edgeslim.pruning.weights import Weights

__all__ = ["CriterionByName", "parse_patterns"]

_OTHERWISE = "l1"
"""Criterion of weights that no pattern matches."""


@dataclass(frozen=True, kw_only=True, slots=True)
class CriterionByName:
    """Criteria by patterns of weights' names, in which ``*`` and ``?`` stand for any characters.

    A weight's own name goes before patterns, and these in their order, except that ``*`` alone
    comes last.

    Args:
        patterns: Name of the criterion by pattern.
        find: Finds a criterion by its name.
    """

    patterns: dict[str, str]
    find: Callable[[str], Criterion]

    @property
    def needs_gradients(self) -> bool:
        return any(self.find(name).needs_gradients for name in self.patterns.values())

    def scores(self, subject: Weights, group: int) -> Scores:
        own = subject.group(group)
        names = [self.name_for(weight) for weight in own.producers]
        if len(set(names)) == 1:
            return self.find(names[0]).scores(subject, group)
        criteria = [self.find(name) for name in names]
        rules = [criterion.rule for criterion in criteria if isinstance(criterion, FilterCriterion)]
        if len(rules) < len(criteria):
            told = ", ".join(f"{w} {n}" for w, n in zip(own.producers, names, strict=True))
            raise UsageError(
                f"the channels of {own.name} go together, and not all criteria of its weights "
                f"look at one weight by itself: {told}; give them one"
            )
        rows = zip(rules, subject.producers(group), strict=True)
        return sum_scores((rule(weight_rows) for rule, weight_rows in rows), own.width)

    def name_for(self, weight: str) -> str:
        """Name of the criterion for a weight."""
        if weight in self.patterns:
            return self.patterns[weight]
        matching = (
            pattern for pattern in self.patterns if pattern != "*" and fnmatchcase(weight, pattern)
        )
        return self.patterns.get(next(matching, "*"), _OTHERWISE)

    def check(self, weights: Iterable[str]) -> None:
        """Checks that each pattern matches a weight; raises `UsageError` if one does not."""
        known = list(weights)
        for pattern in self.patterns:
            if not any(fnmatchcase(weight, pattern) for weight in known):
                raise UsageError(
                    f"criterion: {pattern!r} is the name of no weight; edgeslim inspect --match . "
                    "lists them"
                )


def parse_patterns(text: str) -> dict[str, str]:
    """Parses names of criteria by pattern, such as ``conv*=l2,*=l1``.

    Raises:
        UsageError: The text has another form.
    """
    found: dict[str, str] = {}
    for assignment in text.split(","):
        pattern, equals, name = (part.strip() for part in assignment.rpartition("="))
        if not equals or not pattern or not name or pattern in found:
            raise UsageError(f"{text!r} is not a criterion; write l1, or conv*=l2,*=l1 by weights")
        found[pattern] = name.lower().replace("_", "-")
    return found
