"""Operators that Paddle-Lite has under another name."""

from __future__ import annotations

from collections import Counter
from typing import Any

from edgeslim.paddle_io.proto import framework
from edgeslim.paddle_io.rewrites._rewrite import Draft, Rewrite, Stage

__all__ = ["REWRITE"]

_OTHER_NAMES: dict[str, tuple[str, dict[str, str]]] = {
    "bmm": ("matmul_v2", {}),
    "brelu": ("clip", {"t_min": "min", "t_max": "max"}),
    "channel_shuffle": ("shuffle_channel", {"groups": "group"}),
    "depthwise_conv2d_transpose": ("conv2d_transpose", {}),
    "reduce_amax": ("reduce_max", {}),
    "reduce_amin": ("reduce_min", {}),
}
"""Operators that Paddle-Lite has under another name, and their attributes' other names."""


def _apply(draft: Draft) -> Counter[str]:
    done: Counter[str] = Counter()
    for block in draft.program.blocks:
        for op in block.ops:
            done += _renamed(op)
    return done


def _renamed(op: Any) -> Counter[str]:  # noqa: ANN401
    """The name that Paddle-Lite has for an operator."""
    old = op.type
    if old not in _OTHER_NAMES:
        return Counter()
    op.type, names = _OTHER_NAMES[old]
    types = framework().AttrType
    for attribute in op.attrs:
        attribute.name = names.get(attribute.name, attribute.name)
        if attribute.type == types.LONGS:  # what the operators named instead have as 32 bits
            attribute.type = types.INTS
            attribute.ints.extend(attribute.longs)
            del attribute.longs[:]
    return Counter({f"{old} called {op.type}": 1})


REWRITE = Rewrite(stage=Stage.NAMES, apply=_apply)
