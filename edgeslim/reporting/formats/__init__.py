"""Formats of reports, one file each: how a document is written, and how its files end."""

from __future__ import annotations

from edgeslim.registry import Shelf
from edgeslim.reporting.formats._format import Format

__all__ = ["FORMATS", "Format"]

FORMATS: Shelf[Format] = Shelf(
    what="format", package="edgeslim.reporting.formats", attribute="FORMAT"
)
"""All formats by name."""
