"""Batch norms and factors behind a convolution whose filter another one uses too.

``lite_conv_bn_fuse_pass`` and ``lite_conv_scale_fuse_pass`` of Paddle-Lite 2.13 multiply the
filter in its place and do not look who else reads it (``conv_bn_fuser.cc``): heads that share
their convolutions, with a norm for each level, have the factors of all norms in every one.
"""

from __future__ import annotations

from typing import Any

from edgeslim.paddle_io.block_edits import (
    argument,
    barrier,
    insert_operators,
    readers_of,
)
from edgeslim.paddle_io.parameters import persistent_tensors
from edgeslim.paddle_io.program_operators import BlockView
from edgeslim.paddle_io.rewrites._rewrite import Draft, Rewrite, Stage
from edgeslim.targets.optimizer import FACTORS_OF_SHARED_FILTERS

__all__ = ["REWRITE"]

_CONVOLUTIONS = {"conv2d", "depthwise_conv2d", "conv2d_transpose"}


def _keep_apart(draft: Draft) -> None:
    block = draft.block
    view = BlockView(block)
    readers = readers_of(block)
    parameters = set(persistent_tensors(draft.program))
    spoiled: set[str] = set()
    before: dict[int, Any] = {}
    for index, op in enumerate(block.ops):
        if op.type in _CONVOLUTIONS:
            if readers[argument(op.inputs, "Filter")] > 1:
                spoiled.add(argument(op.outputs, "Output"))
            continue
        source = argument(op.inputs, "X")
        if source not in spoiled or readers[source] > 1:
            continue
        if op.type in FACTORS_OF_SHARED_FILTERS.operators:
            draft.note(FACTORS_OF_SHARED_FILTERS, view.operator(op))
            before[index] = barrier(block, op, "X")
        elif op.type == "elementwise_add" and argument(op.inputs, "Y") in parameters:
            spoiled.add(argument(op.outputs, "Out"))
    insert_operators(block, before)


REWRITE = Rewrite(stage=Stage.APART, apply=_keep_apart)
