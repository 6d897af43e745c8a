"""Chooses the processor or a GPU for training. Nothing else in this package knows of GPUs.

It has not been run on a GPU yet.
"""

from __future__ import annotations

from typing import Literal

import paddle

from edgeslim.errors import UsageError

__all__ = ["choose_processor"]


def choose_processor(wanted: Literal["auto", "cpu", "gpu"] = "auto", *, backend: str = "") -> str:
    """Sets Paddle to a processor, and returns its name in Paddle.

    Args:
        wanted: Kind of processor that is asked for.
        backend: Backend of several processes, which works for one kind alone; else empty.

    Raises:
        UsageError: A GPU is asked for, and there is none, or Paddle cannot use it; launch has
            begun the processes for the other kind.
    """
    if backend:
        its = "cpu" if backend == "gloo" else "gpu"
        if wanted not in {its, "auto"}:
            mend = (
                "start it where it finds GPUs"
                if wanted == "gpu"
                else "set PADDLE_DISTRI_BACKEND=gloo before it"
            )
            raise UsageError(
                f"compressor.processor is {wanted}, but paddle.distributed.launch has started the "
                f"processes for the {its} ({backend}); write auto, or {mend}"
            )
        return str(paddle.set_device(its))  # of several GPUs, the one that launch has chosen
    there = paddle.is_compiled_with_cuda() and paddle.device.cuda.device_count() > 0
    if wanted == "gpu" and not there:
        raise UsageError(
            "compressor.processor is gpu, but Paddle finds no GPU here; write auto or cpu"
        )
    return str(paddle.set_device("gpu" if there and wanted != "cpu" else "cpu"))
