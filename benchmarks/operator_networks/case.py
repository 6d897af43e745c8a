"""One network of the corpus as a line of text that rebuilds it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

__all__ = ["Case"]


@dataclass(frozen=True, kw_only=True, slots=True)
class Case:
    """An operator with its attributes, its surroundings and the seed of its weights.

    Args:
        operator: Its name in the catalogue.
        attributes: What it is called with; numbers, words and lists of them.
        shape: Of the network's input.
        before: What is before it, a name of `surroundings.BEFORE`.
        behind: What is behind it, a name of `surroundings.BEHIND`.
        seed: Of weights and inputs.
    """

    operator: str
    attributes: Mapping[str, Any] = field(default_factory=dict)
    shape: tuple[int, ...]
    before: str = "none"
    behind: str = "none"
    seed: int = 0

    @property
    def line(self) -> str:
        """The line, which `read` takes."""
        return json.dumps(
            {
                "operator": self.operator,
                "attributes": dict(self.attributes),
                "shape": list(self.shape),
                "before": self.before,
                "behind": self.behind,
                "seed": self.seed,
            },
            allow_nan=True,
        )

    @staticmethod
    def read(line: str) -> Case:
        """The case of a line."""
        given = json.loads(line)
        return Case(**{**given, "shape": tuple(given["shape"])})
