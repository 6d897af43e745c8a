"""What Paddle computes from its own ``inference.json``, and whether the old program does the same.

Paddle runs files of its newer kind in a process that has it switched off as well, under
``paddle.pir_utils.IrGuard``, and all that came before goes on as it was.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from edgeslim.errors import ModelError
from edgeslim.paddle_io.difference import difference_and_scale
from edgeslim.paddle_io.export import run_in_paddle
from edgeslim.paddle_io.importing import load_paddle
from edgeslim.paddle_io.modes import own_scope

__all__ = ["prove_translation", "run_each_pir_in_paddle"]

Array = np.ndarray[Any, Any]

_ALLOWED = 1e-5
"""Largest difference over largest value: both are Paddle's own kernels, and most agree exactly."""


def run_each_pir_in_paddle(path: Path, inputs: Iterable[Mapping[str, Array]]) -> list[list[Array]]:
    """The outputs that Paddle computes from a program of its newer kind, for each of some inputs.

    Args:
        path: The program, ``inference.json``; its parameters lie beside it.
        inputs: A value for each input by name.

    Raises:
        ModelError: Paddle cannot load or run it.
    """
    paddle = load_paddle()
    try:
        with own_scope(), paddle.pir_utils.IrGuard():
            executor = paddle.static.Executor(paddle.CPUPlace())
            program, _, fetched = paddle.static.load_inference_model(
                str(path.with_suffix("")), executor
            )

            def run(values: Mapping[str, Array]) -> list[Array]:
                # As tensors, for those with levels of detail are refused as arrays. They are
                # copied at once: the next run writes into the same memory.
                tensors = executor.run(
                    program, feed=dict(values), fetch_list=fetched, return_numpy=False
                )
                return [np.array(tensor) for tensor in tensors]

            return [run(values) for values in inputs]
    except Exception as error:
        # Paddle raises plain RuntimeError and ValueError from its native code.
        lines = str(error).strip().splitlines() or [repr(error)]
        raise ModelError(f"Paddle cannot run {path}: {lines[-1].strip()}") from error


def prove_translation(path: Path, prefix: Path, inputs: Mapping[str, Array]) -> None:
    """Lets Paddle compute the new program and the old one it was written as, for the same inputs.

    Args:
        path: The new program; its parameters lie beside it.
        prefix: The old one, as ``prefix.pdmodel`` and ``prefix.pdiparams``.
        inputs: A value for each input by name.

    Raises:
        ModelError: Paddle cannot run one of them, or they do not compute the same.
    """
    (expected,) = run_each_pir_in_paddle(path, [inputs])
    _compare(path, expected, run_in_paddle(prefix, inputs))


def _compare(path: Path, expected: Sequence[Array], found: Sequence[Array]) -> None:
    if len(expected) != len(found):
        raise ModelError(
            f"{path} has {len(expected)} outputs in Paddle and {len(found)} as an old program"
        )
    for place, (truth, output) in enumerate(zip(expected, found, strict=True)):
        if truth.shape != output.shape or truth.dtype != output.dtype:
            raise ModelError(
                f"{path}: output {place} is {truth.dtype} of {list(truth.shape)} in Paddle and "
                f"{output.dtype} of {list(output.shape)} as an old program"
            )
        if not _is_same(truth, output):
            raise ModelError(
                f"{path}: output {place} is another as an old program than in Paddle; "
                "please report the model, for this is a fault of the translation"
            )


def _is_same(truth: Array, output: Array) -> bool:
    off, scale = difference_and_scale(truth, output)
    return off <= (_ALLOWED * scale if truth.dtype.kind in "fc" else 0.0)
