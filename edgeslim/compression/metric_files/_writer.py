"""Writers of metric files."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Protocol

from edgeslim.runs.checkpoint import EpochRecord

__all__ = ["MetricWriter", "scalars"]


class MetricWriter(Protocol):
    """Writes the records of epochs in one form."""

    def is_available(self) -> bool:
        """Whether the library that it needs is installed."""

    def write(self, folder: Path, history: Sequence[EpochRecord]) -> None:
        """Writes the last epoch; called after each one.

        Args:
            folder: Folder of the checkpoints.
            history: Records of all epochs so far, at least one.
        """


def scalars(record: EpochRecord) -> Iterator[tuple[str, float]]:
    """Yields the numbers of an epoch that are plotted, by name."""
    for name, value in (
        ("loss", record.loss),
        *record.metrics.items(),
        ("learning_rate", record.learning_rate),
        ("parameters", float(record.parameters)),
    ):
        if value is not None:
            yield name, value
