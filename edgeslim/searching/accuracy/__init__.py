"""Ways to say how good a candidate is, one file each."""

from __future__ import annotations

from edgeslim.registry import Shelf
from edgeslim.searching.accuracy._accuracy import Accuracy, AccuracyFactory, Judging

__all__ = ["ESTIMATORS", "Accuracy", "AccuracyFactory", "Judging"]

ESTIMATORS: Shelf[AccuracyFactory] = Shelf(
    what="way to find accuracies", package="edgeslim.searching.accuracy", attribute="ESTIMATOR"
)
"""All of them, by name."""
