"""Forms of metric files, one module each; JSON Lines are always written."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from pathlib import Path

from edgeslim.compression.metric_files._writer import MetricWriter
from edgeslim.registry import Shelf
from edgeslim.runs.checkpoint import EpochRecord

__all__ = ["WRITERS", "MetricWriter", "write_metrics"]

WRITERS: Shelf[MetricWriter] = Shelf(
    what="metric file", package="edgeslim.compression.metric_files", attribute="WRITER"
)
"""All forms, by name."""

_LOG = logging.getLogger(__name__)


def write_metrics(folder: Path, history: Sequence[EpochRecord]) -> None:
    """Writes the last epoch's record in every form that is installed."""
    for name, writer in WRITERS.members().items():
        if not writer.is_available():
            continue
        try:
            writer.write(folder, history)
        except ImportError as error:
            _LOG.warning("no %s files: %s", name, error, extra={"about": name})
