"""Writes the library's log as notes on standard error, each of them once."""

from __future__ import annotations

import logging
import sys
from collections.abc import Iterator
from contextlib import contextmanager

__all__ = ["notes_on_standard_error"]


class _Once(logging.Handler):
    """Writes a record unless one with the same ``about`` (or text, without one) was written."""

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self._written: set[object] = set()

    def emit(self, record: logging.LogRecord) -> None:
        message = record.getMessage()
        about = getattr(record, "about", message)
        if about not in self._written:
            self._written.add(about)
            sys.stderr.write(f"note: {message}\n")


@contextmanager
def notes_on_standard_error(*, debug: bool = False) -> Iterator[None]:
    """Writes warnings of edgeslim's own modules as notes, for as long as the context lasts.

    Args:
        debug: Whether warnings of other libraries are written as well.
    """
    logger, once = logging.getLogger("edgeslim"), _Once()
    others = logging.StreamHandler() if debug else logging.NullHandler()
    others.setLevel(logging.WARNING)
    propagate = logger.propagate
    logger.addHandler(once)
    logger.propagate = False  # the root's handlers would write everything once more
    # Libraries give the root a handler of their own only where there is none.
    logging.getLogger().addHandler(others)
    try:
        yield
    finally:
        logging.getLogger().removeHandler(others)
        logger.removeHandler(once)
        logger.propagate = propagate
