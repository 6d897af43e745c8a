"""What the int8 kernels of a target compute wrongly, put right or refused. Pure description.

On ``x86`` Paddle-Lite 2.13 multiplies weights of 8 bits with activations made unsigned, and
adds two products in 16 bits, which hold ``2 * 255 * 64`` and not ``2 * 255 * 127``: sums are
cut off without a word (the instruction is ``vpmaddubsw``). Weights of 7 bits are within it,
and outputs are then Paddle's. Its convolutions take in ``hard_swish`` and ``leaky_relu`` with
wrong factors, so these are kept apart. It has no int8 kernel for fully connected layers, but
still stores their weights as whole numbers, which its float kernel then reads as floats; and
what rounds an activation takes 32 elements at once, and of the rest, if there are 8 or more,
writes every second four only (``calib.cc``). Both kinds of layers stay in floats there.

On ``arm`` all of that is right by the sources and has kernels.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator
from typing import Any

from edgeslim.errors import ModelError
from edgeslim.execution import Target
from edgeslim.paddle_io.block_edits import barrier
from edgeslim.paddle_io.quantized_program import (
    CONVOLUTIONS,
    PRODUCTS,
    ROUNDING_KINDS,
    STORED_SCALE_KIND,
    is_quantized,
    without_rounding,
)
from edgeslim.paddle_io.rewrites.merge_barriers import keep_apart

__all__ = ["X86_WEIGHT_BITS", "int8_problem", "quantized_for"]

X86_WEIGHT_BITS = 7
"""The most that weights may have where two products are added in 16 bits."""

_KERNEL_BITS = 8
_AT_ONCE = 32
_WRITTEN_WRONG = 8
"""Elements that are rounded together, and how many left over are rounded wrongly."""

_WRONG_WITHIN = {"hard_swish", "leaky_relu"}
_SOURCE = {"batch_norm": "X", "elementwise_add": "X"}
"""Slots of the operators that become part of a convolution before them."""


def int8_problem(program: Any, target: Target) -> str:  # noqa: ANN401 - a ProgramDesc
    """Why a quantized model would compute something else on a target; empty if it would not."""
    weights, activations = 0, _KERNEL_BITS
    for op in program.blocks[0].ops:
        if op.type in ROUNDING_KINDS:
            bits = next((each.i for each in op.attrs if each.name == "bit_length"), _KERNEL_BITS)
            if op.type == STORED_SCALE_KIND:
                activations = bits if bits != _KERNEL_BITS else activations
            else:
                weights = max(weights, bits)
    if weights > _KERNEL_BITS or activations != _KERNEL_BITS:
        return (
            "int8 kernels compute with activations of 8 bits and weights of at most 8, and this "
            f"model has {activations} and {weights}; quantize it again with 8"
        )
    if target is Target.X86 and weights > X86_WEIGHT_BITS:
        return (
            f"Paddle-Lite's int8 kernels for x86 cut off sums of weights of {weights} bits; "
            f"quantize it again with weights of {X86_WEIGHT_BITS} (--weight-bits "
            f"{X86_WEIGHT_BITS}), or deploy it in floats (--precisions fp32)"
        )
    return ""


def quantized_for(program: Any, target: Target) -> tuple[Any, list[str]]:  # noqa: ANN401
    """A program as the optimizer gets it right for a target, and what was changed, in phrases.

    A program that nothing has to be changed of is given back itself. The persistent tensors
    stay as they are, so the parameter file stays valid.

    Raises:
        ModelError: It would compute something else there; see `int8_problem`.
    """
    if not is_quantized(program):
        return program, []
    problem = int8_problem(program, target)
    if problem:
        raise ModelError(problem)
    if target is not Target.X86:
        return program, []
    shapes = {each.name: each.type.dense_tensor.tensor.dims for each in program.blocks[0].vars}
    before = _rounded(program.blocks[0])
    in_floats: Counter[str] = Counter()

    def is_wrong(op: Any) -> bool:  # noqa: ANN401
        slot = "X" if op.type in PRODUCTS else "Input"
        if _argument(op, slot) not in before:
            return False
        rest = math.prod(shapes[_argument(op, slot)]) % _AT_ONCE
        what = "fully connected layers" if op.type in PRODUCTS else "convolutions of odd sizes"
        wrong = op.type in PRODUCTS or rest >= _WRITTEN_WRONG
        in_floats[what] += wrong
        return wrong

    changed = without_rounding(program, is_wrong)
    block = changed.blocks[0]
    found = list(_spoiled(block))
    for index in reversed(found):
        block.ops.insert(index, barrier(block, block.ops[index], "X"))
    keep_apart(changed)  # of float convolutions, which there may be now, it merges some wrongly
    phrases = [f"{what} in floats ({count})" for what, count in in_floats.items() if count]
    if found:
        phrases.append(f"activations kept apart from int8 convolutions ({len(found)})")
    return changed, phrases


def _spoiled(block: Any) -> Iterator[int]:  # noqa: ANN401
    """Places of the activations that an int8 convolution would take in wrongly."""
    makers = {name: op for op in block.ops for slot in op.outputs for name in slot.arguments}
    rounded = _rounded(block)
    for index, op in enumerate(block.ops):
        if op.type not in _WRONG_WITHIN:
            continue
        maker = makers.get(_argument(op, "X"))
        while maker is not None and maker.type in _SOURCE:
            maker = makers.get(_argument(maker, _SOURCE[maker.type]))
        if (
            maker is not None
            and maker.type in CONVOLUTIONS
            and _argument(maker, "Input") in rounded
        ):
            yield index


def _rounded(block: Any) -> set[str]:  # noqa: ANN401
    """Names of what was rounded."""
    rounding = (op for op in block.ops if op.type in ROUNDING_KINDS)
    return {name for op in rounding for slot in op.outputs for name in slot.arguments}


def _argument(op: Any, slot: str) -> str:  # noqa: ANN401
    return next((s.arguments[0] for s in op.inputs if s.parameter == slot and s.arguments), "")
