"""Search algorithms, one file each."""

from __future__ import annotations

from edgeslim.registry import Shelf
from edgeslim.searching.algorithms._algorithm import Algorithm, AlgorithmFactory, Problem

__all__ = ["ALGORITHMS", "Algorithm", "AlgorithmFactory", "Problem"]

ALGORITHMS: Shelf[AlgorithmFactory] = Shelf(
    what="search algorithm", package="edgeslim.searching.algorithms", attribute="ALGORITHM"
)
"""All algorithms, by name."""
