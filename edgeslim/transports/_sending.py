"""What a person is told while a large file is on its way."""

from __future__ import annotations

import logging
import time

__all__ = ["Sending"]

_log = logging.getLogger(__name__)

_EVERY_S = 2.0


class Sending:
    """A file on its way; says every two seconds how far it is, and how long it takes still.

    Args:
        name: Its name.
        size: Its size in bytes.
        place: Where it goes.
    """

    def __init__(self, name: str, size: int, place: str) -> None:
        self._name = name
        self._size = size
        self._place = place
        self._sent = 0
        self._start = self._told = time.monotonic()

    def sent(self, count: int) -> None:
        """So many bytes more are on their way."""
        self._sent += count
        now = time.monotonic()
        if now - self._told < _EVERY_S or self._sent >= self._size:
            return
        self._told = now
        left_s = (now - self._start) * (self._size / self._sent - 1)
        share = self._sent / self._size
        _log.warning(
            "sending %s to %s: %.0f %%, %.0f s left", self._name, self._place, 100 * share, left_s
        )
