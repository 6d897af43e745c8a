"""Losses between feature maps, one file each."""

from __future__ import annotations

from edgeslim.registry import Shelf
from edgeslim.training.distillation.losses._loss import DistillationLoss

__all__ = ["LOSSES", "DistillationLoss"]

LOSSES: Shelf[DistillationLoss] = Shelf(
    what="distillation loss", package="edgeslim.training.distillation.losses", attribute="LOSS"
)
"""All losses, by name."""
