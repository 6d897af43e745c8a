"""Operators that return an input of the network unchanged, rewritten as copies.

``opt`` removes a ``scale`` by 1 and a dropout, and gives the input the name of their result
(Paddle-Lite 2.13), so that a program that feeds the model by names finds no input of that name.
Paddle 2 saves such a ``scale`` before every output, also if the output is an input.
"""

from __future__ import annotations

from edgeslim.paddle_io.block_edits import new_operator
from edgeslim.paddle_io.rewrites._rewrite import RewriteStage, rewrite_in_place
from edgeslim.paddle_io.sketch import Sketch
from edgeslim.targets.optimizer import IDENTITIES_OF_INPUTS

__all__ = ["REWRITE"]


def _copy(s: Sketch) -> bool:
    s.op.CopyFrom(new_operator("assign", {"X": [s.x]}, {"Out": [s.result("Out")]}, {}))
    return True


REWRITE = rewrite_in_place(RewriteStage.OPERATORS, _copy, IDENTITIES_OF_INPUTS)
