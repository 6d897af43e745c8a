"""What the library logs, said on standard error: each thing once, however often it comes up."""

from __future__ import annotations

import logging
import sys
from collections.abc import Iterator
from contextlib import contextmanager

__all__ = ["notes_on_standard_error"]


class _Once(logging.Handler):
    """A record's ``about`` says what it is about; two about the same are said once."""

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self._said: set[object] = set()

    def emit(self, record: logging.LogRecord) -> None:
        message = record.getMessage()
        about = getattr(record, "about", message)
        if about not in self._said:
            self._said.add(about)
            sys.stderr.write(f"note: {message}\n")


@contextmanager
def notes_on_standard_error(*, debug: bool = False) -> Iterator[None]:
    """Inside, warnings of edgeslim's own modules are notes for the person at the terminal.

    What other libraries log is for those who look for a fault.

    Args:
        debug: Whether somebody does; warnings of other libraries are printed then.
    """
    logger, once = logging.getLogger("edgeslim"), _Once()
    others = logging.StreamHandler() if debug else logging.NullHandler()
    others.setLevel(logging.WARNING)
    propagate = logger.propagate
    logger.addHandler(once)
    logger.propagate = False  # what is at the root would say all of it once more
    # Libraries give the root a handler of their own only where there is none.
    logging.getLogger().addHandler(others)
    try:
        yield
    finally:
        logging.getLogger().removeHandler(others)
        logger.removeHandler(once)
        logger.propagate = propagate
