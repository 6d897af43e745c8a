"""Programs that are converted to fp16: operators that stay in fp32, and wrong fusions prevented.

An operator that stays in fp32 is marked (`edgeslim.targets.FLOAT_KERNEL`), so that `opt` chooses
its fp32 kernel, with conversions before and behind it. An operator that needs fp32 inputs reads
them through a ``clip`` with limits that no number reaches, which has no fp16 kernel.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from edgeslim.execution import Precision
from edgeslim.paddle_io.block_edits import (
    argument,
    arguments,
    makers_of,
    names_in,
    new_operator,
    new_variable,
    readers_of,
    reading_operators,
    set_argument,
    set_attribute,
    shape_of,
    type_of,
)
from edgeslim.paddle_io.draft import Draft
from edgeslim.paddle_io.parameters import persistent_tensors
from edgeslim.paddle_io.program_operators import BlockView
from edgeslim.paddle_io.proto import framework
from edgeslim.paddle_io.rewrites._rewrite import Barriers, Rewrite, RewriteStage
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
_KINDS_WITH_BIAS = {
    "conv2d",
    "conv2d_transpose",
    "depthwise_conv2d",
    "matmul",
    "matmul_v2",
    "mul",
}


def _apply(draft: Draft) -> None:
    _split_shared_constants(draft)
    _keep_apart(draft)
    _give_floats(draft)
    _keep_in_floats(draft)


def _split_shared_constants(draft: Draft) -> None:
    """Gives operators that read a constant in another width than others a copy of it."""
    block, view = draft.block, BlockView(draft.block)
    readers = reading_operators(block)
    for name in list(persistent_tensors(draft.program)):
        others = [op for op in readers[name] if op.type not in KINDS_WITH_HALF_WEIGHTS]
        is_float = type_of(block, name) == framework().VarType.FP32
        if len(others) in {0, len(readers[name])} or not is_float:
            continue
        value = draft.value(name)
        if value is None:
            continue
        own = draft.add_parameter(f"{name}.float", value)
        for op in others:
            draft.note(CONSTANTS_OF_BOTH_WIDTHS, view.operator(op))
            for slot in op.inputs:
                slot.arguments[:] = [own if read == name else read for read in slot.arguments]


def _keep_apart(draft: Draft) -> None:
    """Keeps operators apart from others that are wrong when fused with them in fp16."""
    block, view, barriers = draft.block, BlockView(draft.block), Barriers(draft)
    makers, readers = makers_of(block), readers_of(block)
    parameters = set(persistent_tensors(draft.program))

    def maker(op: Any, slot: str = "X") -> Any:  # noqa: ANN401
        return makers.get(argument(op.inputs, slot))

    def becomes_a_bias(add: Any) -> bool:  # noqa: ANN401
        """Whether a sum with a constant becomes the bias of a convolution or product."""
        constant, other = argument(add.inputs, "Y"), argument(add.inputs, "X")
        before = maker(add)
        if add.type != "elementwise_add" or {readers[constant], readers[other]} != {1}:
            return False
        if before is not None and before.type == "batch_norm":
            before = maker(before)
        return before is not None and before.type in _KINDS_WITH_BIAS

    def find_law(op: Any) -> Law | None:  # noqa: ANN401
        """The law for which an operator must not be fused with the one before it, if any."""
        if op.type == "scale" and SCALED_CONVOLUTIONS.is_met_by(view.operator(op)):
            return SCALED_CONVOLUTIONS
        first = maker(op)
        if first is None:
            return None
        if op.type in CONSTANTS_IN_ACTIVATED_SUMS.operators and first.type in _SUMS:
            read = {*arguments(first.inputs, "X"), *arguments(first.inputs, "Y")}
            is_apart = bool(read & parameters) and not becomes_a_bias(first)
            return CONSTANTS_IN_ACTIVATED_SUMS if is_apart else None
        is_bare = first.type == "conv2d_transpose" and not arguments(first.inputs, "Bias")
        return UNBIASED_TRANSPOSED if is_bare and op.type in UNBIASED_TRANSPOSED.operators else None

    for index, op in enumerate(block.ops):
        law = find_law(op)
        if law is not None:
            barriers.add(index, "X", law)
    barriers.insert()


def _give_floats(draft: Draft) -> None:
    """Makes operators without fp16 kernels read fp32."""
    block, view = draft.block, BlockView(draft.block)
    for op in list(block.ops):
        operator = view.operator(op)
        law = next((law for law in (WITHOUT_HALVES, LONG_CASTS) if law.is_met_by(operator)), None)
        if law is None:
            continue
        draft.note(law, operator)
        for slot in float_slots(operator):
            _widen(block, op, slot)


def _widen(block: Any, op: Any, slot: str) -> None:  # noqa: ANN401
    """Puts a clip with limits that no number reaches before an operator's input."""
    source = argument(op.inputs, slot)
    result = new_variable(block, f"{source}.float", shape_of(block, source))
    limits = {"min": -_NO_LIMIT, "max": _NO_LIMIT}
    results = names_in(op.outputs)
    index = next(index for index, o in enumerate(block.ops) if names_in(o.outputs) == results)
    block.ops.insert(index, new_operator("clip", {"X": [source]}, {"Out": [result]}, limits))
    set_argument(op.inputs, slot, result)


def _keep_in_floats(draft: Draft) -> None:
    """Marks operators that stay in fp32, with a clip between those that follow each other.

    `opt` ignores the mark of an operator if all operators that read its result are marked too.
    """
    block, view = draft.block, BlockView(draft.block)
    laws = [law for law in known_laws().laws if law.answer is Answer.FP32 and draft.is_about(law)]
    marked: dict[str, Any] = {}
    for op in list(block.ops):
        operator = view.operator(op)
        law = next((law for law in laws if law.is_met_by(operator)), None)
        for slot in [] if law else _slots_beyond_halves(draft, op):
            law = CONSTANTS_BEYOND_HALVES
            _widen(block, op, slot)
        if law is not None:
            draft.note(law, operator)
            set_attribute(op, FLOAT_KERNEL, value=False)
            marked[argument(op.outputs, "Out")] = op
    for op in marked.values():
        if argument(op.inputs, "X") in marked:
            _widen(block, op, "X")


def _slots_beyond_halves(draft: Draft, op: Any) -> list[str]:  # noqa: ANN401
    """Slots of constants with numbers that halves cannot hold.

    The runtime converts constants to halves even if their operator stays in fp32.
    """
    if op.type not in CONSTANTS_BEYOND_HALVES.operators:
        return []
    values = {slot: draft.value(argument(op.inputs, slot)) for slot in ("X", "Y")}
    return [
        slot
        for slot, value in values.items()
        if value is not None and value.size and np.abs(value).max() > LARGEST_HALF
    ]


REWRITE = Rewrite(stage=RewriteStage.APART, apply=_apply, precisions=frozenset({Precision.FP16}))
