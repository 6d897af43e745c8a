"""Activations and other functions of one value that do not jump."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from operator_networks.drawing import Operator
from operator_networks.toolkit import F, nn, paddle

__all__ = ["OPERATORS"]

Attributes = Mapping[str, Any]

_SHAPES = ((1, 8, 6, 7), (2, 5, 9), (3, 12))


def _activation(name: str, **choices: Sequence[Any]) -> Operator:
    """A function of ``paddle.nn.functional`` with its parameters."""

    def build(a: Attributes, _shape: Sequence[int]) -> Any:
        own = dict(a)
        return lambda x: getattr(F, name)(x, **own)

    return Operator(build=build, shapes=_SHAPES, choices=choices)


def _function(name: str, inside: Callable[[Any], Any] | None = None, **choices: Any) -> Operator:
    """A function of ``paddle``, of something that is in its domain."""

    def build(a: Attributes, _shape: Sequence[int]) -> Any:
        own = dict(a)
        if inside is None:
            return lambda x: getattr(paddle, name)(x, **own)
        return lambda x: getattr(paddle, name)(inside(x), **own)

    return Operator(build=build, shapes=_SHAPES, choices=choices, most=max(2, len(choices) * 4))


def _prelu(a: Attributes, shape: Sequence[int]) -> Any:
    return nn.PReLU(shape[1] if a["each_channel"] else 1, a["init"])


def _maxout(a: Attributes, _shape: Sequence[int]) -> Any:
    return lambda x: F.maxout(x, a["groups"], a["axis"])


def _glu(a: Attributes, _shape: Sequence[int]) -> Any:
    return lambda x: F.glu(x, a["axis"])


def _dropout(a: Attributes, _shape: Sequence[int]) -> Any:
    return nn.Dropout(a["p"], axis=a["axis"], mode=a["mode"])


_ACTIVATIONS = {
    "relu": _activation("relu"),
    "relu6": _activation("relu6"),
    "leaky_relu": _activation("leaky_relu", negative_slope=(0.01, 0.3, 0.0, 1.5, -0.2)),
    "elu": _activation("elu", alpha=(1.0, 0.3, 2.0)),
    "celu": _activation("celu", alpha=(1.0, 0.4)),
    "selu": _activation("selu", scale=(1.0507009873554805, 1.5), alpha=(1.6732632423543772, 1.0)),
    "gelu": _activation("gelu", approximate=(False, True)),
    "hardsigmoid": _activation("hardsigmoid", slope=(1 / 6, 0.2), offset=(0.5, 0.4)),
    "hardswish": _activation("hardswish"),
    "hardtanh": _activation("hardtanh", min=(-1.0, -0.4), max=(1.0, 0.7, 6.0)),
    "hardshrink": _activation("hardshrink", threshold=(0.5, 1.0)),
    "softshrink": _activation("softshrink", threshold=(0.5, 1.0)),
    "tanhshrink": _activation("tanhshrink"),
    "sigmoid": _activation("sigmoid"),
    "log_sigmoid": _activation("log_sigmoid"),
    "silu": _activation("silu"),
    "swish": _activation("swish"),
    "mish": _activation("mish"),
    "softplus": _activation("softplus", beta=(1.0, 2.0), threshold=(20.0, 1.5)),
    "softsign": _activation("softsign"),
    "tanh": _activation("tanh"),
    "stanh": _function("stanh", scale_a=(0.67, 1.0), scale_b=(1.7159, 1.0)),
    "thresholded_relu": _activation("thresholded_relu", threshold=(1.0, 0.3), value=(0.0, -0.5)),
    "prelu": Operator(
        build=_prelu,
        shapes=_SHAPES[:2],
        choices={"each_channel": (True, False), "init": (0.25, 0.1)},
    ),
    "rrelu": Operator(
        build=lambda a, _: nn.RReLU(a["lower"], a["upper"]),
        shapes=_SHAPES,
        choices={"lower": (0.125, 0.2), "upper": (0.33, 0.5)},
    ),
    "maxout": Operator(
        build=_maxout,
        shapes=((1, 8, 6, 8), (2, 8, 5, 8)),
        choices={"groups": (2, 4), "axis": (1, -1)},
    ),
    "glu": Operator(build=_glu, shapes=((1, 8, 6, 6), (2, 8, 4)), choices={"axis": (-1, 1)}),
    "dropout": Operator(
        build=_dropout,
        shapes=_SHAPES,
        choices={
            "p": (0.5, 0.2),
            "axis": (None, 0),
            "mode": ("upscale_in_train", "downscale_in_infer"),
        },
    ),
}


def _positive(x: Any) -> Any:
    return x.abs() + 0.1


def _inner(x: Any) -> Any:
    return x.clip(-0.9, 0.9)


_FUNCTIONS = {
    "abs": _function("abs"),
    "exp": _function("exp", lambda x: x.clip(-20.0, 10.0)),
    "exp, unbounded": _function("exp"),
    "expm1": _function("expm1", _inner),
    "log": _function("log", _positive),
    "log, of any": _function("log"),
    "log2": _function("log2", _positive),
    "log10": _function("log10", _positive),
    "log1p": _function("log1p", _positive),
    "sqrt": _function("sqrt", _positive),
    "sqrt, of any": _function("sqrt"),
    "rsqrt": _function("rsqrt", _positive),
    "square": _function("square"),
    "reciprocal": _function("reciprocal", _positive),
    "neg": _function("neg"),
    "sin": _function("sin"),
    "cos": _function("cos"),
    "tan": _function("tan", _inner),
    "asin": _function("asin", _inner),
    "acos": _function("acos", _inner),
    "atan": _function("atan"),
    "sinh": _function("sinh", _inner),
    "cosh": _function("cosh", _inner),
    "asinh": _function("asinh"),
    "acosh": _function("acosh", lambda x: x.abs() + 1.5),
    "atanh": _function("atanh", _inner),
    "erf": _function("erf"),
    "logit": _function("logit", lambda x: F.sigmoid(x), eps=(1e-6, 0.1)),
    "pow of a number": _function("pow", y=(2, 2.0, 3, 4.0, 1.0)),
    "pow of a positive number": _function("pow", _positive, y=(0.5, -1.0, 2.5, -0.5)),
    "clip": _function("clip", min=(-1.0, None, 0.0), max=(6.0, 0.5, None)),
    "scale": _function(
        "scale",
        scale=(2.0, -0.5),
        bias=(0.0, 1.5),
        bias_after_scale=(True, False),
        act=(None, None, "relu"),
    ),
    "nan_to_num": _function("nan_to_num", nan=(0.0,)),
}

OPERATORS: dict[str, Operator] = {**_ACTIVATIONS, **_FUNCTIONS}
