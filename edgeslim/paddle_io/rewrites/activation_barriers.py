"""Operators behind a convolution with a fused activation, kept apart from it.

Two passes of Paddle-Lite 2.13 fuse operators into a convolution without checking whether it
has an activation, which its kernels apply last. ``lite_conv_scale_fuse_pass`` multiplies
filter and bias by a ``scale`` and adds its offset to the bias: ``1 - relu(conv(x))`` becomes
``relu(1 - conv(x))``. ``lite_conv_activation_fuse_pass`` handles the activations one after the
other, and if two are in a row, the second replaces the first.

Correct fusions are left to it: a positive factor without an offset behind ``relu`` and
``leaky_relu``, and a ``relu6`` that replaces a ``relu``.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from edgeslim.paddle_io.block_edits import argument, attribute, makers_of, readers_of
from edgeslim.paddle_io.draft import Draft
from edgeslim.paddle_io.parameters import persistent_tensors
from edgeslim.paddle_io.rewrites._rewrite import Barriers, Rewrite, RewriteStage
from edgeslim.targets.optimizer import ACTIVATIONS_IN_A_ROW, FACTORS_BEHIND_ACTIVATIONS

__all__ = ["REWRITE"]

_CONVOLUTIONS = {"conv2d", "depthwise_conv2d", "conv2d_transpose"}
_ORDER = {"relu": 0, "relu6": 1, "leaky_relu": 2, "hard_swish": 3}
"""The activations that are fused into convolutions, in the order in which the pass tries them."""

_COMMUTE = {"relu", "leaky_relu"}
"""Activations that commute with a positive factor."""

_REPLACEABLE = {("relu", "relu"), ("relu", "relu6")}
_REPLACEABLE_BEHIND_A_FACTOR = {*_REPLACEABLE, ("leaky_relu", "relu"), ("leaky_relu", "relu6")}
"""First and second activation, where the second alone is the same as both."""

_FUSED_INTO_SCALES = {"relu", "relu6", "leaky_relu"}


@dataclass(frozen=True, slots=True)
class _Fused:
    """A convolution, with what has been fused into it up to some tensor."""

    activation: str = ""
    is_scaled: bool = False


_Outcome = tuple[str, _Fused] | tuple[()] | None
"""The result of an operator that is fused; nothing if it is not; None if it must not be."""


def _keep_apart(draft: Draft) -> None:
    block, barriers = draft.block, Barriers(draft)
    readers, makers = readers_of(block), makers_of(block)
    parameters = set(persistent_tensors(draft.program))
    fused: dict[str, _Fused] = {}
    for index, op in enumerate(block.ops):
        if op.type in _CONVOLUTIONS:
            fused[argument(op.outputs, "Output")] = _Fused()
            continue
        source = argument(op.inputs, "X")
        before = fused.get(source)
        if before is None or readers[source] > 1:
            continue
        outcome = _fuse(op, before, parameters, makers)
        if outcome is None:
            is_scale = op.type == "scale"
            law = FACTORS_BEHIND_ACTIVATIONS if is_scale else ACTIVATIONS_IN_A_ROW
            barriers.add(index, "X", law)
        elif outcome:
            fused[outcome[0]] = outcome[1]
    barriers.insert()


def _fuse(
    op: Any,  # noqa: ANN401
    before: _Fused,
    parameters: set[str],
    makers: dict[str, Any],
) -> _Outcome:
    """What the passes make of an operator behind a convolution."""
    result = argument(op.outputs, "Y" if op.type == "batch_norm" else "Out")
    if op.type in _ORDER:
        return _fuse_activation(op.type, result, before)
    if op.type == "scale":
        return _fuse_scale(op, result, before)
    if op.type == "elementwise_mul" and _is_one(makers.get(argument(op.inputs, "Y"))):
        return result, before
    if op.type == "elementwise_add" and argument(op.inputs, "Y") not in parameters:
        return ()
    if op.type in {"batch_norm", "elementwise_add"} and not before.activation:
        return result, before
    return ()


def _fuse_activation(kind: str, result: str, before: _Fused) -> _Outcome:
    after = result, _Fused(kind)
    if not before.activation:
        return () if before.is_scaled else after
    if before.is_scaled:  # the activation is fused into the scale, and both into the convolution
        if kind not in _FUSED_INTO_SCALES:
            return ()
        return after if (before.activation, kind) in _REPLACEABLE_BEHIND_A_FACTOR else None
    if _ORDER[kind] < _ORDER[before.activation] or kind == before.activation:
        return ()
    return after if (before.activation, kind) in _REPLACEABLE else None


def _fuse_scale(op: Any, result: str, before: _Fused) -> _Outcome:  # noqa: ANN401
    factor, offset = float(attribute(op, "scale", 1.0)), float(attribute(op, "bias", 0.0))
    if (factor, offset) == (1.0, 0.0):
        return result, before
    if not before.activation or (before.activation in _COMMUTE and factor > 0 and offset == 0):
        return result, replace(before, is_scaled=True)
    return None


def _is_one(maker: Any) -> bool:  # noqa: ANN401
    """Whether a tensor is a constant of ones, a product with which is dropped."""
    return (
        maker is not None
        and maker.type == "fill_constant"
        and float(attribute(maker, "value", 0.0)) == 1.0
    )


REWRITE = Rewrite(stage=RewriteStage.APART, apply=_keep_apart)
