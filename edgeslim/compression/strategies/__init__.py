"""What can be done to a network on a timeline, one file each."""

from __future__ import annotations

from edgeslim.compression.strategies._strategy import (
    Idle,
    Role,
    Span,
    Strategy,
    StrategyEntry,
    StrategySettings,
)
from edgeslim.registry import Shelf

__all__ = [
    "STRATEGIES",
    "Idle",
    "Role",
    "Span",
    "Strategy",
    "StrategyEntry",
    "StrategySettings",
]

STRATEGIES: Shelf[StrategyEntry] = Shelf(
    what="strategy", package="edgeslim.compression.strategies", attribute="STRATEGY"
)
"""All strategies, by name."""
