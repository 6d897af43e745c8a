"""How the outputs of detectors are read, one file a kind."""

from __future__ import annotations

from typing import TYPE_CHECKING

from edgeslim.registry import Shelf

if TYPE_CHECKING:
    from edgeslim.training.detection.heads._head import DetectorHead

__all__ = ["HEADS"]

HEADS: Shelf[DetectorHead] = Shelf(
    what="detector", package="edgeslim.training.detection.heads", attribute="HEAD"
)
"""All heads, by name."""
