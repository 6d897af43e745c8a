"""Convolutions whose own kernels lack memory, by more filters for each group of channels.

Arm's kernels of Paddle-Lite 2.13 compute a product of one row as one of columns, and put its bias
for each of them on the stack; and some kernels for single channels give each thread more rows than
there is scratch memory. A convolution to two channels of a group takes the general kernel, which
has neither. So a lone filter is used twice, and groups are merged: the filter of one group has
zeros for the channels of the others.

Filters of quantized models are quantized anew; their scales stay, since neither a copy nor zeros
change the largest weight of a channel.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from edgeslim.paddle_io.block_edits import argument, attributes_of, new_operator, new_variable
from edgeslim.paddle_io.draft import Draft
from edgeslim.paddle_io.quantized_program import without_rounding
from edgeslim.paddle_io.rewrites._rewrite import Rewrite, RewriteStage, rewrite_by_formula
from edgeslim.paddle_io.sketch import Sketch
from edgeslim.targets.convolutions import (
    ONE_CHANNEL_GROUPS,
    ONE_CHANNEL_MAPS,
    WIDE_DEPTHWISE,
    merged_groups,
)
from edgeslim.targets.quantized import ROUNDS_WEIGHTS

__all__ = ["REWRITE"]

Array = np.ndarray[Any, Any]


def _write_with_more_filters(s: Sketch) -> str | None:
    rounding = s.maker(s.source("Filter"))
    if rounding is not None and rounding.type not in ROUNDS_WEIGHTS:
        return None
    value = s.value(s.source("Filter") if rounding is None else argument(rounding.inputs, "X"))
    if value is None:
        return None
    return _use_twice(s, value) if len(value) == 1 else _merge_groups(s, value)


def _use_twice(s: Sketch, value: Array) -> str | None:
    if s.source("Bias"):
        return None
    batch, _, *places = s.shape(s.result("Output"))
    both = _convolve(s, _add_filters(s, np.repeat(value, 2, axis=0)), (batch, 2, *places))
    return s.slice(both, 0, 1, axis=1)


def _merge_groups(s: Sketch, value: Array) -> str | None:
    count = merged_groups(s.operator)
    if count is None:
        return None
    groups, depth, *window = value.shape
    merged = np.zeros((groups, count, depth, *window), np.float32)
    merged[np.arange(groups), np.arange(groups) % count] = value
    filters = _add_filters(s, merged.reshape(groups, count * depth, *window))
    return _convolve(s, filters, s.shape(s.result("Output")), groups=groups // count)


def _convolve(s: Sketch, filters: str, shape: Sequence[int], **changed: int) -> str:
    inputs = {"Input": s.source("Input"), "Filter": filters}
    if s.source("Bias"):
        inputs["Bias"] = s.source("Bias")
    attributes = {**attributes_of(s.op), **changed}
    return s.write("conv2d", inputs, shape, output="Output", **attributes)


def _add_filters(s: Sketch, value: Array) -> str:
    """Adds filters to the parameters, quantized as the operator's own are, and returns the name."""
    own, rounding = s.source("Filter"), s.maker(s.source("Filter"))
    filters = s.draft.add_parameter(f"{own}.more", value)
    if rounding is None:
        return filters
    by_channel = rounding.type == "fake_channel_wise_quantize_dequantize_abs_max"
    scales = np.abs(value).reshape(len(value) if by_channel else 1, -1).max(axis=1)
    outputs = {
        "Out": [new_variable(s.block, f"{filters}.dequantized", value.shape)],
        "OutScale": [s.draft.add_parameter(f"{filters}.scale", scales)],
    }
    attributes = attributes_of(rounding)
    s.ops.append(new_operator(rounding.type, {"X": [filters]}, outputs, attributes))
    return outputs["Out"][0]


_MORE_FILTERS = rewrite_by_formula(
    RewriteStage.AXES,
    _write_with_more_filters,
    ONE_CHANNEL_MAPS,
    ONE_CHANNEL_GROUPS,
    WIDE_DEPTHWISE,
)


def _apply(draft: Draft) -> None:
    before = len(draft.noted)
    _MORE_FILTERS.apply(draft)
    if len(draft.noted) > before:  # nothing reads the quantized filters of before any more
        draft.program = without_rounding(draft.program, lambda _: False)


# After other rewrites have given filters of depthwise convolutions more columns.
REWRITE = Rewrite(stage=RewriteStage.AXES, apply=_apply)
