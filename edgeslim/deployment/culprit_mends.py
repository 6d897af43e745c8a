"""Advice for an operator that is not computed as it should be."""

from __future__ import annotations

from collections.abc import Sequence

from edgeslim.optimized_program import OperatorCall

__all__ = ["mend_of", "mend_of_kind"]

_CONVOLUTIONS = {"conv2d", "depthwise_conv2d", "conv2d_transpose"}
_ACTIVATIONS = {"relu", "relu6", "leaky_relu", "hard_swish", "hard_sigmoid", "sigmoid", "swish"}
_FACTORS = {"scale", "elementwise_mul", "elementwise_add", "elementwise_sub", "elementwise_div"}

_MENDS = {
    "elementwise_pow": "write powers as products (x * x), which are right for negative values too",
    "pow": "write powers as products (x * x), which are right for negative values too",
    "gelu": "use gelu without approximate=True, or relu",
    "bilinear_interp_v2": "resize by a whole factor, or with align_corners as it is not now",
    "nearest_interp_v2": "resize by a whole factor, or with align_corners as it is not now",
    "conv2d_transpose": "use nearest interpolation and a convolution, or a dense filter (groups=1)",
    "elementwise_floordiv": "divide and take floor() in floats",
    "elementwise_mod": "keep both operands positive",
}
"""By kind of operator."""

_OTHERWISE = (
    "replace it where the network is built; the files as they are can be run by Paddle "
    "(edgeslim infer --engine paddle)"
)


def mend_of(call: OperatorCall, made_of: Sequence[str]) -> str:
    """The likely mend as a clause.

    Args:
        call: The operator as it is in the optimized model.
        made_of: Kinds of the model's operators that were fused into it.
    """
    kinds = [kind for kind in made_of if kind in _CONVOLUTIONS | _ACTIVATIONS | _FACTORS]
    behind = next((place for place, kind in enumerate(kinds) if kind in _ACTIVATIONS), None)
    if call.kind in _CONVOLUTIONS and behind is not None and kinds[behind + 1 :]:
        later = kinds[behind + 1]
        return (
            f"opt takes {later} into {call.kind} in front of its {kinds[behind]}; put it before "
            "the activation, or an operator between the two that opt leaves alone"
        )
    if len(set(made_of)) > 1 and call.kind in _CONVOLUTIONS:
        return (
            f"opt made one {call.kind} of them; put an operator between them that it leaves alone, "
            "such as an activation"
        )
    return mend_of_kind(call.kind)


def mend_of_kind(kind: str) -> str:
    """The likely mend of an operator of which only its kind is known."""
    return _MENDS.get(kind, _OTHERWISE)
