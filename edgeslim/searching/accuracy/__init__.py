"""Estimators of a candidate's accuracy, one file each."""

from __future__ import annotations

from edgeslim.registry import Shelf
from edgeslim.searching.accuracy._accuracy import (
    AccuracyEstimator,
    EstimatorFactory,
    EvaluationSetup,
)

__all__ = ["ESTIMATORS", "AccuracyEstimator", "EstimatorFactory", "EvaluationSetup"]

ESTIMATORS: Shelf[EstimatorFactory] = Shelf(
    what="way to find accuracies", package="edgeslim.searching.accuracy", attribute="ESTIMATOR"
)
"""All estimators by name."""
