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
in, and a depthwise convolution not the factors of a ``hard_swish``.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping
from typing import Any

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
    PRODUCTS_X86,
    ROUNDS_ACTIVATIONS,
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
