"""Progress messages while a large file is sent."""

from __future__ import annotations

import logging
import time

__all__ = ["Sending"]

_log = logging.getLogger(__name__)

_EVERY_S = 2.0


class Sending:
    """A file that is being sent; logs every two seconds the share that is sent and the time left.

    Args:
        name: Name of the file.
        size: Its size in bytes.
        place: Name of the device that it is sent to.
    """

    def __init__(self, name: str, size: int, place: str) -> None:
        self._name = name
        self._size = size
        self._place = place
        self._sent = 0
        self._start = self._logged = time.monotonic()

    def advance(self, count: int) -> None:
        """Counts bytes that were sent."""
        self._sent += count
        now = time.monotonic()
        if now - self._logged < _EVERY_S or self._sent >= self._size:
            return
        self._logged = now
        left_s = (now - self._start) * (self._size / self._sent - 1)
        share = self._sent / self._size
        _log.warning(
            "sending %s to %s: %.0f %%, %.0f s left", self._name, self._place, 100 * share, left_s
        )
