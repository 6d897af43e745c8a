"""What the int8 kernels of a target compute wrongly, in floats or kept apart.

On ``x86`` Paddle-Lite 2.13 multiplies weights of 8 bits with activations made unsigned, and
adds two products in 16 bits, which hold ``2 * 255 * 64`` and not ``2 * 255 * 127``: weights of 7
bits are within it. Its convolutions take in ``hard_swish`` and ``leaky_relu`` with wrong factors.
It has no int8 kernel for fully connected layers, but still stores their weights as whole numbers;
and what rounds an activation takes 32 elements at once, and of the rest, if there are 8 or more,
writes every second four only. Both kinds of layers stay in floats there.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from edgeslim.paddle_io.block_edits import argument, barrier, insert_operators, makers_of
from edgeslim.paddle_io.program_operators import BlockView
from edgeslim.paddle_io.quantized_program import CONVOLUTIONS, ROUNDING_KINDS, without_rounding
from edgeslim.paddle_io.rewrites._rewrite import Draft, Rewrite, Stage
from edgeslim.targets.quantized import ACTIVATIONS_WITHIN_X86, ODD_SIZES_X86, PRODUCTS_X86

__all__ = ["REWRITE"]

_SOURCE = {"batch_norm": "X", "elementwise_add": "X"}
"""Slots of the operators that become part of a convolution before them."""


def _apply(draft: Draft) -> None:
    _put_in_floats(draft)
    if draft.is_about(ACTIVATIONS_WITHIN_X86):
        _keep_activations_apart(draft)


def _put_in_floats(draft: Draft) -> None:
    laws = [law for law in (PRODUCTS_X86, ODD_SIZES_X86) if draft.is_about(law)]
    view = BlockView(draft.block)

    def is_wrong(op: Any) -> bool:  # noqa: ANN401 - an OpDesc
        operator = view.operator(op)
        met = [law for law in laws if law.is_met_by(operator)]
        for law in met:
            draft.note(law, operator)
        return bool(met)

    draft.program = without_rounding(draft.program, is_wrong)


def _keep_activations_apart(draft: Draft) -> None:
    block = draft.block
    view = BlockView(block)
    before = {}
    for index in _spoiled(block):
        op = block.ops[index]
        draft.note(ACTIVATIONS_WITHIN_X86, view.operator(op))
        before[index] = barrier(block, op, "X")
    insert_operators(block, before)


def _spoiled(block: Any) -> Iterator[int]:  # noqa: ANN401 - a BlockDesc
    """Places of the activations that an int8 convolution would take in wrongly."""
    makers = makers_of(block)
    rounding = (op for op in block.ops if op.type in ROUNDING_KINDS)
    rounded = {name for op in rounding for slot in op.outputs for name in slot.arguments}
    for index, op in enumerate(block.ops):
        if op.type not in ACTIVATIONS_WITHIN_X86.operators:
            continue
        maker = makers.get(argument(op.inputs, "X"))
        while maker is not None and maker.type in _SOURCE:
            maker = makers.get(argument(maker.inputs, _SOURCE[maker.type]))
        if maker is None or maker.type not in CONVOLUTIONS:
            continue
        if argument(maker.inputs, "Input") in rounded:
            yield index


REWRITE = Rewrite(stage=Stage.OPERATORS, apply=_apply, precisions=ACTIVATIONS_WITHIN_X86.precisions)
