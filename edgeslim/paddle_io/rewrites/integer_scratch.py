"""Int8 3x3 convolutions with a column of zeros, where threads would have too little scratch memory.

Paddle-Lite 2.13 computes them by Winograd's method on Arm processors without dot products, with
scratch memory for two threads. With a filter of 3x4 they are matrix products.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from edgeslim.errors import ModelError
from edgeslim.paddle_io.block_edits import (
    argument,
    attributes_of,
    makers_of,
    new_operator,
    new_variable,
    set_argument,
    set_attribute,
)
from edgeslim.paddle_io.draft import Draft
from edgeslim.paddle_io.program_operators import BlockView
from edgeslim.paddle_io.quantized_program import without_rounding
from edgeslim.paddle_io.rewrites._rewrite import Rewrite, RewriteStage
from edgeslim.targets import MOST_THREADS, IntegerConvolution, Operator
from edgeslim.targets.convolutions import sides_around
from edgeslim.targets.quantized import ROUNDS_ACTIVATIONS, SHARED_SCRATCH_ARM

__all__ = ["REWRITE"]


def _apply(draft: Draft) -> None:
    if not draft.is_about(SHARED_SCRATCH_ARM) or draft.place is None:
        return
    found = _overflowing(draft.block, draft.place.threads or MOST_THREADS)
    for index, operator in reversed(found):
        draft.note(SHARED_SCRATCH_ARM, operator)
        _widen(draft, index, operator)
    if found:  # removes the operators that quantize filters which nothing reads any more
        draft.program = without_rounding(draft.program, lambda _: False)


def _overflowing(block: Any, most_threads: int) -> list[tuple[int, Operator]]:  # noqa: ANN401
    """The convolutions that would use more scratch memory than there is by then."""
    view, found = BlockView(block), []
    requested = dict.fromkeys(range(1, most_threads + 1), 0)  # bytes by the number of threads
    for index, op in enumerate(block.ops):
        operator = view.operator(op)
        convolution = _convolution(operator)
        if convolution is None:
            continue
        scratch = {
            threads: max(before, convolution.requested_bytes(threads))
            for threads, before in requested.items()
        }
        if convolution.is_by_winograd and any(
            convolution.used_bytes(threads) > scratch[threads] for threads in scratch
        ):
            found.append((index, operator))
        else:
            requested = scratch
    return found


def _convolution(operator: Operator) -> IntegerConvolution | None:
    """The sizes of a convolution of quantized inputs; None for other operators."""
    filters = operator.shape("Filter")
    is_quantized = set(ROUNDS_ACTIVATIONS).intersection(operator.makers.get("Input", ()))
    if operator.kind != "conv2d" or not is_quantized or len(filters) != 4:
        return None
    height, width = operator.shape("Input")[2:]
    output = operator.result("Output")
    top, bottom, left, right = sides_around(operator)
    groups = int(operator.attribute("groups", 1))
    return IntegerConvolution(
        channels=(filters[1] * groups, filters[0]),
        padded=(height + top + bottom, width + left + right),
        output=(output[2], output[3]),
        window=(filters[2], filters[3]),
        strides=_pair(operator, "strides"),
        dilations=_pair(operator, "dilations"),
        groups=groups,
        is_evenly_padded=top == bottom and left == right,
    )


def _pair(operator: Operator, name: str) -> tuple[int, int]:
    rows, columns = operator.attribute(name, (1, 1))
    return int(rows), int(columns)


def _widen(draft: Draft, index: int, operator: Operator) -> None:
    """Gives a convolution a filter with another column, quantized as its own is."""
    block = draft.block
    op = block.ops[index]
    rounding = makers_of(block)[argument(op.inputs, "Filter")]
    name, scale = argument(rounding.inputs, "X"), argument(rounding.outputs, "OutScale")
    value, scales = draft.value(name), draft.value(scale)
    if value is None or scales is None:
        raise ModelError(f"the weights {name!r} of a convolution and their scales are not known")
    wider = np.pad(value, [(0, 0), (0, 0), (0, 0), (0, 1)])
    filters = draft.add_parameter(f"{name}.wider", wider)
    rounded = new_variable(block, f"{filters}.dequantized", wider.shape)
    outputs = {
        "Out": [rounded],
        "OutScale": [draft.add_parameter(f"{filters}.scale", scales)],
    }
    set_argument(op.inputs, "Filter", rounded)
    top, bottom, left, right = sides_around(operator)
    set_attribute(op, "paddings", (top, bottom, left, right + 1))
    set_attribute(op, "padding_algorithm", "EXPLICIT")
    attributes = attributes_of(rounding)
    block.ops.insert(index, new_operator(rounding.type, {"X": [filters]}, outputs, attributes))


# Before other operators are kept apart from the convolutions that are left.
REWRITE = Rewrite(
    stage=RewriteStage.FORMULAS, apply=_apply, precisions=SHARED_SCRATCH_ARM.precisions
)
