"""What a format does."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from edgeslim.reporting.document import Document

__all__ = ["Format"]


@dataclass(frozen=True, kw_only=True, slots=True)
class Format:
    """A way to write a report.

    Args:
        suffix: How its files end.
        write: The text of a report.
    """

    suffix: str
    write: Callable[[Document], str]
