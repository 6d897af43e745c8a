"""Activations that are fused into other operators."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from edgeslim.errors import ModelError
from edgeslim.optimized_program import OperatorCall
from edgeslim.paddle_io.optimized_operators._meaning import Slots, attribute, single

__all__ = ["Activation", "activation", "convolution_activation"]

Activation = Callable[[Any, Slots], Any]
"""Computes a tensor of the same shape from a tensor and the operator's inputs."""


def _relu(images: Any) -> Any:  # noqa: ANN401
    from paddle.nn.functional import relu

    return relu(images)


def _sigmoid(images: Any) -> Any:  # noqa: ANN401
    from paddle.nn.functional import sigmoid

    return sigmoid(images)


_PLAIN: Mapping[str, Callable[[Any], Any]] = {
    "abs": lambda images: images.abs(),
    "relu": _relu,
    "sigmoid": _sigmoid,
    "tanh": lambda images: images.tanh(),
}


def activation(
    call: OperatorCall, kind: str, names: Mapping[str, str], alpha_slot: str = ""
) -> Activation:
    """The function of an activation that is fused into another operator.

    Args:
        call: The operator with the activation.
        kind: Kind of the activation; empty if there is none.
        names: The operator's names for the activation's attributes.
        alpha_slot: The slot of the slopes of a ``prelu``.

    Raises:
        ModelError: Paddle-Lite does not have the activation, or not in this form.
    """
    if not kind:
        return lambda images, _given: images
    if kind in _PLAIN:
        plain = _PLAIN[kind]
        return lambda images, _given: plain(images)
    if kind == "prelu" and alpha_slot:
        return _prelu(attribute(call, names.get("mode", "mode")), alpha_slot)

    if kind not in _BY_NUMBERS:
        raise ModelError(f"{call.kind} has a fused activation {kind!r}, which is not known")
    wanted, compute = _BY_NUMBERS[kind]
    numbers = [float(attribute(call, names.get(name, name))) for name in wanted]
    return lambda images, _given: compute(images, *numbers)


def _leaky_relu(images: Any, slope: float) -> Any:  # noqa: ANN401
    from paddle.nn.functional import leaky_relu

    return leaky_relu(images, slope)


def _hard_swish(images: Any, top: float, divisor: float, offset: float) -> Any:  # noqa: ANN401
    return images * (images + offset).clip(0.0, top) / divisor


_BY_NUMBERS: Mapping[str, tuple[tuple[str, ...], Callable[..., Any]]] = {
    "relu6": (("threshold",), lambda images, top: images.clip(0.0, top)),
    "leaky_relu": (("alpha",), _leaky_relu),
    "swish": (("beta",), lambda images, beta: images * _sigmoid(images * beta)),
    "hard_sigmoid": (
        ("slope", "offset"),
        lambda images, slope, offset: (images * slope + offset).clip(0.0, 1.0),
    ),
    "hard_swish": (("threshold", "scale", "offset"), _hard_swish),
}
"""Activations with parameters: the names of these, and the function that takes them in order."""


def _prelu(mode: str, slot: str) -> Activation:
    def compute(images: Any, given: Slots) -> Any:  # noqa: ANN401
        slopes = single(given, slot)
        if mode == "channel":
            slopes = slopes.reshape([1, -1, *[1] * (images.ndim - 2)])
        elif mode == "element":
            slopes = slopes.reshape([1, *images.shape[1:]])
        return _relu(images) - slopes * _relu(-images)

    return compute


_IN_CONVOLUTIONS = {
    "alpha": "leaky_relu_alpha",
    "beta": "swish_scale",
    "mode": "prelu_mode",
}
_HARD_SWISH = {
    "threshold": "hard_swish_threshold",
    "scale": "hard_swish_scale",
    "offset": "hard_swish_offset",
}


def convolution_activation(call: OperatorCall) -> Activation:
    """The activation of a convolution, by ``with_act`` and ``act_type`` and no older mark."""
    own = call.attributes
    kind = str(attribute(call, "act_type")) if own.get("with_act") else ""
    names = dict(_IN_CONVOLUTIONS)
    if kind == "hard_swish":
        names |= _HARD_SWISH
    if kind == "relu6":
        names["threshold"] = "fuse_brelu_threshold"
    return activation(call, kind, names, "Prelu_alpha")
