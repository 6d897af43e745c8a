"""Strategies that choose widths, one file each."""

from __future__ import annotations

from edgeslim.pruning.strategies._strategy import (
    Losses,
    PruningStrategy,
    WidthProblem,
    choose_widths,
)
from edgeslim.registry import Shelf

__all__ = ["STRATEGIES", "Losses", "PruningStrategy", "WidthProblem", "choose_widths"]

STRATEGIES: Shelf[PruningStrategy] = Shelf(
    what="strategy", package="edgeslim.pruning.strategies", attribute="STRATEGY"
)
"""All strategies, by name."""
