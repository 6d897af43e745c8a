"""Batch norms and factors behind a convolution whose filter another one uses too.

``lite_conv_bn_fuse_pass`` and ``lite_conv_scale_fuse_pass`` of Paddle-Lite 2.13 multiply the stored
filter and do not check who else reads it (``conv_bn_fuser.cc``): if heads share their
convolutions, with a norm for each level, each of them gets the factors of all norms.
"""

from __future__ import annotations

from edgeslim.paddle_io.block_edits import argument, readers_of
from edgeslim.paddle_io.draft import Draft
from edgeslim.paddle_io.parameters import persistent_tensors
from edgeslim.paddle_io.rewrites._rewrite import Barriers, Rewrite, RewriteStage
from edgeslim.targets.optimizer import FACTORS_OF_SHARED_FILTERS

__all__ = ["REWRITE"]

_CONVOLUTIONS = {"conv2d", "depthwise_conv2d", "conv2d_transpose"}


def _keep_apart(draft: Draft) -> None:
    block, barriers = draft.block, Barriers(draft)
    readers, parameters = readers_of(block), persistent_tensors(draft.program)
    shared: set[str] = set()
    for index, op in enumerate(block.ops):
        if op.type in _CONVOLUTIONS:
            if readers[argument(op.inputs, "Filter")] > 1:
                shared.add(argument(op.outputs, "Output"))
            continue
        source = argument(op.inputs, "X")
        if source not in shared or readers[source] > 1:
            continue
        if op.type in FACTORS_OF_SHARED_FILTERS.operators:
            barriers.add(index, "X", FACTORS_OF_SHARED_FILTERS)
        elif op.type == "elementwise_add" and argument(op.inputs, "Y") in parameters:
            shared.add(argument(op.outputs, "Out"))
    barriers.insert()


REWRITE = Rewrite(stage=RewriteStage.APART, apply=_keep_apart)
