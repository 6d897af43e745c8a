"""What stands behind a convolution that has taken in an activation already.

Two passes of Paddle-Lite 2.13 take operators into a convolution without looking whether it
has an activation, which comes last in its kernels. ``lite_conv_scale_fuse_pass`` multiplies
filter and bias by a ``scale`` and adds its offset to the bias: ``1 - relu(conv(x))`` becomes
``relu(1 - conv(x))``. ``lite_conv_activation_fuse_pass`` goes through the activations one after
the other, and where two stand in a row, the second takes the place of the first.

What comes out right all the same is left to it: a positive factor without an offset behind
``relu`` and ``leaky_relu``, and a ``relu6`` that takes the place of a ``relu``.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from edgeslim.paddle_io.block_edits import (
    argument,
    attribute,
    barrier,
    insert_operators,
    makers_of,
    readers_of,
)
from edgeslim.paddle_io.parameters import persistent_tensors
from edgeslim.paddle_io.program_operators import BlockView
from edgeslim.paddle_io.rewrites._rewrite import Draft, Rewrite, Stage
from edgeslim.targets.optimizer import ACTIVATIONS_IN_A_ROW, FACTORS_BEHIND_ACTIVATIONS

__all__ = ["REWRITE"]

_CONVOLUTIONS = {"conv2d", "depthwise_conv2d", "conv2d_transpose"}
_ORDER = {"relu": 0, "relu6": 1, "leaky_relu": 2, "hard_swish": 3}
"""The activations that convolutions take in, as they are looked for."""

_COMMUTE = {"relu", "leaky_relu"}
"""Those that a positive factor may be taken through."""

_REPLACE_WELL = {("relu", "relu"), ("relu", "relu6")}
_REPLACE_WELL_BEHIND_A_FACTOR = {*_REPLACE_WELL, ("leaky_relu", "relu"), ("leaky_relu", "relu6")}
"""First and second, where the second alone is the same as both."""

_TAKEN_BY_SCALES = {"relu", "relu6", "leaky_relu"}


@dataclass(frozen=True, slots=True)
class _Taken:
    """What a tensor is made by in the end: a convolution, and what it has taken in."""

    activation: str = ""
    scaled: bool = False


def _keep_apart(draft: Draft) -> None:
    block = draft.block
    view = BlockView(block)
    readers, makers = readers_of(block), makers_of(block)
    parameters = set(persistent_tensors(draft.program))
    taken: dict[str, _Taken] = {}
    before: dict[int, Any] = {}
    for index, op in enumerate(block.ops):
        if op.type in _CONVOLUTIONS:
            taken[argument(op.outputs, "Output")] = _Taken()
            continue
        source = argument(op.inputs, "X")
        was = taken.get(source)
        if was is None or readers[source] > 1:
            continue
        becomes = _behind(op, was, parameters, makers)
        if becomes is None:
            law = FACTORS_BEHIND_ACTIVATIONS if op.type == "scale" else ACTIVATIONS_IN_A_ROW
            draft.note(law, view.operator(op))
            before[index] = barrier(block, op, "X")
        elif becomes:
            taken[becomes[0]] = becomes[1]
    insert_operators(block, before)


def _behind(
    op: Any,  # noqa: ANN401
    was: _Taken,
    parameters: set[str],
    makers: dict[str, Any],
) -> tuple[str, _Taken] | tuple[()] | None:
    """What an operator's result is then; nothing if it is not taken in, None if it must not be."""
    result = argument(op.outputs, "Y" if op.type == "batch_norm" else "Out")
    if op.type in _ORDER:
        return _activated(op.type, result, was)
    if op.type == "scale":
        return _scaled(op, result, was)
    if op.type == "elementwise_mul" and _is_one(makers.get(argument(op.inputs, "Y"))):
        return result, was
    if op.type == "elementwise_add" and argument(op.inputs, "Y") not in parameters:
        return ()
    if op.type in {"batch_norm", "elementwise_add"} and not was.activation:
        return result, was
    return ()


def _activated(kind: str, result: str, was: _Taken) -> tuple[str, _Taken] | tuple[()] | None:
    now = result, _Taken(kind)
    if not was.activation:
        return () if was.scaled else now
    if was.scaled:  # a scale takes in what is behind it, and a convolution takes it from there
        if kind not in _TAKEN_BY_SCALES:
            return ()
        return now if (was.activation, kind) in _REPLACE_WELL_BEHIND_A_FACTOR else None
    if _ORDER[kind] < _ORDER[was.activation] or kind == was.activation:
        return ()
    return now if (was.activation, kind) in _REPLACE_WELL else None


def _scaled(op: Any, result: str, was: _Taken) -> tuple[str, _Taken] | None:  # noqa: ANN401
    factor, offset = float(attribute(op, "scale", 1.0)), float(attribute(op, "bias", 0.0))
    if (factor, offset) == (1.0, 0.0):
        return result, was
    if not was.activation or (was.activation in _COMMUTE and factor > 0 and offset == 0):
        return result, replace(was, scaled=True)
    return None


def _is_one(maker: Any) -> bool:  # noqa: ANN401
    """Whether a tensor is a constant of ones, a product with which is dropped."""
    return (
        maker is not None
        and maker.type == "fill_constant"
        and float(attribute(maker, "value", 0.0)) == 1.0
    )


REWRITE = Rewrite(stage=Stage.APART, apply=_keep_apart)
