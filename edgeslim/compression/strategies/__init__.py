"""Strategies of a timeline, one module each."""

from __future__ import annotations

from edgeslim.compression.strategies._strategy import Idle, Strategy, StrategyEntry
from edgeslim.registry import Shelf

__all__ = [
    "STRATEGIES",
    "Idle",
    "Strategy",
    "StrategyEntry",
]

STRATEGIES: Shelf[StrategyEntry] = Shelf(
    what="strategy", package="edgeslim.compression.strategies", attribute="STRATEGY"
)
"""All strategies, by name."""
