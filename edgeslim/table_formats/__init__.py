"""Formats of latency tables of other projects, one file each, to be read and written."""

from __future__ import annotations

from edgeslim.registry import Shelf
from edgeslim.table_formats._format import (
    ForeignRow,
    ForeignTable,
    LatencyUnit,
    Refusal,
    TableFormat,
    WrittenTable,
)

__all__ = [
    "FORMATS",
    "ForeignRow",
    "ForeignTable",
    "LatencyUnit",
    "Refusal",
    "TableFormat",
    "WrittenTable",
]

FORMATS: Shelf[TableFormat] = Shelf(
    what="table format", package="edgeslim.table_formats", attribute="FORMAT"
)
"""All formats, by name."""
