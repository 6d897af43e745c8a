"""Rewrites of programs for Paddle-Lite, one file for each law or a few similar ones.

A file defines ``REWRITE``; `_rewrite.py` has the ways to make one. Its name is in the law that it
is for (`edgeslim.targets`).
"""

from __future__ import annotations

from edgeslim.paddle_io.rewrites._rewrite import Rewrite
from edgeslim.registry import Shelf

__all__ = ["REWRITES", "Rewrite"]

REWRITES: Shelf[Rewrite] = Shelf(
    what="rewrite", package="edgeslim.paddle_io.rewrites", attribute="REWRITE"
)
"""All rewrites, by the name of their file."""
