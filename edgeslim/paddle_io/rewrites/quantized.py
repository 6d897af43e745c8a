"""What the int8 kernels of a target compute wrongly, in floats or kept apart.

On ``x86`` Paddle-Lite 2.13 multiplies weights of 8 bits with activations made unsigned, and
adds two products in 16 bits, which hold ``2 * 255 * 64`` and not ``2 * 255 * 127``: weights of 7
bits are within it. Its convolutions take in ``hard_swish`` and ``leaky_relu`` with wrong factors,
and read the bias of all groups but the first though there is none. It has no int8 kernel for fully
connected layers, but still stores their weights as whole numbers; and what rounds an activation
takes 32 elements at once, and of the rest, if there are 8 or more, writes every second four only.
Layers of these kinds stay in floats there. What they read ends where its scale does, as that of
the quantized network: beyond, activations are cut off.

On ``arm`` a fully connected layer of integers does not scale the limit of a ``relu6`` that it takes
in, and a depthwise convolution not the factors of a ``hard_swish``; one without padding compares
with no nought. Several rows by one column are multiplied wrongly, and a product without a bias has
a kernel only where floats are wanted behind it.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from edgeslim.paddle_io.block_edits import (
    argument,
    attribute,
    barrier,
    insert_operators,
    makers_of,
    names_in,
    new_operator,
    new_variable,
    shape_of,
)
from edgeslim.paddle_io.parameters import persistent_tensors
from edgeslim.paddle_io.program_operators import BlockView
from edgeslim.paddle_io.proto import framework
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
    GROUPS_WITHOUT_BIAS_X86,
    ODD_SIZES_X86,
    PRODUCTS_WITHOUT_BIAS_ARM,
    PRODUCTS_X86,
    RELUS_WITHIN_UNPADDED_ARM,
    ROUNDS_ACTIVATIONS,
    SINGLE_OUTPUTS_ARM,
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


def _is_unpadded_depthwise(op: Any) -> bool:  # noqa: ANN401
    valid = attribute(op, "padding_algorithm", "EXPLICIT") == "VALID"
    padded = any(attribute(op, "paddings", (0, 0))) and not valid
    return _is_depthwise(op) and not padded and set(attribute(op, "strides", (1, 1))) == {1}


_TAKEN_IN_BY: Mapping[Law, Callable[[Any], bool]] = {
    ACTIVATIONS_WITHIN_X86: _is_convolution,
    CLIPS_WITHIN_PRODUCTS_ARM: _is_product,
    SWISH_WITHIN_DEPTHWISE_ARM: _is_depthwise,
    RELUS_WITHIN_UNPADDED_ARM: _is_unpadded_depthwise,
}
"""Laws of activations, and which operators take these in wrongly if their input was rounded."""


def _apply(draft: Draft) -> None:
    _put_in_floats(draft)
    if draft.is_about(PRODUCTS_WITHOUT_BIAS_ARM):
        _add_noughts(draft)
    for law, is_taking in _TAKEN_IN_BY.items():
        if draft.is_about(law):
            _keep_apart(draft, law, is_taking)


def _put_in_floats(draft: Draft) -> None:
    laws = [law for law in (PRODUCTS_X86, ODD_SIZES_X86, SINGLE_OUTPUTS_ARM) if draft.is_about(law)]
    lacking = _without_bias(draft) if draft.is_about(GROUPS_WITHOUT_BIAS_X86) else set()
    view, largest = BlockView(draft.block), _largest_rounded(draft)
    ends: dict[str, float] = {}

    def is_wrong(op: Any) -> bool:  # noqa: ANN401 - an OpDesc
        operator = view.operator(op)
        read = argument(op.inputs, _slot(op))
        met = [law for law in laws if law.is_met_by(operator)]
        met += [GROUPS_WITHOUT_BIAS_X86] if operator.name in lacking and read in largest else []
        for law in met:
            draft.note(law, operator)
        if met and read in largest:
            ends[operator.name] = largest[read]
        return bool(met)

    draft.program = without_rounding(draft.program, is_wrong)
    _cut_off(draft.block, ends)


def _without_bias(draft: Draft) -> set[str]:
    """What convolutions in groups make to which nothing is added that can become their bias."""
    found, parameters = set(), persistent_tensors(draft.program)
    readers: dict[str, list[Any]] = defaultdict(list)
    for op in draft.block.ops:
        for name in names_in(op.inputs):
            readers[name].append(op)
    for op in draft.block.ops:
        if not _is_depthwise(op) or argument(op.inputs, "Bias"):
            continue
        (made,) = names_in(op.outputs)
        behind = readers[made]
        added = [each for each in behind if argument(each.inputs, "Y") in parameters]
        has_bias = len(behind) == 1 and (behind[0].type == "batch_norm" or behind == added)
        if not has_bias:
            found.add(made)
    return found


def _largest_rounded(draft: Draft) -> dict[str, float]:
    """Where activations end, by their names when they are rounded."""
    found = {}
    for op in draft.block.ops:
        if op.type in ROUNDS_ACTIVATIONS:
            scale = draft.value(argument(op.inputs, "InScale"))
            if scale is not None:
                found[argument(op.outputs, "Out")] = float(scale.ravel()[0])
    return found


def _cut_off(block: Any, ends: Mapping[str, float]) -> None:  # noqa: ANN401 - a BlockDesc
    """Puts a limit before operators, by the names of what they make."""
    before = {}
    for index, op in enumerate(block.ops):
        end = next((ends[name] for name in names_in(op.outputs) if name in ends), None)
        if end is None:
            continue
        slot = next(each for each in op.inputs if each.parameter == _slot(op))
        source = slot.arguments[0]
        slot.arguments[0] = new_variable(block, f"{source}.limited", shape_of(block, source))
        before[index] = new_operator(
            "clip", {"X": [source]}, {"Out": [slot.arguments[0]]}, {"min": -end, "max": end}
        )
    insert_operators(block, before)


def _add_noughts(draft: Draft) -> None:
    """Adds a bias of noughts to products of what was rounded that have none."""
    block, parameters = draft.block, persistent_tensors(draft.program)
    view, makers = BlockView(block), makers_of(block)
    readers: dict[str, list[Any]] = defaultdict(list)
    for op in block.ops:
        for name in names_in(op.inputs):
            readers[name].append(op)
    added = {}
    for index, op in enumerate(block.ops):
        maker = makers.get(argument(op.inputs, "X"))
        if not _is_product(op) or maker is None or maker.type not in ROUNDS_ACTIVATIONS:
            continue
        result = argument(op.outputs, "Out")
        if any(_is_bias_of(reader, result, parameters) for reader in readers[result]):
            continue
        draft.note(PRODUCTS_WITHOUT_BIAS_ARM, view.operator(op))
        shape = shape_of(block, result)
        product = new_variable(block, f"{result}.product", shape)
        noughts = draft.add_parameter(
            f"{result}.noughts", np.zeros(shape[-1], np.float32), framework().VarType.FP32
        )
        next(slot for slot in op.outputs if slot.parameter == "Out").arguments[0] = product
        added[index + 1] = new_operator(
            "elementwise_add", {"X": [product], "Y": [noughts]}, {"Out": [result]}, {"axis": -1}
        )
    insert_operators(block, added)


def _is_bias_of(op: Any, result: str, parameters: Mapping[str, Any]) -> bool:  # noqa: ANN401
    """Whether an operator adds a parameter to what another makes."""
    if op.type != "elementwise_add" or argument(op.inputs, "X") != result:
        return False
    return argument(op.inputs, "Y") in parameters


def _slot(op: Any) -> str:  # noqa: ANN401 - an OpDesc
    """Where an operator reads its activation."""
    return "X" if _is_product(op) else "Input"


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
        if argument(maker.inputs, _slot(maker)) in rounded:
            draft.note(law, view.operator(op))
            before[index] = barrier(block, op, "X")
    insert_operators(block, before)


REWRITE = Rewrite(stage=Stage.OPERATORS, apply=_apply, precisions=ACTIVATIONS_WITHIN_X86.precisions)
