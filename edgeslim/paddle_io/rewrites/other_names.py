"""Operators that Paddle-Lite has under another name."""

from __future__ import annotations

from typing import Any

from edgeslim.paddle_io.program_operators import BlockView
from edgeslim.paddle_io.proto import framework
from edgeslim.paddle_io.rewrites._rewrite import Draft, Rewrite, Stage
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
"""Operators that Paddle-Lite has under another name, and their attributes' other names."""


def _apply(draft: Draft) -> None:
    for block in draft.program.blocks:
        view = BlockView(block)
        for op in block.ops:
            if op.type in OTHER_NAMES.operators:
                draft.note(OTHER_NAMES, view.operator(op))
                _rename(op)


def _rename(op: Any) -> None:  # noqa: ANN401 - an OpDesc
    op.type, names = _OTHER_NAMES[op.type]
    types = framework().AttrType
    for attribute in op.attrs:
        attribute.name = names.get(attribute.name, attribute.name)
        if attribute.type == types.LONGS:  # what the operators named instead have as 32 bits
            attribute.type = types.INTS
            attribute.ints.extend(attribute.longs)
            del attribute.longs[:]


REWRITE = Rewrite(stage=Stage.NAMES, apply=_apply)
