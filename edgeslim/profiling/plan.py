"""Which operators a profile run measures, in which order, and when it has enough."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from edgeslim.conversion.operator_jobs import null_operator
from edgeslim.errors import UsageError
from edgeslim.latency_table import LatencyTable
from edgeslim.opspec import OpSpec
from edgeslim.prediction.curves import Curves
from edgeslim.profiling.selection import choose, unfamiliar

__all__ = ["Budget", "Plan"]

_GROUP = 48
_FIRST_GROUPS = (16, 32)
"""The first choices are made knowing little, so they are followed sooner by better ones."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Budget:
    """How much may be measured; without a limit, everything is.

    Args:
        operators: So many of the wanted operators are in the table at the end, those of
            earlier runs included: the same command again measures nothing more, and a
            larger number refines the same table.
        seconds: How long this run may take.
    """

    operators: int | None = None
    seconds: float | None = None

    def __post_init__(self) -> None:
        if self.operators is not None and self.operators < 1:
            raise UsageError(f"the budget must be at least 1 operator, not {self.operators}")
        if self.seconds is not None and not self.seconds > 0:
            raise UsageError(f"the time must be above 0 s, not {self.seconds:g} s")

    @property
    def limited(self) -> bool:
        """Whether there is a limit."""
        return self.operators is not None or self.seconds is not None


class Plan:
    """The operators of one run, group by group.

    Args:
        uses: How often each wanted operator is used: its mean count in a network.
        budget: How much may be measured.
        first: Wanted operators that come before all others.
        deadline: When to stop, on the monotonic clock; infinite without a limit of time.
        seed: Of the order, and of the choice between equals.
    """

    def __init__(
        self,
        uses: Mapping[OpSpec, float],
        *,
        budget: Budget = Budget(),
        first: Sequence[OpSpec] = (),
        deadline: float = float("inf"),
        seed: int = 0,
    ) -> None:
        self._uses = dict(uses)
        self._budget = budget
        self._first = tuple(first)
        self._deadline = deadline
        self._generator = np.random.default_rng(seed)

    def reserve(self, seconds: float) -> None:
        """Keeps some of the time for what follows."""
        self._deadline -= seconds

    @property
    def wanted(self) -> list[OpSpec]:
        """All operators that are asked for, and the one with nothing to do."""
        return list(dict.fromkeys([null_operator(), *self._uses]))

    def size(self, table: LatencyTable) -> int:
        """How many operators remain to be measured, at most."""
        lacking = len(self._lacking(table))
        if self._budget.operators is None:
            return lacking
        known = sum(spec in table for spec in self._uses)
        own = null_operator() not in table and null_operator() not in self._uses
        return min(lacking, max(0, self._budget.operators - known) + own)

    def groups(self, table: LatencyTable) -> Iterator[list[OpSpec]]:
        """Groups to measure one after the other; each choice knows what the table has by then."""
        sizes = iter(_FIRST_GROUPS if self._budget.limited and not len(table) else ())
        while time.monotonic() < self._deadline:
            count = min(self.size(table), next(sizes, _GROUP))
            group = self._next(table, count) if count else []
            if not group:
                return
            yield group

    def _next(self, table: LatencyTable, count: int) -> list[OpSpec]:
        lacking = self._lacking(table)
        if not self._budget.limited:
            order = self._generator.permutation(len(lacking))[:count]
            return [lacking[index] for index in order]
        first = [null_operator()] if null_operator() in lacking else []
        wanted = [spec for spec in lacking if spec in self._uses]
        measured = [spec for spec in self._uses if spec in table]
        before = [spec for spec in self._first if spec in wanted]
        first = list(dict.fromkeys([*first, *before, *unfamiliar(wanted, measured)]))[:count]
        chosen = choose(
            {spec: self._uses[spec] for spec in wanted if spec not in first},
            Curves.of(table).latencies_ms,
            count - len(first),
            generator=self._generator,
        )
        return [*first, *chosen]

    def _lacking(self, table: LatencyTable) -> list[OpSpec]:
        return [spec for spec in self.wanted if spec not in table and spec not in table.failed]
