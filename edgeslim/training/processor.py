"""What trains: the processor, or a GPU where Paddle has one. Nothing else here knows of GPUs.

Nobody has run this on a GPU yet.
"""

from __future__ import annotations

from typing import Literal

import paddle

from edgeslim.errors import UsageError

__all__ = ["choose_processor"]


def choose_processor(wanted: Literal["auto", "cpu", "gpu"] = "auto") -> str:
    """Sets Paddle to a processor, and says which as Paddle names it.

    Raises:
        UsageError: A GPU is asked for, and there is none, or Paddle cannot use it.
    """
    there = paddle.is_compiled_with_cuda() and paddle.device.cuda.device_count() > 0
    if wanted == "gpu" and not there:
        raise UsageError("compressor.processor is gpu, and Paddle has none here; write auto or cpu")
    return str(paddle.set_device("gpu" if there and wanted != "cpu" else "cpu"))
