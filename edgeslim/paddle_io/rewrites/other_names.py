"""Operators that Paddle-Lite has under another name."""

from __future__ import annotations

from edgeslim.paddle_io.block_edits import narrow_attribute
from edgeslim.paddle_io.rewrites._rewrite import RewriteStage, rewrite_in_place
from edgeslim.paddle_io.sketch import Sketch
from edgeslim.targets.forms import OTHER_NAMES

__all__ = ["REWRITE"]

_OTHER_NAMES: dict[str, tuple[str, dict[str, str]]] = {
    "bmm": ("matmul_v2", {}),
    "brelu": ("clip", {"t_min": "min", "t_max": "max"}),
    "channel_shuffle": ("shuffle_channel", {"groups": "group"}),
    "depthwise_conv2d_transpose": ("conv2d_transpose", {}),
    "reduce_amax": ("reduce_max", {}),
    "reduce_amin": ("reduce_min", {}),
}
"""The name of each operator in Paddle-Lite, and other names of its attributes."""


def _rename(s: Sketch) -> bool:
    s.op.type, names = _OTHER_NAMES[s.op.type]
    for attr in s.op.attrs:
        attr.name = names.get(attr.name, attr.name)
        narrow_attribute(attr)  # the operators of these names have 32 bits
    return True


REWRITE = rewrite_in_place(RewriteStage.NAMES, _rename, OTHER_NAMES)
