"""Whether a rewritten model computes what it computed before, as far as rounding allows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from edgeslim.paddle_io.difference import difference_and_scale
from edgeslim.paddle_io.export import run_batches_in_paddle
from edgeslim.rewriting.network import Network

__all__ = ["BOUND", "OutputAgreement", "compare_in_paddle"]

Values = np.ndarray[Any, Any]

BOUND = 1e-5
"""Largest difference over the largest value that is always accepted, in 32-bit floats."""

_ROUNDING_MARGIN = 2.0
"""How much farther off than by rounding its weights a model may be."""


@dataclass(frozen=True, kw_only=True, slots=True)
class OutputAgreement:
    """How far outputs of a rewritten model are from those of the model before.

    Args:
        off: Largest difference over the largest value, over all outputs and inputs.
        rounding: The same for the model before with each weight moved by the last of its bits,
            which is what storing weights rounds; None where it was not needed.
    """

    off: float
    rounding: float | None = None

    @property
    def is_accepted(self) -> bool:
        """Whether it is within the bound, or no farther off than rounding takes the model."""
        return self.off <= max(BOUND, _ROUNDING_MARGIN * (self.rounding or 0.0))


def compare_in_paddle(
    before: Path, after: Path, inputs: Sequence[Mapping[str, Values]], folder: Path
) -> OutputAgreement:
    """Runs both models in Paddle.

    A bound that holds for every model does not exist: in a deep network, weights that differ by
    the last of their bits move outputs by more than 1e-5 of the largest. Where the bound is
    missed, the model before is run with such weights as well, and says how far that takes it.

    Args:
        before: Path of the model as it was, without suffixes.
        after: Path of the rewritten model.
        inputs: For each run, an array for each input by name.
        folder: Folder for intermediate files.

    Raises:
        ModelError: Paddle cannot run one of them.
    """
    expected = run_batches_in_paddle(before, inputs)
    off = _largest(expected, run_batches_in_paddle(after, inputs))
    if off <= BOUND:
        return OutputAgreement(off=off)
    moved = folder / "moved"
    _move_weights(before, moved)
    return OutputAgreement(
        off=off, rounding=_largest(expected, run_batches_in_paddle(moved, inputs))
    )


def _largest(expected: Sequence[Sequence[Values]], found: Sequence[Sequence[Values]]) -> float:
    """Largest difference over the largest value."""
    largest = 0.0
    for truths, results in zip(expected, found, strict=True):
        for truth, result in zip(truths, results, strict=True):
            if truth.shape != result.shape:
                return float("inf")
            off, scale = difference_and_scale(truth, result)
            largest = max(largest, off / scale if scale else (0.0 if off == 0 else float("inf")))
    return largest


def _move_weights(before: Path, moved: Path) -> None:
    """Writes a model whose weights are each moved by the last of their bits, up or down."""
    network, draw = Network.read(before), np.random.default_rng(0)
    for name, value in network.values.items():
        if value.dtype == np.float32 and value.size > 1:
            ends = np.where(draw.random(value.shape) < 0.5, np.inf, -np.inf).astype(np.float32)
            network.values[name] = np.nextafter(value, ends)
    network.write(moved)
