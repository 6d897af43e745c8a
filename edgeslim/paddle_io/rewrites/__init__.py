"""Rewrites of programs for Paddle-Lite, one file for each law or a few similar ones.

A file defines ``REWRITE``; `_rewrite.py` has the ways to make one. Its name is in the law that it
is for (`edgeslim.targets`).

Files are found by name and applied in stages: names, attributes and outputs that Paddle leaves
out; operators that kernels get wrong; constants where `opt` looks for them; and at last barriers
between operators that it would merge wrongly, which vanish on the device. A rewriting asks the law
whether an operator meets it and notes it (`Draft.note`), so that condition and rewriting are one.
Most are applied once, for all places, when a model is prepared: one program serves `x86` and
`arm`. Those of a precision (int8 kernels, stored weights, fp16) are applied when it is converted,
for the place alone. What is pruned, trained and compared with is the model as it came.
"""

from __future__ import annotations

from edgeslim.paddle_io.rewrites._rewrite import Rewrite
from edgeslim.registry import Shelf

__all__ = ["REWRITES", "Rewrite"]

REWRITES: Shelf[Rewrite] = Shelf(
    what="rewrite", package="edgeslim.paddle_io.rewrites", attribute="REWRITE"
)
"""All rewrites, by the name of their file."""
