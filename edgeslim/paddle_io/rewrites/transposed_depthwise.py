"""Transposed depthwise convolutions kept off the runtime's kernels for them.

Those of Paddle-Lite 2.13 for ``x86`` and ``arm`` (``conv_transpose_depthwise.cc``) give results
that depend on what ran before. They are taken where each channel has a filter of its own, that
is as wide as high, with strides of 1 or 2 and without dilation. A column of zeros beside each
filter, and one column of the result more that is cut off, is the same convolution, which the
general kernel computes.
"""

from __future__ import annotations

from collections import Counter
from typing import Any

import numpy as np

from edgeslim.errors import ModelError
from edgeslim.paddle_io.block_edits import argument, attribute, set_attribute, shape_of
from edgeslim.paddle_io.parameters import persistent_tensors
from edgeslim.paddle_io.proto import framework
from edgeslim.paddle_io.rewrites._rewrite import Draft, Rewrite, Stage

__all__ = ["REWRITE"]


def _apply(draft: Draft) -> Counter[str]:
    shapes = persistent_tensors(draft.program)
    widened: dict[str, str] = {}
    done = 0
    for op in draft.block.ops:
        name = argument(op.inputs, "Filter")
        if op.type != "conv2d_transpose" or not _is_taken(op, shapes.get(name, ())):
            continue
        value = draft.value(name)
        if value is None:
            continue
        paddings = _paddings(draft.block, op, value.shape[2:])
        if name not in widened:
            wide = np.pad(value, ((0, 0), (0, 0), (0, 0), (0, 1)))
            widened[name] = draft.add_parameter(f"{name}.wide", wide, framework().VarType.FP32)
        next(each for each in op.inputs if each.parameter == "Filter").arguments[0] = widened[name]
        set_attribute(op, "paddings", (*paddings[:3], paddings[3] + 1))
        set_attribute(op, "padding_algorithm", "EXPLICIT")
        done += 1
    return Counter({"transposed depthwise convolution in its general form": done} if done else {})


def _is_taken(op: Any, shape: tuple[int, ...]) -> bool:  # noqa: ANN401
    """Whether the depthwise kernels would be chosen."""
    if len(shape) != 4:
        return False
    channels, each, height, width = shape
    strides, dilations = attribute(op, "strides", (1, 1)), attribute(op, "dilations", (1, 1))
    return (
        int(attribute(op, "groups", 1)) == channels
        and each == 1
        and height == width
        and list(strides) in ([1, 1], [2, 2])
        and set(dilations) <= {1}
    )


def _paddings(block: Any, op: Any, kernel: tuple[int, ...]) -> tuple[int, ...]:  # noqa: ANN401
    """Above, below, left and right.

    Raises:
        ModelError: They follow from the size by a rule that is not known.
    """
    algorithm = str(attribute(op, "padding_algorithm", "EXPLICIT"))
    if algorithm == "VALID":
        return (0, 0, 0, 0)
    if algorithm == "SAME":
        sizes = shape_of(block, argument(op.inputs, "Input"))[2:]
        strides = attribute(op, "strides", (1, 1))
        found: list[int] = []
        for size, extent, stride in zip(sizes, kernel, strides, strict=True):
            whole = max((-(-size // stride) - 1) * stride + extent - size, 0)
            found += [whole // 2, whole - whole // 2]
        return tuple(found)
    if algorithm != "EXPLICIT":
        raise ModelError(f"a conv2d_transpose has the padding {algorithm!r}, which is not known")
    given = list(attribute(op, "paddings", (0, 0)))
    if len(given) == 2:
        given = [given[0], given[0], given[1], given[1]]
    return tuple(given)


REWRITE = Rewrite(stage=Stage.OPERATORS, apply=_apply)
