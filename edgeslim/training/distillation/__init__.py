"""What a network learns from another: losses between feature maps of both.

A feature map is the output of an operator, by the name that it has in the program.
"""

from __future__ import annotations

from edgeslim.training.distillation._old_names import unknown_map
from edgeslim.training.distillation._term import Term, check_term
from edgeslim.training.distillation.losses import LOSSES

__all__ = ["LOSSES", "Term", "check_term", "unknown_map"]
