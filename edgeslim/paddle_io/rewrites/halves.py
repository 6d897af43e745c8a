"""A program that is converted to fp16: what stays in fp32, and what is kept from becoming wrong.

What stays has a mark by which `opt` takes kernels of 32 bits for it, and puts conversions before
and behind it (`edgeslim.targets.FLOAT_KERNEL`). What must be given floats reads them through a
limit that no number reaches, of which there is no kernel in halves.
"""

from __future__ import annotations

from collections import defaultdict
from typing import Any

import numpy as np

from edgeslim.execution import Precision
from edgeslim.paddle_io.block_edits import (
    argument,
    arguments,
    barrier,
    insert_operators,
    makers_of,
    names_in,
    new_operator,
    new_variable,
    readers_of,
    set_attribute,
    type_of,
)
from edgeslim.paddle_io.parameters import persistent_tensors
from edgeslim.paddle_io.program_operators import BlockView
from edgeslim.paddle_io.proto import framework
from edgeslim.paddle_io.rewrites._rewrite import Draft, Rewrite, Stage
from edgeslim.targets import FLOAT_KERNEL, Answer, Law, known_laws
from edgeslim.targets.halves import (
    CONSTANTS_BEYOND_HALVES,
    CONSTANTS_IN_ACTIVATED_SUMS,
    CONSTANTS_OF_BOTH_WIDTHS,
    KINDS_WITH_HALF_WEIGHTS,
    LARGEST_HALF,
    LONG_CASTS,
    SCALED_CONVOLUTIONS,
    UNBIASED_TRANSPOSED,
    WITHOUT_HALVES,
    float_slots,
)

__all__ = ["REWRITE"]

_NO_LIMIT = float(np.finfo(np.float32).max)
_SUMS = {"elementwise_add", "elementwise_mul", "elementwise_sub"}
_TAKING_BIASES = {
    "conv2d",
    "conv2d_transpose",
    "depthwise_conv2d",
    "matmul",
    "matmul_v2",
    "mul",
}


def _apply(draft: Draft) -> None:
    _share_no_constants(draft)
    _keep_apart(draft)
    _give_floats(draft)
    _keep_in_floats(draft)


def _share_no_constants(draft: Draft) -> None:
    """Gives operators that read a constant in another width than others one of their own."""
    block, view = draft.block, BlockView(draft.block)
    floats = framework().VarType.FP32
    readers: dict[str, list[Any]] = defaultdict(list)
    for op in block.ops:
        for slot in op.inputs:
            for name in slot.arguments:
                readers[name].append(op)
    for name in list(persistent_tensors(draft.program)):
        others = [op for op in readers[name] if op.type not in KINDS_WITH_HALF_WEIGHTS]
        if len(others) in {0, len(readers[name])} or type_of(block, name) != floats:
            continue
        value = draft.value(name)
        if value is None:
            continue
        own = draft.add_parameter(f"{name}.float", value, floats)
        for op in others:
            draft.note(CONSTANTS_OF_BOTH_WIDTHS, view.operator(op))
            for slot in op.inputs:
                names = [own if each == name else each for each in slot.arguments]
                del slot.arguments[:]
                slot.arguments.extend(names)


def _keep_apart(draft: Draft) -> None:
    """Keeps operators from becoming part of those that are wrong with them in halves."""
    block, view = draft.block, BlockView(draft.block)
    makers, readers = makers_of(block), readers_of(block)
    parameters = set(persistent_tensors(draft.program))

    def maker(op: Any, slot: str = "X") -> Any:  # noqa: ANN401
        return makers.get(argument(op.inputs, slot))

    def becomes_a_bias(add: Any) -> bool:  # noqa: ANN401
        """Whether a sum with a constant becomes part of a convolution or product."""
        constant, other = argument(add.inputs, "Y"), argument(add.inputs, "X")
        before = maker(add)
        if add.type != "elementwise_add" or {readers[constant], readers[other]} != {1}:
            return False
        if before is not None and before.type == "batch_norm":
            before = maker(before)
        return before is not None and before.type in _TAKING_BIASES

    def merging(op: Any) -> Law | None:  # noqa: ANN401
        """Why an operator must not become part of the one before it, if so."""
        if op.type == "scale" and SCALED_CONVOLUTIONS.is_met_by(view.operator(op)):
            return SCALED_CONVOLUTIONS
        first = maker(op)
        if first is None:
            return None
        if op.type in CONSTANTS_IN_ACTIVATED_SUMS.operators and first.type in _SUMS:
            read = {*arguments(first.inputs, "X"), *arguments(first.inputs, "Y")}
            apart = bool(read & parameters) and not becomes_a_bias(first)
            return CONSTANTS_IN_ACTIVATED_SUMS if apart else None
        bare = first.type == "conv2d_transpose" and not arguments(first.inputs, "Bias")
        return UNBIASED_TRANSPOSED if bare and op.type in UNBIASED_TRANSPOSED.operators else None

    before: dict[int, Any] = {}
    for index, op in enumerate(block.ops):
        law = merging(op)
        if law is not None:
            draft.note(law, view.operator(op))
            before[index] = barrier(block, op, "X")
    insert_operators(block, before)


def _give_floats(draft: Draft) -> None:
    """Has operators without kernels of halves read floats of 32 bits."""
    block, view = draft.block, BlockView(draft.block)
    for op in list(block.ops):
        operator = view.operator(op)
        law = next(
            (each for each in (WITHOUT_HALVES, LONG_CASTS) if each.is_met_by(operator)), None
        )
        if law is None:
            continue
        draft.note(law, operator)
        for slot in float_slots(operator):
            _widened(block, op, slot)


def _widened(block: Any, op: Any, slot: str) -> None:  # noqa: ANN401
    """Puts a limit that no number reaches before an operator's input."""
    source = argument(op.inputs, slot)
    described = next(each for each in block.vars if each.name == source)
    result = new_variable(block, f"{source}.float", described.type.dense_tensor.tensor.dims)
    limits = {"min": -_NO_LIMIT, "max": _NO_LIMIT}
    made = names_in(op.outputs)
    place = next(n for n, each in enumerate(block.ops) if names_in(each.outputs) == made)
    block.ops.insert(place, new_operator("clip", {"X": [source]}, {"Out": [result]}, limits))
    next(each for each in op.inputs if each.parameter == slot).arguments[0] = result


def _keep_in_floats(draft: Draft) -> None:
    """Marks what stays in fp32; where all that read it are marked, a limit stands between."""
    block, view = draft.block, BlockView(draft.block)
    laws = [law for law in known_laws().laws if law.answer is Answer.FP32 and draft.is_about(law)]
    marked: dict[str, Any] = {}
    for op in list(block.ops):
        operator = view.operator(op)
        law = next((each for each in laws if each.is_met_by(operator)), None)
        beyond = [] if law else _slots_beyond(draft, op)
        for slot in beyond:
            law = CONSTANTS_BEYOND_HALVES
            _widened(block, op, slot)
        if law is not None:
            draft.note(law, operator)
            set_attribute(op, FLOAT_KERNEL, value=False)
            marked[argument(op.outputs, "Out")] = op
    for op in marked.values():
        if argument(op.inputs, "X") in marked:
            _widened(block, op, "X")


def _slots_beyond(draft: Draft, op: Any) -> list[str]:  # noqa: ANN401
    """Slots of constants of which no halves can be made.

    Of the constants themselves halves are made even where the operator stays in floats.
    """
    if op.type not in CONSTANTS_BEYOND_HALVES.operators:
        return []
    values = {slot: draft.value(argument(op.inputs, slot)) for slot in ("X", "Y")}
    return [
        slot
        for slot, value in values.items()
        if value is not None and value.size and np.abs(value).max() > LARGEST_HALF
    ]


REWRITE = Rewrite(stage=Stage.APART, apply=_apply, precisions=frozenset({Precision.FP16}))
