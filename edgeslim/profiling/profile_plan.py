"""The plan of a profile run: which operators it measures, in which order, and when it stops."""

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
from edgeslim.prediction.table_interpolator import transfers_of
from edgeslim.profiling.selection import operators_of_sparse_kernels, select_operators

__all__ = ["Budget", "ProfilePlan"]

_GROUP = 48
_FIRST_GROUPS = (16, 32)
"""Sizes of the first groups, smaller since they are chosen while little is known."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Budget:
    """Limits on what a profile run measures; without any it measures everything.

    Args:
        operators: Number of planned operators that the table has at the end, those of earlier
            runs included: the same command again measures nothing more, and a larger number
            refines the same table. 0 leaves all to the tables of other devices.
        seconds: Seconds that this run may take.
    """

    operators: int | None = None
    seconds: float | None = None

    def __post_init__(self) -> None:
        if self.operators is not None and self.operators < 0:
            raise UsageError(f"the budget must be 0 operators or more, not {self.operators}")
        if self.seconds is not None and not self.seconds > 0:
            raise UsageError(f"the time must be above 0 s, not {self.seconds:g} s")

    @property
    def is_limited(self) -> bool:
        """Whether there is a limit."""
        return self.operators is not None or self.seconds is not None


class ProfilePlan:
    """The operators of one run, group by group.

    Args:
        uses: Mean count of each planned operator in a network.
        budget: Limits on what is measured.
        first: Planned operators that are measured before all others.
        deadline: Time to stop, on the monotonic clock; infinite without a limit of time.
        seed: Seed of the order, and of the choice between equals.
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
        """Reserves some of the time for what follows the plan."""
        self._deadline -= seconds

    @property
    def operators(self) -> list[OpSpec]:
        """All planned operators, and the one that computes nothing."""
        return list(dict.fromkeys([null_operator(), *self._uses]))

    def size(self, table: LatencyTable) -> int:
        """Largest number of operators that remain to be measured."""
        lacking = len(self._lacking(table))
        if self._budget.operators is None:
            return lacking
        known = sum(spec in table for spec in self._uses)
        own = null_operator() not in table and null_operator() not in self._uses
        return min(lacking, max(0, self._budget.operators - known) + own)

    def groups(self, table: LatencyTable) -> Iterator[list[OpSpec]]:
        """Groups to measure one after the other, each chosen by what the table has by then."""
        sizes = iter(_FIRST_GROUPS if self._budget.is_limited and not len(table) else ())
        while time.monotonic() < self._deadline:
            count = min(self.size(table), next(sizes, _GROUP))
            group = self._next(table, count) if count else []
            if not group:
                return
            yield group

    def _next(self, table: LatencyTable, count: int) -> list[OpSpec]:
        lacking = self._lacking(table)
        if not self._budget.is_limited:
            order = self._generator.permutation(len(lacking))[:count]
            return [lacking[index] for index in order]
        first = [null_operator()] if null_operator() in lacking else []
        wanted = [spec for spec in lacking if spec in self._uses]
        measured = [spec for spec in self._uses if spec in table]
        curves = Curves.of(table)
        transfers = transfers_of(table, curves.swept_bytes)
        # What another device knows can be estimated as it is; the rest decides what comes first.
        strange = [
            spec for spec in wanted if not any(found.source.knows(spec) for found in transfers)
        ]
        before = [spec for spec in self._first if spec in strange]
        sparse = operators_of_sparse_kernels(strange, measured)
        first = list(dict.fromkeys([*first, *before, *sparse]))[:count]
        chosen = select_operators(
            {spec: self._uses[spec] for spec in wanted if spec not in first},
            curves.latencies_ms,
            count - len(first),
            generator=self._generator,
            transfers=transfers,
        )
        return [*first, *chosen]

    def _lacking(self, table: LatencyTable) -> list[OpSpec]:
        return [spec for spec in self.operators if spec not in table and spec not in table.failures]
