"""Consecutive operators kept apart that the optimizer would merge wrongly.

``lite_conv_conv_fuse_pass`` of Paddle-Lite 2.13 looks for two consecutive convolutions
whose product saves work. If there is such a pair, it merges *every* pair of the network: it
aborts if the second has strides, paddings or dilations, and if a filter is larger
than 1x1 (of the first, it reads one element only), the first has groups, or a weight is used
twice, it silently changes what the network computes. Of three in a row it merges two
that differ from run to run, and aborts or drops a bias in some; so only the first two are
left to it.

A hard swish is fused into a transposed convolution, which has no such activation and aborts. On
x86 an ``abs`` is fused into a sum, difference or product, whose kernel aborts when it runs. Padding
that differs between sides has its sides mixed up when the optimizer removes its third axis.

`lite_conv_conv_fuse_pass` looks for one pair of linear convolutions whose merging saves work, and
then merges every pair of the network. Where that would abort or compute something else (a filter
larger than 1x1, strides, groups, three in a row), the two are kept apart.
"""

from __future__ import annotations

from collections import Counter
from typing import Any

from edgeslim.execution import Precision
from edgeslim.opspec import Shape
from edgeslim.paddle_io.block_edits import arguments, attribute, readers_of
from edgeslim.paddle_io.draft import Draft
from edgeslim.paddle_io.parameters import persistent_tensors
from edgeslim.paddle_io.program_operators import BlockView
from edgeslim.paddle_io.rewrites._rewrite import Barriers, Rewrite, RewriteStage
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
"""Slots of the operators that are fused into a convolution before the pass looks for pairs."""


def _keep_apart(draft: Draft) -> None:
    block, barriers = draft.block, Barriers(draft)
    view, readers = BlockView(block), readers_of(block)
    parameters = persistent_tensors(draft.program)
    makers = _makers_of_convolutions(block, parameters)
    merged: set[str] = set()
    for index, op in enumerate(block.ops):
        if op.type == "hard_swish" and _chain(op, "X", "conv2d_transpose", makers, readers):
            barriers.add(index, "X", SWISH_BEHIND_TRANSPOSED)
        for law in (MAGNITUDES_BEHIND_SUMS, SIDES_OF_PADDING):
            if op.type in law.operators and law.is_met_by(view.operator(op)):
                barriers.add(index, "X", law)
        chain = _chain(op, "Input", "conv2d", makers, readers) if op.type == "conv2d" else []
        if not chain:
            continue
        (first,), (second,) = (arguments(conv.outputs, "Output") for conv in (chain[-1], op))
        if first in merged or not _is_mergeable([op, *chain], parameters, readers):
            barriers.add(index, "Input", CONVOLUTION_PAIRS)
        else:
            merged.add(second)
    barriers.insert()


def _makers_of_convolutions(
    block: Any,  # noqa: ANN401
    parameters: dict[str, Shape],
) -> dict[str, Any]:
    """Convolutions and the operators that are fused into one, by the tensor that they make."""
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
    """The operators from an input back to a convolution of a kind; none if it is from no such."""
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


def _is_mergeable(ops: list[Any], parameters: dict[str, Shape], readers: Counter[str]) -> bool:
    """Whether two convolutions, from the second back to the first, are merged correctly."""
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
        and all(shape[2:] == (1, 1) for shape in filters)
        and _numbers(first, "groups") <= {1}
        and _numbers(second, "paddings") <= {0}
        and _numbers(second, "strides") <= {1}
        and _numbers(second, "dilations") <= {1}
    )


def _numbers(op: Any, name: str) -> set[int]:  # noqa: ANN401
    """The different values of an attribute that is a number or a list; none if it is left out."""
    value = attribute(op, name, ())
    return {value} if isinstance(value, int) else set(value)


# Again for int8, where convolutions that stay in floats may be such pairs.
REWRITE = Rewrite(stage=RewriteStage.APART, apply=_keep_apart, again=frozenset({Precision.INT8}))
