"""Ways of choosing widths, one file each."""

from __future__ import annotations

from edgeslim.pruning.strategies._strategy import (
    Losses,
    Strategy,
    WidthProblem,
    choose_widths,
)
from edgeslim.registry import Shelf

__all__ = ["STRATEGIES", "Losses", "Strategy", "WidthProblem", "choose_widths"]

STRATEGIES: Shelf[Strategy] = Shelf(
    what="strategy", package="edgeslim.pruning.strategies", attribute="STRATEGY"
)
"""All strategies, by name."""
