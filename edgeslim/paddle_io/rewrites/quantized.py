"""What the int8 kernels of a target compute wrongly, in floats or kept apart.

On ``x86`` Paddle-Lite 2.13 multiplies weights of 8 bits with activations made unsigned, and
adds two products in 16 bits, which hold ``2 * 255 * 64`` and not ``2 * 255 * 127``: weights of 7
bits are within it. Its convolutions take in ``hard_swish`` and ``leaky_relu`` with wrong factors.
It has no int8 kernel for fully connected layers, but still stores their weights as whole numbers;
and what rounds an activation takes 32 elements at once, and of the rest, if there are 8 or more,
writes every second four only. Both kinds of layers stay in floats there.

On ``arm`` a fully connected layer of integers does not scale the limit of a ``relu6`` that it takes
in, and a depthwise convolution not the factors of a ``hard_swish``.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from edgeslim.paddle_io.block_edits import (
    argument,
    attribute,
    barrier,
    insert_operators,
    makers_of,
)
from edgeslim.paddle_io.program_operators import BlockView
from edgeslim.paddle_io.quantized_program import (
    CONVOLUTIONS,
    PRODUCTS,
    ROUNDING_KINDS,
    without_rounding,
)
from edgeslim.paddle_io.rewrites._rewrite import Draft, Rewrite, Stage
from edgeslim.targets import Law
from edgeslim.targets.quantized import (
    ACTIVATIONS_WITHIN_X86,
    CLIPS_WITHIN_PRODUCTS_ARM,
    ODD_SIZES_X86,
    PRODUCTS_X86,
    SWISH_WITHIN_DEPTHWISE_ARM,
)

__all__ = ["REWRITE"]

_SOURCE = {"batch_norm": "X", "elementwise_add": "X"}
"""Slots of the operators that become part of a convolution before them."""


def _is_convolution(op: Any) -> bool:  # noqa: ANN401 - an OpDesc
    return op.type in CONVOLUTIONS


def _is_product(op: Any) -> bool:  # noqa: ANN401
    return op.type in PRODUCTS


def _is_depthwise(op: Any) -> bool:  # noqa: ANN401
    return _is_convolution(op) and int(attribute(op, "groups", 1)) > 1


_TAKEN_IN_BY: Mapping[Law, Callable[[Any], bool]] = {
    ACTIVATIONS_WITHIN_X86: _is_convolution,
    CLIPS_WITHIN_PRODUCTS_ARM: _is_product,
    SWISH_WITHIN_DEPTHWISE_ARM: _is_depthwise,
}
"""Laws of activations, and which operators take these in wrongly if their input was rounded."""


def _apply(draft: Draft) -> None:
    _put_in_floats(draft)
    for law, is_taking in _TAKEN_IN_BY.items():
        if draft.is_about(law):
            _keep_apart(draft, law, is_taking)


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


def _keep_apart(draft: Draft, law: Law, is_taking: Callable[[Any], bool]) -> None:
    block = draft.block
    view, makers = BlockView(block), makers_of(block)
    rounding = (op for op in block.ops if op.type in ROUNDING_KINDS)
    rounded = {name for op in rounding for slot in op.outputs for name in slot.arguments}
    before = {}
    for index, op in enumerate(block.ops):
        if op.type not in law.operators:
            continue
        maker = makers.get(argument(op.inputs, "X"))
        while maker is not None and maker.type in _SOURCE:
            maker = makers.get(argument(maker.inputs, _SOURCE[maker.type]))
        if maker is None or not is_taking(maker):
            continue
        if argument(maker.inputs, "X" if _is_product(maker) else "Input") in rounded:
            draft.note(law, view.operator(op))
            before[index] = barrier(block, op, "X")
    insert_operators(block, before)


REWRITE = Rewrite(stage=Stage.OPERATORS, apply=_apply, precisions=ACTIVATIONS_WITHIN_X86.precisions)
