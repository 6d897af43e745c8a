"""What Paddle computes from its own ``inference.json``, and whether the old program does the same.

Under ``paddle.pir_utils.IrGuard`` Paddle runs files of its newer kind also in a process where that
kind is switched off.
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

__all__ = ["prove_translation", "run_pir_in_paddle"]

Array = np.ndarray[Any, Any]

_TOLERANCE = 1e-5
"""Largest difference over largest value: both are Paddle's own kernels, and most agree exactly."""


def run_pir_in_paddle(path: Path, batches: Iterable[Mapping[str, Array]]) -> list[list[Array]]:
    """The outputs that Paddle computes from a program of its newer kind, for each batch.

    Args:
        path: The program, ``inference.json``; its parameters lie beside it.
        batches: For each run, an array for each input by name.

    Raises:
        ModelError: Paddle cannot load or run the program.
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

            return [run(values) for values in batches]
    except Exception as error:
        # Paddle raises plain RuntimeError and ValueError from its native code.
        lines = str(error).strip().splitlines() or [repr(error)]
        raise ModelError(f"Paddle cannot run {path}: {lines[-1].strip()}") from error


def prove_translation(path: Path, prefix: Path, inputs: Mapping[str, Array]) -> None:
    """Runs the new program and its translation in Paddle on the same inputs, and compares them.

    Args:
        path: The new program, ``inference.json``; its parameters lie beside it.
        prefix: The translation, ``prefix.pdmodel`` and ``prefix.pdiparams``.
        inputs: An array for each input by name.

    Raises:
        ModelError: Paddle cannot run one of them, or their outputs differ.
    """
    (expected,) = run_pir_in_paddle(path, [inputs])
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
    difference, scale = difference_and_scale(truth, output)
    return difference <= (_TOLERANCE * scale if truth.dtype.kind in "fc" else 0.0)
