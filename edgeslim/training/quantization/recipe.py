"""Recipes: how a network is quantized without training it. Needs no Paddle."""

from __future__ import annotations

import msgspec

__all__ = ["AUTO", "CHEAP_RECIPES", "Recipe", "RecipeTrial", "recipes_for"]

AUTO = "auto"
"""Name of the method that tries several recipes."""


class Recipe(msgspec.Struct, frozen=True, kw_only=True):
    """A way to find scales and rounded weights from calibration images.

    Args:
        method: How the scale of each activation is found, by `METHODS` of the thresholds.
        equalize: How far ranges of channels become one, from 0.5 to 1; None leaves them.
        correct: Whether the mean error of each layer is corrected in what is added behind it.
        learn: Whether weights are rounded in learned directions.
    """

    method: str = "mse"
    equalize: float | None = None
    correct: bool = False
    learn: bool = False

    @property
    def text(self) -> str:
        """The recipe in words."""
        parts = [self.method]
        if self.equalize is not None:
            parts.append("equalised channels")
        if self.correct:
            parts.append("corrected means")
        if self.learn:
            parts.append("learned rounding")
        return ", ".join(parts)


_BALANCED = 0.5
"""Half of the spread of channels goes into the weights, which have as many bits."""

CHEAP_RECIPES = (
    Recipe(method="mse"),
    Recipe(method="mse", equalize=_BALANCED, correct=True),
    Recipe(method="abs_max", equalize=_BALANCED, correct=True),
)
"""What is tried by default: each takes two passes over the calibration images."""


def recipes_for(method: str, *, learn: bool, scalable: bool) -> tuple[Recipe, ...]:
    """The recipes that are tried, the plainest first.

    Args:
        method: How scales are found; `AUTO` for what turns out best.
        learn: Whether rounding is learned as well.
        scalable: Whether the network has activations that can be equalised.
    """
    known = list(CHEAP_RECIPES) if method == AUTO else [Recipe(method=method)]
    if not scalable:
        known = [msgspec.structs.replace(recipe, equalize=None) for recipe in known]
    if learn:
        last = known[-1]
        known.append(msgspec.structs.replace(last, correct=True, learn=True))
    return tuple(dict.fromkeys(known))


class RecipeTrial(msgspec.Struct, frozen=True, kw_only=True):
    """A recipe that was tried.

    Args:
        recipe: Which scales, and what was equalised, corrected and learned.
        snr_db: Signal over noise of the outputs for held-out images, in decibels.
    """

    recipe: Recipe
    snr_db: float
