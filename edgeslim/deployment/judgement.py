"""When outputs are still those of the model: one judgement, wherever outputs are compared.

fp32 kernels sum in another order than Paddle's. What that may change is judged twice. The largest
difference must be below a thousandth of the largest value of its output; and, since one large
value would hide an operator that is off by one in half of its elements, no more than one element
in a thousand may be off by more than a thousandth of itself and of a typical value of its output
(four times the median of those that are not 0). In seven networks of `paddle.vision` the worst
element was off by four millionths of that. Integers and truth values are equal or wrong; the
thousandth that may be wrong is for maps of classes, where rounding decides between two.

In fp16 the bound is what fp16 explains: the program is computed with the rounding of each of its
operators (`edgeslim.deployment.simulated_fp16`), and a device may be off by a small multiple of
that. For other lower precisions no such bound is known beforehand, and how much is lost is for the
task to say (`edgeslim evaluate`); refused is what has nothing to do with the model: an error of
more than half the variance of Paddle's outputs (a device that always gave the mean of its outputs
would be off by all of it) that is no rounding of outputs which hardly vary.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from edgeslim.errors import ModelError
from edgeslim.execution import Precision

__all__ = [
    "Array",
    "OneOutput",
    "OutputDifference",
    "describe_difference",
    "difference_of",
    "is_acceptable",
    "is_discrete",
    "is_rounding",
    "is_varying",
]

Array = np.ndarray[Any, Any]

_ALLOWED = 1e-3
"""Largest difference over largest value: fp32 kernels that sum in another order are far below."""

_ALLOWED_SHARE = 1e-3
"""Share of elements that may be off by more than that: where rounding decides a step."""

_TYPICAL = 4.0
"""A typical value over the median of what is not 0; outputs of many small values reach it."""

_ROUNDING_OF_VALUE = 1e-4
"""Share of an element and a typical value: twenty-five times what networks are off by at worst."""

_ROUNDING_OF_LARGEST = 2.0**-21
"""Four units in the last place of the largest value are rounding, whatever the element is."""

_STEADY = 1e-6
"""An output that varies by less than this of its largest value does not depend on the input."""

_ALLOWED_LOSS = 0.5
_ROUNDING = 0.05
"""In lower precision: shares of the outputs' variance and of their largest value that must both
be exceeded before outputs are refused. Rounding loses hundredths of the variance, garbage all of
it or more."""


_MOST_IN_HALVES = 0.1
"""In fp16: the share of the variance above which outputs have lost their meaning, whatever
explains it. Networks lose hundred-thousandths to hundredths of it."""

_TIMES_ROUNDING = 3.0
_TIMES_LARGEST = 4.0
"""Multiples of the computed rounding, on average and at most, above which rounding does not explain
an error. The computed rounding is within 5 % of that of sums rounded one by one; kernels sum in
other orders, and the largest of some thousand errors varies. What a kernel computes wrongly is off
by tenths of the whole."""

_LAST_PLACE = 2.0**-11
"""Unit in the last place of 16-bit floats, which even an exact operator may be off by."""

_ODD_ONES = 2
"""Whole numbers that may differ even in outputs of few elements."""


@dataclass(frozen=True, kw_only=True, slots=True)
class OneOutput:
    """How far one output is from the truth, over all inputs.

    Args:
        lost: Mean squared difference over the variance of the true output.
        max_rel: Largest difference over the largest value.
        wrong: Share of elements that are off by too much.
        elements: Number of elements over all inputs.
        is_discrete: Whether they are whole numbers or truth values.
    """

    lost: float
    max_rel: float
    wrong: float
    elements: int
    is_discrete: bool

    def is_explained_by(self, rounding: OneOutput) -> bool:
        """Whether it is no more than rounding costs the same output."""
        if self.is_discrete:
            odd = _ODD_ONES / max(self.elements, 1)
            return self.wrong <= _TIMES_ROUNDING * rounding.wrong + _ALLOWED_SHARE + odd
        average = _TIMES_ROUNDING * math.sqrt(rounding.lost) + _LAST_PLACE
        largest = _TIMES_LARGEST * rounding.max_rel + _LAST_PLACE
        return math.sqrt(self.lost) <= average and self.max_rel <= largest


@dataclass(frozen=True, kw_only=True, slots=True)
class OutputDifference:
    """How far a device's outputs are from Paddle's, over all outputs of all inputs.

    Args:
        max_abs: Largest absolute difference; infinite where one of the two is no finite number.
            Integers count as equal if no more of them are wrong than is allowed.
        max_rel: Largest difference over the largest value of the same output.
        lost: Mean squared difference over the variance of Paddle's output, of the worst output.
        wrong: Share of elements that are off by too much, of the worst output.
        rough: Share of elements that are off by more than rounding explains, of the worst output.
        follows: Whether the outputs are off by less than half of what Paddle's vary by over the
            inputs; a device that ignores its input does not follow it.
        top1: For a classifier, the share of inputs that get the same class.
        inputs: How many inputs they were compared for.
        worst: Number of the output that is furthest off.
        outputs: The difference of each output by itself.
    """

    max_abs: float
    max_rel: float
    lost: float = 0.0
    wrong: float = 0.0
    rough: float = 0.0
    follows: bool = True
    top1: float | None = None
    inputs: int = 1
    worst: int = 0
    outputs: tuple[OneOutput, ...] = ()


def is_acceptable(
    difference: OutputDifference,
    precision: Precision,
    rounding: OutputDifference | None = None,
) -> bool:
    """Whether outputs are those of the model, by the rule of their precision.

    Args:
        difference: How far they are from Paddle's.
        precision: Precision that they were computed in.
        rounding: In fp16, how far rounding alone takes them; None if that is not known.
    """
    if precision is Precision.FP16:
        explained = rounding is None or all(
            found.is_explained_by(rounded)
            for found, rounded in zip(difference.outputs, rounding.outputs, strict=True)
        )
        return explained and _has_meaning_left(difference)
    if precision is Precision.FP32:
        return (
            difference.max_rel <= _ALLOWED
            and difference.wrong <= _ALLOWED_SHARE
            and difference.follows
        )
    return difference.lost <= _ALLOWED_LOSS or difference.max_rel <= _ROUNDING


def _has_meaning_left(difference: OutputDifference) -> bool:
    """Whether outputs in fp16 still say what the model does."""
    return all(
        output.is_discrete or output.lost <= _MOST_IN_HALVES for output in difference.outputs
    )


def is_rounding(difference: OutputDifference) -> bool:
    """Whether fp32 outputs differ as sums in another order do, and not as another function would.

    An attribute that a kernel ignores, such as the form of gelu, may stay within what is accepted.
    """
    return difference.rough <= _ALLOWED_SHARE


def describe_difference(
    difference: OutputDifference,
    precision: Precision,
    rounding: OutputDifference | None = None,
) -> str:
    """Text of how outputs differ, for the sentence that refuses them."""
    largest = f"by {difference.max_rel:.2g} of their largest value"
    if precision is not Precision.FP32:
        text = f"{largest} and by {difference.lost:.2g} of their variance"
        if rounding is None:
            return text
        return f"{text}, of which rounding explains {rounding.max_rel:.2g} and {rounding.lost:.2g}"
    if not difference.follows and difference.max_rel <= _ALLOWED:
        return (
            f"{largest}, as much as they vary with the input; with --inputs FILE.npz of the "
            "model's own data they may vary more"
        )
    if difference.wrong > _ALLOWED_SHARE:
        share = f"by more than rounding in {_percent(difference.wrong)} of their elements"
        return share if difference.max_rel <= _ALLOWED else f"{largest}, and {share}"
    return largest


def _percent(share: float) -> str:
    return f"{100 * share:.2g} %" if share < 1 else "all"


def difference_of(
    expected: Sequence[Sequence[Array]], found: Sequence[Sequence[Array]]
) -> OutputDifference:
    """How far outputs are from the truth.

    Args:
        expected: For each input all outputs that Paddle gives, all finite.
        found: For each input all outputs that the device gives; shapes may lack axes of 1.

    Raises:
        ModelError: An output has another number of elements.
    """
    outputs = [
        _OutputStatistics.between(truths, given)
        for truths, given in zip(zip(*expected, strict=True), zip(*found, strict=True), strict=True)
    ]
    return OutputDifference(
        max_abs=max((output.max_abs for output in outputs), default=0.0),
        max_rel=max((output.max_rel for output in outputs), default=0.0),
        lost=max((output.lost for output in outputs), default=0.0),
        wrong=max((output.wrong for output in outputs), default=0.0),
        rough=max((output.rough for output in outputs), default=0.0),
        follows=all(output.follows for output in outputs),
        top1=_top1([arrays[0] for arrays in expected], [arrays[0] for arrays in found]),
        inputs=len(expected),
        worst=max(range(len(outputs)), key=lambda place: outputs[place].badness, default=0),
        outputs=tuple(
            OneOutput(
                lost=output.lost,
                max_rel=output.max_rel,
                wrong=output.wrong,
                elements=sum(truths[place].size for truths in expected),
                is_discrete=any(is_discrete(truths[place]) for truths in expected),
            )
            for place, output in enumerate(outputs)
        ),
    )


@dataclass(frozen=True, kw_only=True, slots=True)
class _OutputStatistics:
    """How far one output is from the truth over all inputs."""

    max_abs: float
    max_rel: float
    lost: float
    wrong: float
    rough: float
    follows: bool

    @property
    def badness(self) -> float:
        """How far it is off over what fp32 may be off by; above 1 it is refused."""
        return max(self.max_rel / _ALLOWED, self.wrong / _ALLOWED_SHARE, 0.0 if self.follows else 2)

    @classmethod
    def between(cls, truths: Sequence[Array], outputs: Sequence[Array]) -> _OutputStatistics:
        """Compares the true arrays of an output with the found ones, input by input."""
        for truth, output in zip(truths, outputs, strict=True):
            if truth.size != output.size:
                raise ModelError(
                    f"an output has shape {output.shape} and should have {truth.shape}"
                )
        pairs = [(t.ravel(), o.ravel()) for t, o in zip(truths, outputs, strict=True)]
        elements = sum(truth.size for truth, _ in pairs)
        wrong, rough = (
            sum(float(_is_beyond(*pair, allowed).sum()) for pair in pairs) / max(elements, 1)
            for allowed in (_ALLOWED, _ROUNDING_OF_VALUE)
        )
        lost = _lost_variance(truths, outputs)
        if any(is_discrete(truth) for truth in truths) and wrong <= _ALLOWED_SHARE:
            # The difference between the numbers of two classes says nothing.
            return cls(max_abs=0.0, max_rel=0.0, lost=lost, wrong=wrong, rough=rough, follows=True)
        off = [_largest_difference(*pair) for pair in pairs]
        scales = [float(np.max(np.abs(truth), initial=0.0)) for truth, _ in pairs]
        max_abs = max(off, default=0.0)
        spread = _spread(truths)
        return cls(
            max_abs=max_abs,
            max_rel=max(map(_relative_to, off, scales), default=0.0),
            lost=lost,
            wrong=wrong,
            rough=rough,
            follows=spread <= _STEADY * max(scales, default=0.0) or max_abs <= spread / 2,
        )


def is_discrete(array: Array) -> bool:
    """Whether it holds integers or truth values."""
    return array.dtype.kind in "biu"


def is_varying(arrays: Sequence[Array]) -> bool:
    """Whether an output differs from one input to another by more than rounding."""
    if len({array.shape for array in arrays}) > 1:
        return True
    if any(is_discrete(array) for array in arrays):
        return any(not np.array_equal(arrays[0], array) for array in arrays[1:])
    scale = max((float(np.max(np.abs(array), initial=0.0)) for array in arrays), default=0.0)
    return _spread(arrays) > _STEADY * scale


def _spread(arrays: Sequence[Array]) -> float:
    """The largest range of an element over several arrays; infinite where shapes differ."""
    if len({array.shape for array in arrays}) > 1:
        return math.inf
    if len(arrays) < 2 or not arrays[0].size:
        return 0.0 if len(arrays) > 1 else math.inf
    stacked = np.stack([array.astype(np.float64) for array in arrays])
    with np.errstate(invalid="ignore"):
        spread = float(np.max(np.ptp(stacked, axis=0)))
    return spread if math.isfinite(spread) else math.inf


def _relative_to(off: float, scale: float) -> float:
    """A difference over the largest value, where there is one."""
    if not math.isfinite(off):
        return math.inf
    return off / scale if scale > 0 else off


def _largest_difference(truth: Array, output: Array) -> float:
    """The largest difference; one that is no number is infinite, not the smallest."""
    return float(np.max(_deviations(truth, output), initial=0.0))


def _is_beyond(truth: Array, output: Array, share: float) -> Array:
    """Which elements are off by more than a share of themselves and of a typical value."""
    if is_discrete(truth):
        return np.asarray(truth != output)
    size = np.abs(truth.astype(np.float64))
    size[~np.isfinite(size)] = 0  # wrong, whatever the bound
    typical = _TYPICAL * float(np.median(size[size > 0])) if np.any(size > 0) else 0.0
    allowed = share * (size + typical)
    allowed += _ROUNDING_OF_LARGEST * float(np.max(size, initial=0.0))
    return np.asarray(
        ~(_deviations(truth, output) <= allowed)
    )  # so that what is no number is wrong


def _deviations(truth: Array, output: Array) -> Array:
    """The differences; what is no finite number on either side is off by infinity."""
    with np.errstate(invalid="ignore"):
        off = np.abs(truth.astype(np.float64) - output.astype(np.float64))
    return np.where(np.isfinite(off), off, math.inf)


def _lost_variance(truths: Sequence[Array], outputs: Sequence[Array]) -> float:
    """Mean squared difference over the variance of the truth; over its mean square if constant."""
    truth, output = (
        np.concatenate([array.ravel().astype(np.float64) for array in some])
        for some in (truths, outputs)
    )
    if not truth.size:
        return 0.0
    error = float(np.mean(_deviations(truth, output) ** 2))
    if not math.isfinite(error):
        return math.inf
    spread = float(np.var(truth)) or float(np.mean(truth**2))
    return error / spread if spread > 0 else (0.0 if error == 0 else math.inf)


def _top1(truths: Sequence[Array], outputs: Sequence[Array]) -> float | None:
    """The share of rows whose largest entry is the same; None if they are no scores of classes."""
    if any(truth.ndim != 2 or truth.shape[1] < 2 or is_discrete(truth) for truth in truths):
        return None
    same = [
        truth.argmax(axis=1) == output.reshape(truth.shape).argmax(axis=1)
        for truth, output in zip(truths, outputs, strict=True)
    ]
    return float(np.mean(np.concatenate(same)))
