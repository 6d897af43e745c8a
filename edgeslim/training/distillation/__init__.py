"""Distillation: losses between feature maps of a student and a teacher.

A feature map is the output of an operator, by its name in the program.
"""

from __future__ import annotations

from edgeslim.training.distillation._paddle1_names import unknown_feature_map
from edgeslim.training.distillation._term import Term
from edgeslim.training.distillation._term_check import check_term
from edgeslim.training.distillation.losses import LOSSES

__all__ = ["LOSSES", "Term", "check_term", "unknown_feature_map"]
