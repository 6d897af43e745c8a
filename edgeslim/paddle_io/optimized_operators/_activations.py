"""Activations that became part of other operators."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from edgeslim.errors import ModelError
from edgeslim.optimized_program import OperatorCall
from edgeslim.paddle_io.optimized_operators._meaning import Slots, attribute, only

__all__ = ["Activation", "activation", "convolution_activation"]

Activation = Callable[[Any, Slots], Any]
"""From a tensor, and the other inputs of the operator, to one of the same shape."""


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
    """What an activation inside of another operator computes.

    Args:
        call: The operator.
        kind: The activation; empty is none.
        names: What the operator calls the activation's attributes.
        alpha_slot: Where the slopes of a ``prelu`` are.

    Raises:
        ModelError: An activation, or a form of one, that Paddle-Lite has not.
    """
    if not kind:
        return lambda images, _given: images
    if kind in _PLAIN:
        plain = _PLAIN[kind]
        return lambda images, _given: plain(images)
    if kind == "prelu" and alpha_slot:
        return _prelu(attribute(call, names.get("mode", "mode")), alpha_slot)

    if kind not in _BY_NUMBERS:
        raise ModelError(f"{call.kind} has an activation {kind!r} in it, which is not known")
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
"""Activations with numbers: their names, and what is computed with these in their order."""


def _prelu(mode: str, slot: str) -> Activation:
    def compute(images: Any, given: Slots) -> Any:  # noqa: ANN401
        slopes = only(given, slot)
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
    """Of a convolution: ``with_act`` and ``act_type`` decide, and older marks mean nothing."""
    own = call.attributes
    kind = str(attribute(call, "act_type")) if own.get("with_act") else ""
    names = dict(_IN_CONVOLUTIONS)
    if kind == "hard_swish":
        names |= _HARD_SWISH
    if kind == "relu6":
        names["threshold"] = "fuse_brelu_threshold"
    return activation(call, kind, names, "Prelu_alpha")
