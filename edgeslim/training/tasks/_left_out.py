"""Leaves out what cannot be read of a user's data: a little is a warning, much is an error."""

from __future__ import annotations

import logging
import time
from collections.abc import Sequence
from pathlib import Path

from edgeslim.errors import BadFileError
from edgeslim.photos import photo_fault

__all__ = ["photo_faults", "warn_left_out"]

_log = logging.getLogger(__name__)

_MOST = 0.1
"""Largest fraction that is left out: a few damaged photos of many thousands do no harm; more is a
mistake that a person should see before the training."""

_NAMED = 3

_SOON_S = 2.0
"""Checks that take longer than this are announced."""


def warn_left_out(reasons: Sequence[str], total: int, what: str, done: str = "left out") -> None:
    """Warns of what is left out, with its count and the first reasons.

    Args:
        reasons: The reason for each item that is left out, with its file.
        total: Number of all items.
        what: Kind of the items, such as ``photos of data/train``.
        done: Text that says what happens to them.

    Raises:
        BadFileError: More than a tenth of all items is left out.
    """
    if not reasons:
        return
    if len(reasons) > total * _MOST:
        more = f"; {len(reasons)} of {total:,} {what} are like that" if len(reasons) > 1 else ""
        raise BadFileError(f"{reasons[0]}{more}")
    first = "; ".join(reasons[:_NAMED]) + ("; ..." if len(reasons) > _NAMED else "")
    _log.warning("%d of %s %s %s: %s", len(reasons), f"{total:,}", what, done, first)


def photo_faults(files: Sequence[Path]) -> list[str]:
    """Why each photo cannot be read; an empty text if it can. A warning says if it takes long."""
    start, is_announced, faults = time.monotonic(), False, []
    for done, file in enumerate(files):
        faults.append(photo_fault(file))
        passed = time.monotonic() - start
        if not is_announced and passed > _SOON_S:
            is_announced = True
            _log.warning(
                "%s photos are checked before the training, %.0f s more",
                *(f"{len(files):,}", passed / (done + 1) * (len(files) - done - 1)),
            )
    return faults
