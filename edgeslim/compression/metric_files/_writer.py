"""What a form of metric files is."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Protocol

from edgeslim.runs.checkpoint import EpochRecord

__all__ = ["MetricWriter", "scalars"]


class MetricWriter(Protocol):
    """Writes what came of epochs."""

    def available(self) -> bool:
        """Whether what it needs is installed."""

    def write(self, folder: Path, history: Sequence[EpochRecord]) -> None:
        """Told when an epoch is done.

        Args:
            folder: Of the checkpoints.
            history: All epochs so far; there is at least one.
        """


def scalars(record: EpochRecord) -> Iterator[tuple[str, float]]:
    """The numbers of an epoch that are drawn, by name."""
    for name, value in (
        ("loss", record.loss),
        *record.metrics.items(),
        ("learning_rate", record.learning_rate),
        ("parameters", float(record.parameters)),
    ):
        if value is not None:
            yield name, value
