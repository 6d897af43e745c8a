"""The interface of a format of reports."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from edgeslim.reporting.document import ReportDocument

__all__ = ["Format"]


@dataclass(frozen=True, kw_only=True, slots=True)
class Format:
    """A format of reports.

    Args:
        suffix: Ending of its files, such as ``.html``.
        write: Returns the text of a document.
    """

    suffix: str
    write: Callable[[ReportDocument], str]
