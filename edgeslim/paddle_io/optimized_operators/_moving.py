"""Operators that only move values, under names that Paddle does not have."""

from __future__ import annotations

from edgeslim.errors import ModelError
from edgeslim.optimized_program import OperatorCall
from edgeslim.paddle_io.optimized_operators._meaning import Meaning, Slots, attribute, only

__all__ = ["copy", "padding", "shuffled_channels"]


def copy(call: OperatorCall) -> Meaning:
    """``io_copy`` and ``layout``: the same values elsewhere."""
    (slot,) = call.outputs
    return lambda given: {slot: (only(given, next(iter(given))),)}


def shuffled_channels(call: OperatorCall) -> Meaning:
    """``shuffle_channel``: channels as a matrix of so many rows, turned."""
    rows = attribute(call, "group")

    def compute(given: Slots) -> Slots:
        images = only(given, "X")
        batch, channels, *size = images.shape
        axes = list(range(3, 3 + len(size)))
        turned = images.reshape([batch, rows, channels // rows, *size]).transpose([0, 2, 1, *axes])
        return {"Out": (turned.reshape(images.shape),)}

    return compute


def padding(call: OperatorCall) -> Meaning:
    """``pad2d``, whose sides are top, bottom, left and right."""
    if "Paddings" in call.inputs:
        raise ModelError(f"{call.kind} takes its sides from a tensor")
    top, bottom, left, right = attribute(call, "paddings")
    mode = {"edge": "replicate"}.get(attribute(call, "mode"), attribute(call, "mode"))
    value, layout = attribute(call, "pad_value"), attribute(call, "data_format")

    def compute(given: Slots) -> Slots:
        from paddle.nn.functional import pad

        images = only(given, "X")
        return {"Out": (pad(images, [left, right, top, bottom], mode, value, layout),)}

    return compute
