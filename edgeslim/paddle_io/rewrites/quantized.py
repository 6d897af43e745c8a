"""Operators that the int8 kernels of a target compute wrongly, in floats or kept apart.

On ``x86`` Paddle-Lite 2.13 multiplies weights of 8 bits with activations made unsigned, and
adds two products in 16 bits, which hold ``2 * 255 * 64`` and not ``2 * 255 * 127``: only weights
of 7 bits fit. ``hard_swish`` and ``leaky_relu`` are fused into its convolutions with wrong factors,
and a missing bias is read for all groups but the first. It has no int8 kernel for fully
connected layers, but still stores their weights as integers; and the kernel that quantizes an
activation handles 32 elements at once, and of a rest of 8 or more only every second four.
Layers of these kinds stay in floats there. Their inputs are clipped to the range of the scale, as
in the quantized network.

On ``arm`` an int8 fully connected layer does not scale the limit of a fused ``relu6``, and a
depthwise convolution not the factors of a ``hard_swish``; one without padding compares with a
register that was not set to 0. Several rows by one column are multiplied wrongly, long sums never
end, and a product without a bias has a kernel only if the next operator needs floats.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from edgeslim.paddle_io.block_edits import (
    argument,
    attribute,
    insert_operators,
    makers_of,
    names_in,
    new_operator,
    new_variable,
    reading_operators,
    set_argument,
    shape_of,
)
from edgeslim.paddle_io.draft import Draft
from edgeslim.paddle_io.parameters import persistent_tensors
from edgeslim.paddle_io.program_operators import BlockView
from edgeslim.paddle_io.quantized_program import (
    CONVOLUTIONS,
    PRODUCTS,
    ROUNDING_KINDS,
    without_rounding,
)
from edgeslim.paddle_io.rewrites._rewrite import Barriers, Rewrite, RewriteStage
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
from edgeslim.targets.scratch import LONG_SUMS_INT8

__all__ = ["REWRITE"]

_SOURCE = {"batch_norm": "X", "elementwise_add": "X"}
"""Slots of the operators that are fused into a convolution before them."""


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


_FUSED_INTO: Mapping[Law, Callable[[Any], bool]] = {
    ACTIVATIONS_WITHIN_X86: _is_convolution,
    CLIPS_WITHIN_PRODUCTS_ARM: _is_product,
    SWISH_WITHIN_DEPTHWISE_ARM: _is_depthwise,
    RELUS_WITHIN_UNPADDED_ARM: _is_unpadded_depthwise,
}
"""Laws of activations, and the operators that they are fused into wrongly if those are int8."""


def _apply(draft: Draft) -> None:
    _put_in_floats(draft)
    if draft.is_about(PRODUCTS_WITHOUT_BIAS_ARM):
        _add_zero_biases(draft)
    for law, is_wrong_with in _FUSED_INTO.items():
        if draft.is_about(law):
            _keep_apart(draft, law, is_wrong_with)


def _put_in_floats(draft: Draft) -> None:
    known = (PRODUCTS_X86, ODD_SIZES_X86, SINGLE_OUTPUTS_ARM, LONG_SUMS_INT8)
    laws = [law for law in known if draft.is_about(law)]
    lacking = _without_bias(draft) if draft.is_about(GROUPS_WITHOUT_BIAS_X86) else set()
    view, scales = BlockView(draft.block), _scales_of_activations(draft)
    limits: dict[str, float] = {}

    def is_wrong(op: Any) -> bool:  # noqa: ANN401 - an OpDesc
        operator = view.operator(op)
        read = argument(op.inputs, _slot(op))
        met = [law for law in laws if law.is_met_by(operator)]
        met += [GROUPS_WITHOUT_BIAS_X86] if operator.name in lacking and read in scales else []
        for law in met:
            draft.note(law, operator)
        if met and read in scales:
            limits[operator.name] = scales[read]
        return bool(met)

    draft.program = without_rounding(draft.program, is_wrong)
    _clip_inputs(draft.block, limits)


def _without_bias(draft: Draft) -> set[str]:
    """Results of convolutions in groups that get no bias, also not by a norm or sum behind them."""
    found, parameters = set(), persistent_tensors(draft.program)
    readers = reading_operators(draft.block)
    for op in draft.block.ops:
        if not _is_depthwise(op) or argument(op.inputs, "Bias"):
            continue
        (result,) = names_in(op.outputs)
        behind = readers[result]
        sums = [reader for reader in behind if argument(reader.inputs, "Y") in parameters]
        has_bias = len(behind) == 1 and (behind[0].type == "batch_norm" or behind == sums)
        if not has_bias:
            found.add(result)
    return found


def _scales_of_activations(draft: Draft) -> dict[str, float]:
    """The largest absolute value of each quantized activation, by its name."""
    found = {}
    for op in draft.block.ops:
        if op.type in ROUNDS_ACTIVATIONS:
            scale = draft.value(argument(op.inputs, "InScale"))
            if scale is not None:
                found[argument(op.outputs, "Out")] = float(scale.ravel()[0])
    return found


def _clip_inputs(block: Any, limits: Mapping[str, float]) -> None:  # noqa: ANN401 - a BlockDesc
    """Clips the inputs of operators, by the names of their results, to a largest magnitude."""
    before = {}
    for index, op in enumerate(block.ops):
        limit = next((limits[name] for name in names_in(op.outputs) if name in limits), None)
        if limit is None:
            continue
        source = argument(op.inputs, _slot(op))
        clipped = new_variable(block, f"{source}.limited", shape_of(block, source))
        set_argument(op.inputs, _slot(op), clipped)
        before[index] = new_operator(
            "clip", {"X": [source]}, {"Out": [clipped]}, {"min": -limit, "max": limit}
        )
    insert_operators(block, before)


def _add_zero_biases(draft: Draft) -> None:
    """Adds a bias of zeros to products of quantized inputs that have none."""
    block, parameters = draft.block, persistent_tensors(draft.program)
    view, makers, readers = BlockView(block), makers_of(block), reading_operators(block)
    sums = {}
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
        zeros = draft.add_parameter(f"{result}.zeros", np.zeros(shape[-1]))
        set_argument(op.outputs, "Out", product)
        sums[index + 1] = new_operator(
            "elementwise_add", {"X": [product], "Y": [zeros]}, {"Out": [result]}, {"axis": -1}
        )
    insert_operators(block, sums)


def _is_bias_of(op: Any, result: str, parameters: Mapping[str, Any]) -> bool:  # noqa: ANN401
    """Whether an operator adds a parameter to the result of another one."""
    if op.type != "elementwise_add" or argument(op.inputs, "X") != result:
        return False
    return argument(op.inputs, "Y") in parameters


def _slot(op: Any) -> str:  # noqa: ANN401 - an OpDesc
    """The slot in which an operator reads its activation."""
    return "X" if _is_product(op) else "Input"


def _keep_apart(draft: Draft, law: Law, is_wrong_with: Callable[[Any], bool]) -> None:
    block, barriers, makers = draft.block, Barriers(draft), makers_of(draft.block)
    rounding = (op for op in block.ops if op.type in ROUNDING_KINDS)
    rounded = {name for op in rounding for name in names_in(op.outputs)}
    for index, op in enumerate(block.ops):
        if op.type not in law.operators:
            continue
        maker = makers.get(argument(op.inputs, "X"))
        while maker is not None and maker.type in _SOURCE:
            maker = makers.get(argument(maker.inputs, _SOURCE[maker.type]))
        if maker is None or not is_wrong_with(maker):
            continue
        if argument(maker.inputs, _slot(maker)) in rounded:
            barriers.add(index, "X", law)
    barriers.insert()


REWRITE = Rewrite(
    stage=RewriteStage.OPERATORS, apply=_apply, precisions=ACTIVATIONS_WITHIN_X86.precisions
)
