"""Formats that other projects keep latency tables in, one file a format: read and written."""

from __future__ import annotations

from edgeslim.registry import Shelf
from edgeslim.table_formats._format import (
    ForeignRow,
    ForeignTable,
    Refusal,
    TableFormat,
    Unit,
    Written,
)

__all__ = ["FORMATS", "ForeignRow", "ForeignTable", "Refusal", "TableFormat", "Unit", "Written"]

FORMATS: Shelf[TableFormat] = Shelf(
    what="table format", package="edgeslim.table_formats", attribute="FORMAT"
)
"""All formats, by name."""
