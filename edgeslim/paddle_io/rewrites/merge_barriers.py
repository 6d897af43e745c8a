"""Operators kept apart that the optimizer would merge wrongly.

``lite_conv_conv_fuse_pass`` of Paddle-Lite 2.13 looks for one convolution after another
whose product saves work. If there is one, it merges *every* such pair of the network: it
aborts where the second has strides, paddings or dilations, and where a filter is larger
than 1x1 (of the first, it reads one tap only), the first has groups, or a weight is used
twice, it silently makes another function of the network. Of three in a row it merges two
that differ from run to run, and aborts or drops a bias in some; so only the first two are
left to it.

A transposed convolution takes in a hard swish that it does not know, and aborts. On x86 a
sum, difference or product takes in a magnitude that its kernel does not know, which aborts
when it runs. Padding that is not the same on all sides has its sides mixed up when it is
freed of its third axis.
"""

from __future__ import annotations

from collections import Counter
from typing import Any

from edgeslim.execution import Precision
from edgeslim.opspec import Shape
from edgeslim.paddle_io.block_edits import (
    arguments,
    barrier,
    insert_operators,
    readers_of,
)
from edgeslim.paddle_io.parameters import persistent_tensors
from edgeslim.paddle_io.program_operators import BlockView
from edgeslim.paddle_io.proto import framework
from edgeslim.paddle_io.rewrites._rewrite import Draft, Rewrite, Stage
from edgeslim.targets import Law
from edgeslim.targets.optimizer import (
    CONVOLUTION_PAIRS,
    MAGNITUDES_BEHIND_SUMS,
    SIDES_OF_PADDING,
    SWISH_BEHIND_TRANSPOSED,
)

__all__ = ["REWRITE"]

_RESULT = {
    "batch_norm": "Y",
    "conv2d": "Output",
    "conv2d_transpose": "Output",
    "elementwise_add": "Out",
}
_SOURCE = {"batch_norm": "X", "elementwise_add": "X"}
"""Slots of the operators that become part of a convolution before pairs are looked for."""


def _apply(draft: Draft) -> None:
    block = draft.block
    view = BlockView(block)
    readers = readers_of(block)
    parameters = persistent_tensors(draft.program)
    makers = _absorbed(block, parameters)
    merging: set[str] = set()
    before: dict[int, Any] = {}

    def keep_apart(index: int, slot: str, law: Law) -> None:
        op = block.ops[index]
        draft.note(law, view.operator(op))
        before[index] = barrier(block, op, slot)

    for index, op in enumerate(block.ops):
        if op.type == "hard_swish" and _chain(op, "X", "conv2d_transpose", makers, readers):
            keep_apart(index, "X", SWISH_BEHIND_TRANSPOSED)
        for law in (MAGNITUDES_BEHIND_SUMS, SIDES_OF_PADDING):
            if op.type in law.operators and law.is_met_by(view.operator(op)):
                keep_apart(index, "X", law)
        chain = _chain(op, "Input", "conv2d", makers, readers) if op.type == "conv2d" else []
        if not chain:
            continue
        (first,), (second,) = (arguments(each.outputs, "Output") for each in (chain[-1], op))
        if first in merging or not _merges_well([op, *chain], parameters, readers):
            keep_apart(index, "Input", CONVOLUTION_PAIRS)
        else:
            merging.add(second)
    insert_operators(block, before)


def _absorbed(block: Any, parameters: dict[str, Shape]) -> dict[str, Any]:  # noqa: ANN401
    """By what they make: convolutions, and the operators that become part of one."""
    return {
        name: op
        for op in block.ops
        if op.type in _RESULT
        and (op.type != "elementwise_add" or arguments(op.inputs, "Y")[0] in parameters)
        for name in arguments(op.outputs, _RESULT[op.type])
    }


def _chain(
    op: Any,  # noqa: ANN401
    slot: str,
    kind: str,
    makers: dict[str, Any],
    readers: Counter[str],
) -> list[Any]:
    """The operators from what one reads back to the convolution of a kind before it."""
    chain: list[Any] = []
    while True:
        (name,) = arguments(op.inputs, slot)
        maker = makers.get(name)
        if maker is None or readers[name] > 1:
            return []
        chain.append(maker)
        if maker.type not in _SOURCE:
            return chain if maker.type == kind else []
        op, slot = maker, _SOURCE[maker.type]


def _merges_well(ops: list[Any], parameters: dict[str, Shape], readers: Counter[str]) -> bool:
    """Whether a convolution and the one behind it, first to last, may be made one."""
    second, first = ops[0], ops[-1]
    filters = [parameters.get(arguments(op.inputs, "Filter")[0], ()) for op in (first, second)]
    used_twice = any(
        readers[name] > 1
        for op in ops
        for slot in op.inputs
        for name in slot.arguments
        if name in parameters
    )
    return (
        not used_twice
        and all(filters)
        and all(each[2:] == (1, 1) for each in filters)
        and _numbers(first, "groups") <= {1}
        and _numbers(second, "paddings") <= {0}
        and _numbers(second, "strides") <= {1}
        and _numbers(second, "dilations") <= {1}
    )


def _numbers(op: Any, name: str) -> set[int]:  # noqa: ANN401
    """The values of an attribute that is a number or several; none if it is not there."""
    found = [each for each in op.attrs if each.name == name]
    single = framework().AttrType.INT
    return {number for each in found for number in ([each.i] if each.type == single else each.ints)}


# Where a quantized model has convolutions in floats on a target, some of these are pairs.
REWRITE = Rewrite(stage=Stage.APART, apply=_apply, again=frozenset({Precision.INT8}))
