"""Attributes that Paddle leaves out, and without which Paddle-Lite aborts or crashes."""

from __future__ import annotations

from edgeslim.paddle_io.proto import add_attribute
from edgeslim.paddle_io.rewrites._rewrite import RewriteStage, rewrite_in_place
from edgeslim.paddle_io.sketch import Sketch
from edgeslim.targets.forms import ATTRIBUTES_LEFT_OUT, DEFAULTS

__all__ = ["REWRITE"]


def _add_defaults(s: Sketch) -> bool:
    for name, value in DEFAULTS[s.op.type].items():
        if name not in s.operator.attributes:
            add_attribute(s.op, name, value)
    return True


REWRITE = rewrite_in_place(RewriteStage.FORM, _add_defaults, ATTRIBUTES_LEFT_OUT)
