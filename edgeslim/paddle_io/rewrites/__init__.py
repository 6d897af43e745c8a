"""What is written otherwise before Paddle-Lite's optimizer reads a program, one idea a file."""

from __future__ import annotations

from edgeslim.paddle_io.rewrites._rewrite import Draft, Rewrite, Stage
from edgeslim.registry import Shelf

__all__ = ["REWRITES", "Draft", "Rewrite", "Stage"]

REWRITES: Shelf[Rewrite] = Shelf(
    what="rewrite", package="edgeslim.paddle_io.rewrites", attribute="REWRITE"
)
"""All rewrites, by name."""
