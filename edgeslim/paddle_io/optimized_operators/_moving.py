"""Operators that only move values, with names that Paddle does not have."""

from __future__ import annotations

from edgeslim.errors import ModelError
from edgeslim.optimized_program import OperatorCall
from edgeslim.paddle_io.optimized_operators._meaning import Meaning, Slots, attribute, single

__all__ = ["copy_values", "pad_images", "shuffle_channels"]


def copy_values(call: OperatorCall) -> Meaning:
    """``io_copy`` and ``layout``: copies of the same values."""
    (slot,) = call.outputs
    return lambda given: {slot: (single(given, next(iter(given))),)}


def shuffle_channels(call: OperatorCall) -> Meaning:
    """``shuffle_channel``: channels as a matrix of some rows, transposed."""
    rows = attribute(call, "group")

    def compute(given: Slots) -> Slots:
        images = single(given, "X")
        batch, channels, *size = images.shape
        axes = list(range(3, 3 + len(size)))
        matrix = images.reshape([batch, rows, channels // rows, *size])
        return {"Out": (matrix.transpose([0, 2, 1, *axes]).reshape(images.shape),)}

    return compute


def pad_images(call: OperatorCall) -> Meaning:
    """``pad2d``, whose sides are top, bottom, left and right."""
    if "Paddings" in call.inputs:
        raise ModelError(f"{call.kind} reads its padding from a tensor")
    top, bottom, left, right = attribute(call, "paddings")
    mode = {"edge": "replicate"}.get(attribute(call, "mode"), attribute(call, "mode"))
    value, layout = attribute(call, "pad_value"), attribute(call, "data_format")

    def compute(given: Slots) -> Slots:
        from paddle.nn.functional import pad

        images = single(given, "X")
        return {"Out": (pad(images, [left, right, top, bottom], mode, value, layout),)}

    return compute
