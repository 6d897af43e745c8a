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
from edgeslim.signals import hold_signals

__all__ = ["load_paddle"]


def load_paddle() -> ModuleType:
    """Imports ``paddle``, set to write the programs that Paddle-Lite reads.

    Raises:
        ProgramNotFoundError: Paddle is not installed.
        ModelError: Paddle was imported before with its newer intermediate representation on.
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
    """Keeps the level and handlers of the root logger.

    Paddle configures a logger called "root", which since Python 3.9 is the root of all loggers,
    with a handler and a lower level: every library would then print its log.
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
    """Makes signals wait until Paddle is loaded, and restores their handlers.

    Paddle takes a signal that comes meanwhile for an error of its own, and once it is loaded it
    ends the process on SIGTERM before anything can be cleaned up.
    """
    with hold_signals():
        try:
            yield
        finally:
            if "paddle" in sys.modules:
                sys.modules["paddle"].disable_signal_handler()
