"""What is done whole: signals wait for its end."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

__all__ = ["signals_wait"]

_NUMBERS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


@contextmanager
def signals_wait() -> Iterator[None]:
    """Signals that come inside do at the end what they would have done at once.

    In another thread than the main one no signal is heard anyway.
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
                # Before it is changed, for another one may raise in between.
                put_back.callback(signal.signal, number, handler)
                signal.signal(number, lambda came, _frame: waiting.append(came))
        yield
