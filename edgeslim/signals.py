"""Sections of code that signals do not interrupt."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

__all__ = ["hold_signals"]

_NUMBERS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


@contextmanager
def hold_signals() -> Iterator[None]:
    """Delays signals until the end of the section.

    Threads other than the main one get no signals anyway.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    waiting: list[int] = []

    def do_what_waited() -> None:
        if waiting:
            signal.raise_signal(waiting[0])

    with ExitStack() as put_back:
        put_back.callback(do_what_waited)
        for number in _NUMBERS:
            handler = signal.getsignal(number)
            if handler not in {None, signal.SIG_IGN}:
                # Registered before the change, since another signal may raise in between.
                put_back.callback(signal.signal, number, handler)
                signal.signal(number, lambda came, _frame: waiting.append(came))
        yield
