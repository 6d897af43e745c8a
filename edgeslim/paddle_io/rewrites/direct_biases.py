"""Biases that additions read directly instead of through a reshaped copy.

Paddle writes ``conv2d -> elementwise_add(Y=reshape2(bias))``; Paddle-Lite fuses
``conv2d -> elementwise_add(Y=bias, axis=1)`` only.
"""

from __future__ import annotations

from typing import Any

from edgeslim.paddle_io.block_edits import (
    argument,
    readers_of,
    replace_operators,
    set_argument,
    set_attribute,
    shapes_of,
)
from edgeslim.paddle_io.draft import Draft
from edgeslim.paddle_io.parameters import persistent_tensors
from edgeslim.paddle_io.program_operators import BlockView
from edgeslim.paddle_io.rewrites._rewrite import Rewrite, RewriteStage
from edgeslim.targets.optimizer import RESHAPED_BIASES

__all__ = ["REWRITE"]


def _make_biases_direct(draft: Draft) -> None:
    program, block = draft.program, draft.block
    view = BlockView(block)
    ranks = {name: len(shape) for name, shape in shapes_of(block).items()}
    reshaped = _reshaped_biases(program)
    dropped = []
    for op in block.ops:
        if op.type != "elementwise_add":
            continue
        copy = argument(op.inputs, "Y")
        if copy not in reshaped or ranks[argument(op.inputs, "X")] != ranks[copy]:
            continue
        draft.note(RESHAPED_BIASES, view.operator(op))
        index, bias = reshaped[copy]
        set_argument(op.inputs, "Y", bias)
        set_attribute(op, "axis", 1)
        dropped.append(index)
    replace_operators(block, dict.fromkeys(dropped, ()))


def _reshaped_biases(program: Any) -> dict[str, tuple[int, str]]:  # noqa: ANN401
    """The index of the reshape and the bias's name, by each reshaped bias with one reader."""
    block = program.blocks[0]
    parameters = persistent_tensors(program)
    shapes = shapes_of(block)
    readers = readers_of(block)
    found = {}
    for index, op in enumerate(block.ops):
        if op.type != "reshape2":
            continue
        source, result = argument(op.inputs, "X"), argument(op.outputs, "Out")
        shape = shapes.get(result, ())
        along_channels = shape[:1] + shape[2:] == (1,) * (len(shape) - 1)
        if parameters.get(source) == shape[1:2] and along_channels and readers[result] == 1:
            found[result] = (index, source)
    return found


REWRITE = Rewrite(stage=RewriteStage.CONSTANTS, apply=_make_biases_direct)
