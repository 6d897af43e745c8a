"""Formats of latency tables of others, one file each, to be read and mostly written."""

from __future__ import annotations

from edgeslim.registry import Shelf
from edgeslim.table_formats._format import (
    ForeignNetwork,
    ForeignRow,
    ForeignTable,
    LatencyUnit,
    ReadOptions,
    Refusal,
    TableFormat,
    WrittenTable,
)

__all__ = [
    "FORMATS",
    "ForeignNetwork",
    "ForeignRow",
    "ForeignTable",
    "LatencyUnit",
    "ReadOptions",
    "Refusal",
    "TableFormat",
    "WrittenTable",
]

FORMATS: Shelf[TableFormat] = Shelf(
    what="table format", package="edgeslim.table_formats", attribute="FORMAT"
)
"""All formats, by name."""
