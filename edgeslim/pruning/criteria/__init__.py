"""Criteria of how important a channel is, one file each."""

from __future__ import annotations

from edgeslim.pruning.criteria._criterion import Criterion
from edgeslim.registry import Shelf

__all__ = ["CRITERIA", "Criterion"]

CRITERIA: Shelf[Criterion] = Shelf(
    what="criterion", package="edgeslim.pruning.criteria", attribute="CRITERION"
)
"""All criteria, by name."""
