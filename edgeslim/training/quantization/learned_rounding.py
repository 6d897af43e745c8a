"""Rounding of weights that is learned: each up or down, so that a layer's outputs stay.

A layer's squared error is a quadratic function of its rounded weights, whose matrix is made of
the layer's inputs once. So nothing is run while the directions are learned (Nagel, Amjad, van
Baalen, Louizos & Blankevoort, 2020, "Up or Down? Adaptive Rounding for Post-Training
Quantization", https://arxiv.org/abs/2004.10568); afterwards, single directions are turned as long
as that lowers the error, and no output channel ends worse than by rounding to the nearest.
Pure NumPy.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[Any]

__all__ = ["LayerInputs", "best_scales", "layer_errors", "learn_rounding", "round_to_nearest"]

_STRETCH = 1.2
"""Width of the sigmoid, which is cut off at 0 and 1, so that both are reached."""
_RATE = 0.05
_DECAYS = (0.9, 0.999)
_FIRST_POWER, _LAST_POWER = 20.0, 2.0
_WARM = 0.2
"""Share of the steps in which directions are not pushed to 0 or 1 yet."""
_PUSH = 0.05
_RIDGE = 1e-3
"""Share of the mean square of an input that is added to each: there may be few inputs."""
_MOST_STEPS, _FEWEST_STEPS = 200, 40
_WORK = 5e10
"""Products that learning a layer may take; wide layers get fewer steps."""
_MOST_TURNS = 100
_FRACTIONS = np.linspace(0.4, 1.0, 13)


@dataclass(frozen=True, kw_only=True, slots=True)
class LayerInputs:
    """What a layer read and should have written, as far as its squared error needs it.

    A layer has ``G`` groups of ``R`` output channels, each a sum of ``K`` products.

    Args:
        gram: Mean product of each two rounded inputs, ``(G, K, K)``.
        cross: Mean product of each wanted output with each rounded input, ``(G, R, K)``.
        energy: Mean square of each wanted output, ``(G, R)``.
    """

    gram: Floats
    cross: Floats
    energy: Floats

    @staticmethod
    def of(inputs: Floats, wanted: Floats, *, centred: bool) -> LayerInputs:
        """Sums up examples.

        Args:
            inputs: Rounded inputs ``(G, K, M)`` of ``M`` outputs.
            wanted: Those outputs in floats, ``(G, R, M)``.
            centred: Whether means do not matter, because a bias behind the layer is corrected.
        """
        count = inputs.shape[2]
        x, y = np.asarray(inputs, np.float32), np.asarray(wanted, np.float32)
        if centred:
            x = x - x.mean(axis=2, keepdims=True)
            y = y - y.mean(axis=2, keepdims=True)
        turned = x.transpose(0, 2, 1)
        return LayerInputs(
            gram=x @ turned / count, cross=y @ turned / count, energy=np.square(y).mean(axis=2)
        )


def layer_errors(weight: Floats, known: LayerInputs) -> Floats:
    """Mean squared error of each output channel ``(G, R)`` with some weights ``(G, R, K)``."""
    weight = np.asarray(weight, np.float32)
    products = (weight @ known.gram - 2 * known.cross) * weight
    found: Floats = np.maximum(products.sum(axis=2, dtype=np.float64) + known.energy, 0.0)
    return found


def round_to_nearest(weight: Floats, scale: Floats, levels: int) -> Floats:
    """The steps ``(G, R, K)`` nearest to weights; the scale ``(G, R, 1)`` is ``levels`` steps."""
    scaled = np.asarray(weight, np.float32) / scale * levels
    # Halves go away from zero, as kernels' weights do.
    steps = np.sign(scaled) * np.floor(np.abs(scaled) + 0.5)
    found: Floats = np.clip(steps, -levels, levels).astype(np.float32)
    return found


def best_scales(weight: Floats, known: LayerInputs, levels: int, *, by_channel: bool) -> Floats:
    """The scales ``(G, R, 1)`` of a weight that make the layer's squared error smallest.

    Args:
        weight: The weight ``(G, R, K)``.
        known: What the layer reads and should write.
        levels: Steps up to the scale.
        by_channel: Whether each output channel has its own; otherwise all have the same.
    """
    largest = np.abs(weight).max(axis=2, keepdims=True)
    if not by_channel:
        largest = np.full_like(largest, largest.max())
    largest = np.maximum(largest, np.float32(1e-8)).astype(np.float32)
    best, smallest = largest, np.full(largest.shape, np.inf)
    for fraction in _FRACTIONS[::-1]:
        scale = (largest * fraction).astype(np.float32)
        rounded = round_to_nearest(weight, scale, levels) / levels * scale
        errors = layer_errors(rounded, known)[..., None]
        if not by_channel:
            errors = np.full(errors.shape, errors.sum())
        # Not for what is lost in the sums.
        better = errors < smallest * (1 - 1e-4)
        best, smallest = np.where(better, scale, best), np.where(better, errors, smallest)
    found: Floats = best.astype(np.float32)
    return found


def learn_rounding(weight: Floats, scale: Floats, levels: int, known: LayerInputs) -> Floats:
    """The steps ``(G, R, K)`` of a weight with directions that are learned.

    Weights at or beyond the scale keep the outermost step, so that the scale can be found from
    the rounded weight again.

    Args:
        weight: The weight ``(G, R, K)``.
        scale: Scale of each output channel, ``(G, R, 1)``.
        levels: Steps up to the scale.
        known: What the layer reads and should write.
    """
    nearest = round_to_nearest(weight, scale, levels)
    scaled = np.asarray(weight, np.float32) / scale * levels
    lower = np.floor(scaled)
    fixed = np.abs(scaled) > levels * (1 - 1e-6)
    problem = _Problem.of(known, np.asarray(weight, np.float32), scale / levels)
    # A fixed weight has no other step; others are within the outermost ones.
    lower = np.where(fixed, nearest, lower).astype(np.float32)
    upper = np.where(fixed, nearest, np.minimum(lower + 1, levels)).astype(np.float32)
    learned = lower + np.round(problem.soft(lower, upper, scaled - lower))
    ways = [problem.turn_steps(start, lower, upper) for start in (learned, nearest)]
    values = np.stack([problem.values(steps) for steps in (*ways, nearest)])
    choice = values.argmin(axis=0)[..., None]
    found: Floats = np.choose(choice, (*ways, nearest)).astype(np.float32)
    return found


@dataclass(frozen=True, kw_only=True, slots=True)
class _Problem:
    """The error in steps: ``z A z - 2 b z`` for the steps ``z`` of an output channel.

    Args:
        matrix: ``A``, of each group ``(G, K, K)``, with a mean of 1 on its diagonal.
        wanted: ``b``, ``(G, R, K)``.
        diagonal: The diagonal of ``A``, ``(G, 1, K)``.
    """

    matrix: NDArray[np.float32]
    wanted: NDArray[np.float32]
    diagonal: NDArray[np.float32]

    @staticmethod
    def of(known: LayerInputs, weight: NDArray[np.float32], step: Floats) -> _Problem:
        count = known.gram.shape[1]
        squares = np.einsum("gkk->gk", known.gram)
        mean = np.maximum(squares.mean(axis=1), 1e-20)[:, None, None]
        matrix = known.gram / mean + _RIDGE * np.eye(count, dtype=np.float32)
        # The ridge pulls to the weight itself.
        wanted = (known.cross / mean + _RIDGE * weight) / step
        return _Problem(
            matrix=matrix.astype(np.float32),
            wanted=wanted.astype(np.float32),
            diagonal=np.einsum("gkk->gk", matrix)[:, None, :].astype(np.float32),
        )

    def values(self, steps: Floats) -> Floats:
        """The error of each output channel, but for a constant: ``(G, R)``."""
        steps = np.asarray(steps, np.float32)
        products = (steps @ self.matrix - 2 * self.wanted) * steps
        errors: Floats = products.sum(axis=2, dtype=np.float64)
        return errors

    def soft(self, lower: Floats, upper: Floats, share: Floats) -> Floats:
        """How far each weight goes from the lower to the upper step, from 0 to 1, learned."""
        span = upper - lower
        share = np.clip(share, 0.01, 0.99).astype(np.float32)
        inner = (share + (_STRETCH - 1) / 2) / _STRETCH
        logits = np.log(inner / (1 - inner)).astype(np.float32)
        first, second = np.zeros_like(logits), np.zeros_like(logits)
        steps = self._step_count(lower.shape)
        ahead = share
        for number in range(1, steps + 1):
            sigmoid = 1 / (1 + np.exp(-logits))
            stretched = sigmoid * _STRETCH - (_STRETCH - 1) / 2
            ahead = np.clip(stretched, 0.0, 1.0)
            gradient = 2 * ((lower + ahead * span) @ self.matrix - self.wanted)
            gradient += self._push(ahead, number / steps)
            inside = (stretched > 0) & (stretched < 1)
            gradient *= inside * sigmoid * (1 - sigmoid) * _STRETCH
            first = _DECAYS[0] * first + (1 - _DECAYS[0]) * gradient
            second = _DECAYS[1] * second + (1 - _DECAYS[1]) * np.square(gradient)
            rate = _RATE * np.sqrt(1 - _DECAYS[1] ** number) / (1 - _DECAYS[0] ** number)
            logits = logits - rate * first / (np.sqrt(second) + 1e-8)
        return np.where(span > 0, ahead, 0.0).astype(np.float32)

    @staticmethod
    def _push(ahead: Floats, share: float) -> Floats:
        """Gradient of what keeps directions from staying between 0 and 1."""
        if share < _WARM:
            return np.zeros_like(ahead)
        done = (share - _WARM) / (1 - _WARM)
        power = _LAST_POWER + (_FIRST_POWER - _LAST_POWER) * (1 + np.cos(np.pi * done)) / 2
        away = 2 * ahead - 1
        found: Floats = -_PUSH * 2 * power * np.abs(away) ** (power - 1) * np.sign(away)
        return found

    @staticmethod
    def _step_count(shape: tuple[int, ...]) -> int:
        groups, rows, terms = shape
        return int(np.clip(_WORK / (groups * rows * terms**2), _FEWEST_STEPS, _MOST_STEPS))

    def turn_steps(self, steps: Floats, lower: Floats, upper: Floats) -> Floats:
        """Turns the direction that lowers each channel's error most, until none does."""
        steps = np.array(steps, np.float32)
        slope = steps @ self.matrix - self.wanted
        groups, rows, terms = steps.shape
        at_group, at_row = np.indices((groups, rows))
        for _ in range(min(_MOST_TURNS, 4 * terms)):
            change = np.where(steps == lower, upper, lower) - steps
            gain = 2 * change * slope + np.square(change) * self.diagonal
            best = gain.argmin(axis=2)
            turns = gain[at_group, at_row, best] < -1e-6
            if not turns.any():
                break
            delta = np.where(turns, change[at_group, at_row, best], 0.0)[..., None]
            steps[at_group, at_row, best] += delta[..., 0]
            slope += delta * self.matrix[at_group, best]
        return steps
