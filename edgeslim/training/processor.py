"""What trains: the processor, or a GPU where Paddle has one. Nothing else here knows of GPUs.

Nobody has run this on a GPU yet.
"""

from __future__ import annotations

from typing import Literal

import paddle

from edgeslim.errors import UsageError

__all__ = ["choose_processor"]


def choose_processor(wanted: Literal["auto", "cpu", "gpu"] = "auto", *, backend: str = "") -> str:
    """Sets Paddle to a processor, and says which as Paddle names it.

    Args:
        wanted: Which.
        backend: What carries tensors between several processes, which is for one kind alone.

    Raises:
        UsageError: A GPU is asked for, and there is none, or Paddle cannot use it; launch has
            begun the processes for the other kind.
    """
    if backend:
        its = "cpu" if backend == "gloo" else "gpu"
        if wanted not in {its, "auto"}:
            mend = (
                "begin it where it finds GPUs"
                if wanted == "gpu"
                else "set PADDLE_DISTRI_BACKEND=gloo before it"
            )
            raise UsageError(
                f"compressor.processor is {wanted}, and paddle.distributed.launch has begun the "
                f"processes for the {its} ({backend}); write auto, or {mend}"
            )
        return str(paddle.set_device(its))  # of several GPUs, the one that launch has chosen
    there = paddle.is_compiled_with_cuda() and paddle.device.cuda.device_count() > 0
    if wanted == "gpu" and not there:
        raise UsageError("compressor.processor is gpu, and Paddle has none here; write auto or cpu")
    return str(paddle.set_device("gpu" if there and wanted != "cpu" else "cpu"))
