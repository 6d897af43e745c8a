"""The one place where Paddle is imported by this package."""

from __future__ import annotations

import os
import sys
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
    if "paddle" not in sys.modules:
        # Both are read once, when Paddle is loaded.
        os.environ["FLAGS_enable_pir_api"] = "0"
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
    module: ModuleType = paddle
    return module
