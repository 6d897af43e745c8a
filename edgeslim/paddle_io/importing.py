"""The one place where Paddle is imported by this package."""

from __future__ import annotations

import logging
import os
import sys
import warnings
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from types import ModuleType

from edgeslim.errors import ModelError, ProgramNotFoundError
from edgeslim.signals import signals_wait

__all__ = ["load_paddle"]


def load_paddle() -> ModuleType:
    """The module ``paddle``, set to write the programs that Paddle-Lite reads.

    Raises:
        ProgramNotFoundError: It is not installed.
        ModelError: It was imported before with the newer intermediate representation on.
    """
    first = "paddle" not in sys.modules
    if first:
        # Both are read once, when Paddle is loaded.
        os.environ["FLAGS_enable_pir_api"] = "0"  # noqa: SIM112 - Paddle's own spelling
        os.environ.setdefault("GLOG_minloglevel", "2")
    try:
        with (
            warnings.catch_warnings(),
            _signals_kept() if first else nullcontext(),
            _root_logger_kept(),
        ):
            warnings.simplefilter("ignore")
            import paddle
    except ImportError as error:
        raise ProgramNotFoundError(
            f"Paddle does not load ({error}); pip install 'paddlepaddle==3.3.1'"
        ) from error
    if paddle.framework.use_pir_api():
        raise ModelError(
            "Paddle was imported with its PIR programs on, which Paddle-Lite cannot read; "
            "set FLAGS_enable_pir_api=0 before the first import of paddle"
        )
    module: ModuleType = paddle
    return module


@contextmanager
def _root_logger_kept() -> Iterator[None]:
    """The root logger stays whose it was.

    Paddle asks for a logger called "root", which is the root of all loggers since Python 3.9, and
    gives it a handler and a lower level: every library would then print what it logs.
    """
    root = logging.getLogger()
    level, handlers = root.level, list(root.handlers)
    try:
        yield
    finally:
        root.setLevel(level)
        root.handlers[:] = handlers


@contextmanager
def _signals_kept() -> Iterator[None]:
    """Signals wait until Paddle is loaded, and do then what they did before.

    Paddle takes one that comes meanwhile for a fault of its own, and once it is loaded it
    ends the process on SIGTERM before anything can be put in order.
    """
    with signals_wait():
        try:
            yield
        finally:
            if "paddle" in sys.modules:
                sys.modules["paddle"].disable_signal_handler()
