"""A criterion for each weight by its name, as PaddleSlim 1.x's pruners have them."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from fnmatch import fnmatchcase

from edgeslim.errors import UsageError
from edgeslim.pruning.criteria._criterion import ByProducer, Criterion, Scores, together
from edgeslim.pruning.weights import Weights

__all__ = ["ByName", "parse_patterns"]

_OTHERWISE = "l1"
"""Of weights that no pattern matches."""


@dataclass(frozen=True, kw_only=True, slots=True)
class ByName:
    """Criteria by patterns of weights' names, in which ``*`` and ``?`` stand for any characters.

    A weight's own name goes before patterns, and these go in their order, but ``*`` alone,
    which is what remains, comes last.

    Args:
        patterns: Name of the criterion by pattern.
        find: Finds a criterion.
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
        rules = [each.rule for each in criteria if isinstance(each, ByProducer)]
        if len(rules) < len(criteria):
            told = ", ".join(f"{w} {n}" for w, n in zip(own.producers, names, strict=True))
            raise UsageError(
                f"the channels of {own.name} go together, and not all criteria of its weights "
                f"look at one weight by itself: {told}; give them one"
            )
        rows = zip(rules, subject.producers(group), strict=True)
        return together((rule(each) for rule, each in rows), own.width)

    def name_for(self, weight: str) -> str:
        """Name of the criterion of a weight."""
        if weight in self.patterns:
            return self.patterns[weight]
        matching = (each for each in self.patterns if each != "*" and fnmatchcase(weight, each))
        return self.patterns.get(next(matching, "*"), _OTHERWISE)

    def check(self, weights: Iterable[str]) -> None:
        """Proves that each pattern is of some weight; raises `UsageError` if one is of none."""
        known = list(weights)
        for pattern in self.patterns:
            if not any(fnmatchcase(weight, pattern) for weight in known):
                raise UsageError(
                    f"criterion: {pattern!r} is the name of no weight; edgeslim inspect --match . "
                    "lists them"
                )


def parse_patterns(text: str) -> dict[str, str]:
    """Names of criteria by pattern, of a text such as ``conv*=l2,*=l1``.

    Raises:
        UsageError: It is none.
    """
    found: dict[str, str] = {}
    for each in text.split(","):
        pattern, equals, name = (part.strip() for part in each.rpartition("="))
        if not equals or not pattern or not name or pattern in found:
            raise UsageError(f"{text!r} is no criterion; write l1, or conv*=l2,*=l1 by weights")
        found[pattern] = name.lower().replace("_", "-")
    return found
