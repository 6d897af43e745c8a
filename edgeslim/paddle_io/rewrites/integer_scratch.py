"""3x3 convolutions of integers with a column of noughts, where threads would have too little room.

Paddle-Lite 2.13 computes them by Winograd's method on processors of Arm without dot products, in
scratch that is there for two threads. With a filter of 3x4 they are products of matrices.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from edgeslim.errors import ModelError
from edgeslim.paddle_io.block_edits import (
    argument,
    attribute,
    makers_of,
    new_operator,
    new_variable,
    set_attribute,
    shape_of,
)
from edgeslim.paddle_io.program_operators import BlockView
from edgeslim.paddle_io.proto import attribute_value, framework
from edgeslim.paddle_io.quantized_program import without_rounding
from edgeslim.paddle_io.rewrites._rewrite import Draft, Rewrite, Stage
from edgeslim.targets import MOST_THREADS, IntegerConvolution
from edgeslim.targets.quantized import ROUNDS_ACTIVATIONS, SHARED_SCRATCH_ARM
from edgeslim.window_sides import window_sides

__all__ = ["REWRITE"]


def _apply(draft: Draft) -> None:
    if not draft.is_about(SHARED_SCRATCH_ARM) or draft.place is None:
        return
    view = BlockView(draft.block)
    crowded = _crowded(draft.block, draft.place.threads or MOST_THREADS)
    for index in reversed(crowded):
        draft.note(SHARED_SCRATCH_ARM, view.operator(draft.block.ops[index]))
        _widen(draft, index)
    if crowded:  # leaves out what rounds filters that nothing reads any more
        draft.program = without_rounding(draft.program, lambda _: False)


def _crowded(block: Any, most: int) -> list[int]:  # noqa: ANN401 - a BlockDesc
    """Places of the convolutions that would use more scratch than there is by then."""
    makers, found = makers_of(block), []
    there = dict.fromkeys(range(1, most + 1), 0)
    for index, op in enumerate(block.ops):
        convolution = _convolution(block, op, makers)
        if convolution is None:
            continue
        room = {
            count: max(before, convolution.requested_bytes(count))
            for count, before in there.items()
        }
        if convolution.is_by_winograd and any(
            convolution.used_bytes(count) > room[count] for count in there
        ):
            found.append(index)
        else:
            there = room
    return found


def _convolution(block: Any, op: Any, makers: dict[str, Any]) -> IntegerConvolution | None:  # noqa: ANN401
    """What a convolution of what was rounded is like."""
    if op.type != "conv2d":
        return None
    read = makers.get(argument(op.inputs, "Input"))
    filters = shape_of(block, argument(op.inputs, "Filter"))
    if read is None or read.type not in ROUNDS_ACTIVATIONS or len(filters) != 4:
        return None
    extents = shape_of(block, argument(op.inputs, "Input"))[2:]
    made = shape_of(block, argument(op.outputs, "Output"))
    top, bottom, left, right = _sides(block, op)
    groups = int(attribute(op, "groups", 1))
    return IntegerConvolution(
        channels=(filters[1] * groups, filters[0]),
        padded=(extents[0] + top + bottom, extents[1] + left + right),
        output=(made[2], made[3]),
        window=(filters[2], filters[3]),
        strides=_pair(op, "strides"),
        dilations=_pair(op, "dilations"),
        groups=groups,
        is_evenly_padded=top == bottom and left == right,
    )


def _pair(op: Any, name: str) -> tuple[int, int]:  # noqa: ANN401
    rows, columns = attribute(op, name, (1, 1))
    return int(rows), int(columns)


def _sides(block: Any, op: Any) -> tuple[int, ...]:  # noqa: ANN401
    """Padding above, below, on the left and on the right."""
    return window_sides(
        attribute(op, "padding_algorithm", "EXPLICIT"),
        attribute(op, "paddings", (0, 0)),
        shape_of(block, argument(op.inputs, "Input"))[2:],
        shape_of(block, argument(op.inputs, "Filter"))[2:],
        _pair(op, "strides"),
    )


def _widen(draft: Draft, index: int) -> None:
    """Gives a convolution a filter with one column more, rounded as its own is."""
    block = draft.block
    op = block.ops[index]
    rounding = makers_of(block)[argument(op.inputs, "Filter")]
    name, scale = argument(rounding.inputs, "X"), argument(rounding.outputs, "OutScale")
    value, scales = draft.value(name), draft.value(scale)
    if value is None or scales is None:
        raise ModelError(f"the weights {name!r} of a convolution and their scales are not known")
    wider = np.pad(value, [(0, 0), (0, 0), (0, 0), (0, 1)])
    floats = framework().VarType.FP32
    filters = draft.add_parameter(f"{name}.wider", wider, floats)
    rounded = new_variable(block, f"{filters}.dequantized", wider.shape)
    kept = draft.add_parameter(f"{filters}.scale", scales, floats)
    attributes = {each.name: attribute_value(each) for each in rounding.attrs}
    made = {"Out": [rounded], "OutScale": [kept]}
    next(slot for slot in op.inputs if slot.parameter == "Filter").arguments[0] = rounded
    top, bottom, left, right = _sides(block, op)
    set_attribute(op, "paddings", (top, bottom, left, right + 1))
    set_attribute(op, "padding_algorithm", "EXPLICIT")
    block.ops.insert(index, new_operator(rounding.type, {"X": [filters]}, made, attributes))


# Before what is kept apart from the convolutions that are left.
REWRITE = Rewrite(stage=Stage.FORMULAS, apply=_apply, precisions=SHARED_SCRATCH_ARM.precisions)
