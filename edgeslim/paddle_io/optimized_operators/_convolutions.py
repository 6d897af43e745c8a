"""Convolutions, with fused biases, residuals and activations."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from edgeslim.errors import ModelError
from edgeslim.optimized_program import OperatorCall
from edgeslim.paddle_io.optimized_operators._activations import convolution_activation
from edgeslim.paddle_io.optimized_operators._int8 import Int8Scales, int8_scales
from edgeslim.paddle_io.optimized_operators._meaning import Meaning, Slots, attribute, single
from edgeslim.window_sides import window_sides

__all__ = ["convolution", "geometry", "transposed_arguments", "transposed_convolution"]


def convolution(call: OperatorCall) -> Meaning:
    """``conv2d``, ``depthwise_conv2d`` and ``conv3d``, which differ by their attributes only."""
    for name in ("fuse_elementwise_op_type", "scale_activation_type"):
        if call.attributes.get(name):
            raise ModelError(f"{call.kind} has {name} {call.attributes[name]!r} in it")
    act, scales = convolution_activation(call), int8_scales(call, "Filter0_scale", "Output0_scale")
    strides = list(attribute(call, "strides"))
    groups = attribute(call, "groups")

    def compute(given: Slots) -> Slots:
        from paddle.nn import functional

        images, filters = single(given, "Input"), single(given, "Filter")
        padding, dilations = geometry(call, images.shape[2:], filters.shape[2:])
        convolve = functional.conv2d if images.ndim == 4 else functional.conv3d
        result = convolve(images, filters, None, strides, padding, dilations, groups)
        return {"Output": (_finish(result, given, scales, act),)}

    return compute


def _finish(result: Any, given: Slots, scales: Int8Scales | None, act: Any) -> Any:  # noqa: ANN401
    """Applies what follows the sums: int8 scales, bias, residual, activation, quantization."""
    if scales is not None:
        result = scales.dequantize(result, axis=1)
    bias, residual = single(given, "Bias"), single(given, "ResidualData")
    if bias is not None:
        result = result + bias.reshape([1, -1, *[1] * (result.ndim - 2)])
    if residual is not None:
        result = result + residual.reshape(result.shape)
    result = act(result, given)
    return result if scales is None else scales.quantize(result)


def geometry(
    call: OperatorCall, sizes: Sequence[int], window: Sequence[int]
) -> tuple[list[int], list[int]]:
    """Padding before and after each axis, and dilations, of convolutions and pooling."""
    strides = attribute(call, "strides")
    dilations = list(call.attributes.get("dilations", [1] * len(strides)))  # pooling has none
    algorithm = call.attributes.get("padding_algorithm", "EXPLICIT")
    sides = window_sides(algorithm, attribute(call, "paddings"), sizes, window, strides)
    return list(sides), [1] * len(strides) if algorithm == "SAME" else dilations


def transposed_convolution(call: OperatorCall) -> Meaning:
    """``conv2d_transpose`` and its depthwise form."""
    if call.attributes.get("enable_int8"):
        raise ModelError(f"{call.kind} has an int8 kernel")
    act = convolution_activation(call)

    def compute(given: Slots) -> Slots:
        from paddle.nn.functional import conv2d_transpose

        images, filters = single(given, "Input"), single(given, "Filter")
        arguments = transposed_arguments(call, images.shape[2:], filters.shape[2:])
        result = conv2d_transpose(images, filters, **arguments)
        return {"Output": (_finish(result, given, None, act),)}

    return compute


def transposed_arguments(
    call: OperatorCall, sizes: Sequence[int], window: Sequence[int]
) -> dict[str, Any]:
    """The arguments of Paddle's transposed convolution besides images and filters."""
    padding, dilations = geometry(call, sizes, window)
    size = list(call.attributes.get("output_size") or ())
    extra = list(call.attributes.get("output_padding") or ())
    return {
        "stride": list(attribute(call, "strides")),
        "padding": padding,
        "output_padding": extra if extra and not size else 0,
        "dilation": dilations,
        "groups": attribute(call, "groups"),
        "output_size": size or None,
    }
