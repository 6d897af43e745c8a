"""The one place where Paddle is imported by this package."""

from __future__ import annotations

import os
import signal
import sys
import threading
import warnings
from types import ModuleType

from edgeslim.errors import ModelError, ProgramNotFoundError

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
        with warnings.catch_warnings():
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
    if first:
        _give_signals_back(paddle)
    module: ModuleType = paddle
    return module


def _give_signals_back(paddle: ModuleType) -> None:
    """Undoes that Paddle ends the process on SIGTERM before anything can be put in order."""
    if threading.current_thread() is threading.main_thread():
        before = signal.getsignal(signal.SIGTERM)
        paddle.disable_signal_handler()
        signal.signal(signal.SIGTERM, before)
