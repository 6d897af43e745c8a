"""How far outputs are from the layer's, element by element and with no mercy for NaN."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

__all__ = ["Judgement", "judge"]

Array = np.ndarray[Any, Any]

_OF_ELEMENT, _OF_LARGEST, _OF_USUAL = 2e-4, 2e-5, 1e-6
"""What another order of sums may change: of the element itself, of the largest beside it, and of
the largest for noise; what is nought but for rounding is so in many ways."""

_SAME_FUNCTION = 1e-3
"""Over the largest: what is beyond rounding and within this is another function, nearly."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Judgement:
    """What came of a comparison.

    Args:
        right: Whether each element of each output is right.
        near: Whether those that are not are within a thousandth of the largest.
        worst: Largest difference over the largest value.
        share: Of elements that are not right, in the worst output.
        inputs: Names of the inputs for which it is not right.
        reason: What is not right, in words; nothing if all is.
    """

    right: bool
    near: bool
    worst: float
    share: float
    inputs: tuple[str, ...]
    reason: str = ""


def judge(truths: Mapping[str, Sequence[Array]], found: Mapping[str, Sequence[Array]]) -> Judgement:
    """Compares outputs by name of the input."""
    usual = [_largest(truth) for truth in next(iter(truths.values()))]
    worst = share = 0.0
    wrong: list[str] = []
    reasons: list[str] = []
    for name, outputs in truths.items():
        if len(found[name]) != len(outputs):
            reasons.append(f"{len(found[name])} outputs and not {len(outputs)}")
            wrong.append(name)
            continue
        parts = [_compared(*each) for each in zip(outputs, found[name], usual, strict=True)]
        bad = [part for part in parts if part[1] > 0 or part[2]]
        worst = max(worst, *(part[0] for part in parts))
        share = max(share, *(part[1] for part in parts))
        if bad:
            wrong.append(name)
            reasons += [part[2] for part in bad if part[2]]
    return Judgement(
        right=not wrong,
        near=bool(wrong) and not reasons and worst <= _SAME_FUNCTION,
        worst=worst,
        share=share,
        inputs=tuple(wrong),
        reason=reasons[0] if reasons else "",
    )


def _largest(truth: Array) -> float:
    finite = np.abs(truth[np.isfinite(truth)].astype(np.float64)) if truth.size else truth
    return float(np.max(finite, initial=0.0))


def _compared(truth: Array, output: Array, usual: float) -> tuple[float, float, str]:
    """Largest difference over the largest value, share of wrong elements, and what else."""
    if [each for each in truth.shape if each > 1] != [each for each in output.shape if each > 1]:
        return 1.0, 1.0, f"shape {list(output.shape)} and not {list(truth.shape)}"
    true, said = (each.astype(np.float64).ravel() for each in (truth, output))
    finite = np.isfinite(true)
    same = np.where(np.isnan(true), np.isnan(said), true == said)
    if not np.array_equal(finite, np.isfinite(said)) or not same[~finite].all():
        return 1.0, float((~finite & ~same | finite & ~np.isfinite(said)).mean()), "NaN or infinite"
    true, said = true[finite], said[finite]
    if not true.size:
        return 0.0, 0.0, ""
    difference, largest = np.abs(true - said), float(np.abs(true).max())
    bad = difference > _OF_ELEMENT * np.abs(true) + _OF_LARGEST * largest + _OF_USUAL * usual
    worst = float(difference.max())
    largest = max(largest, _OF_USUAL / _OF_LARGEST * usual)
    relative = worst / largest if largest else worst
    return relative, float(bad.mean()), ""
