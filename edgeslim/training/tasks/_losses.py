"""What of a user's data cannot be taken: a little is left out and told, much is an error."""

from __future__ import annotations

import logging
import time
from collections.abc import Sequence
from pathlib import Path

from edgeslim.errors import BadFileError
from edgeslim.photos import photo_fault

__all__ = ["photo_faults", "tell_losses"]

_log = logging.getLogger(__name__)

_MOST = 0.1
"""Of all: a few damaged photos end no training of many thousands; more is a mistake that a
person should see before anything is learnt."""

_NAMED = 3

_SOON_S = 2.0
"""What takes longer is told."""


def tell_losses(reasons: Sequence[str], total: int, what: str, done: str = "left out") -> None:
    """Says what is left out, with its count and the first reasons.

    Args:
        reasons: One for each that is left out, each with its file.
        total: How many there were.
        what: What they are, and of what: ``photos of data/train``.
        done: What happens to them.

    Raises:
        BadFileError: They are more than a tenth of all.
    """
    if not reasons:
        return
    if len(reasons) > total * _MOST:
        more = f"; {len(reasons)} of {total:,} {what} are like that" if len(reasons) > 1 else ""
        raise BadFileError(f"{reasons[0]}{more}")
    first = "; ".join(reasons[:_NAMED]) + ("; ..." if len(reasons) > _NAMED else "")
    _log.warning("%d of %s %s %s: %s", len(reasons), f"{total:,}", what, done, first)


def photo_faults(files: Sequence[Path]) -> list[str]:
    """Why each photo cannot be read; empty for those that can. Of many it is said that it takes."""
    start, told, faults = time.monotonic(), False, []
    for done, file in enumerate(files):
        faults.append(photo_fault(file))
        passed = time.monotonic() - start
        if not told and passed > _SOON_S:
            told = True
            _log.warning(
                "%s photos are looked through before anything is learnt, %.0f s more",
                *(f"{len(files):,}", passed / (done + 1) * (len(files) - done - 1)),
            )
    return faults
