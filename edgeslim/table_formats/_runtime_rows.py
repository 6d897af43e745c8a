"""What profiles of runtimes have in common: operators with a counterpart, and those without."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from edgeslim.measurement import Measurement
from edgeslim.opspec import OpSpec
from edgeslim.table_formats._format import (
    ForeignNetwork,
    ForeignRow,
    Latency,
    Refusal,
    RowRefusedError,
)
from edgeslim.table_formats._runtime_operators import DO_NOT_FIT

__all__ = [
    "LEAST_KNOWN",
    "PROFILES_AGREE_WITHIN",
    "RUNTIME_STEP_NS",
    "WITH_SUM",
    "ProfiledOperators",
    "pool_places",
    "text_on_left_out",
]

LEAST_KNOWN = 0.5
"""A network of which less than this share of the operators' time is imported calibrates nothing."""

PROFILES_AGREE_WITHIN = 1.0
"""The same operator in another network may find its caches otherwise, and take twice as long."""

RUNTIME_STEP_NS = 5_000.0
"""Profilers count microseconds: operators of one or two differ by as much as the profiler takes."""

WITH_SUM = " with a sum"
"""End of the name of a kernel that adds another tensor to its result."""


@dataclass(kw_only=True, slots=True)
class ProfiledOperators:
    """What became of the operators of a profile.

    Args:
        rows: Operators with a counterpart, in order.
        others: How many operators of each kind have none.
        other_ns: Time of those, in nanoseconds, by kind and reason.
    """

    rows: list[ForeignRow] = field(default_factory=list)
    others: Counter[str] = field(default_factory=Counter)
    other_ns: Counter[tuple[str, str]] = field(default_factory=Counter)

    def leave_out(self, kind: str, error: Exception, nanoseconds: int) -> None:
        """Notes an operator without a counterpart.

        Args:
            kind: Its kind, as the runtime calls it.
            error: What its translation raised.
            nanoseconds: Its time in a run.
        """
        reason = str(error) if isinstance(error, RowRefusedError) else DO_NOT_FIT
        self.others[kind] += 1
        self.other_ns[kind, reason] += nanoseconds

    @property
    def known_ns(self) -> int:
        """Time of the operators with a counterpart in a run."""
        return sum(row.latency.nanoseconds for row in self.rows)

    @property
    def total_ns(self) -> int:
        """Time of all operators in a run."""
        return self.known_ns + sum(self.other_ns.values())

    @property
    def known_share(self) -> float:
        """Share of the operators' time that is imported."""
        return self.known_ns / max(self.total_ns, 1)

    def network(self, place: str, name: str, measurement: Measurement) -> ForeignNetwork:
        """The whole network, as it was measured.

        Args:
            place: Where the profile has its time.
            name: Name of the network.
            measurement: The time of a whole run.
        """
        return ForeignNetwork(
            place=place,
            name=name,
            operators=tuple(row.operator for row in self.rows),
            measurement=measurement,
            others=self.others,
        )

    def refusals(self, whole_ns: float, whole: str) -> tuple[Refusal, ...]:
        """Operators without a counterpart, those that take the longest first.

        Args:
            whole_ns: The time that theirs is a share of.
            whole: What takes that time, in words.
        """
        return tuple(
            Refusal(
                place=f"{count} {kind}" if (count := self.others[kind]) > 1 else kind,
                reason=f"{reason} ({nanoseconds / whole_ns:.1%} of {whole})",
            )
            for (kind, reason), nanoseconds in self.other_ns.most_common()
        )


def text_on_left_out(known: float) -> str:
    """A note on a network of which too little is known.

    Args:
        known: Share of its operators' time that is imported.
    """
    return f"the whole network is left out: only {known:.0%} of its operators' time is imported"


def pool_places(rows: Sequence[ForeignRow]) -> Iterator[ForeignRow]:
    """One row for each operator; with a sum in its time only if there is no other."""
    plain = {row.operator for row in rows if not row.kernel.endswith(WITH_SUM)}
    groups: dict[OpSpec, list[ForeignRow]] = {}
    for row in rows:
        if row.operator not in plain or not row.kernel.endswith(WITH_SUM):
            groups.setdefault(row.operator, []).append(row)
    for spec, group in groups.items():
        pooled = Measurement.pool([row.full_measurement for row in group])
        yield ForeignRow(
            place=group[0].place,
            operator=spec,
            latency=Latency(nanoseconds=round(pooled.latency_ms * 1e6), step_ns=RUNTIME_STEP_NS),
            measurement=pooled,
            kernel=group[0].kernel,
        )
