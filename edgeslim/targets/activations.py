"""Activations and other functions of single elements."""

from __future__ import annotations

from edgeslim.targets._law import EVERY_PRECISION, EVERYWHERE, Kernels, Law, Operator, is_any

__all__ = [
    "LARGE_SOFTPLUS",
    "LARGE_TANGENTS",
    "LAWS",
    "LOGARITHMS_AT_ENDS",
    "LOGARITHMS_OF_SOFTMAX",
    "SIGNS",
    "SLOPES_BY_ELEMENT",
    "SOFTMAX_BY_PLACES",
    "STEEP_SLOPES",
    "TANH_GELUS",
    "THRESHOLDS_WITH_VALUES",
    "may_be_large",
]

_BOUNDED = {"clip", "cos", "hard_sigmoid", "relu6", "sigmoid", "sin", "softmax", "tanh"}
"""Kinds whose results are far from where exponentials are infinite."""


def may_be_large(operator: Operator) -> bool:
    """Whether its input may be so large that exponentials are infinite."""
    return not _BOUNDED.intersection(operator.makers.get("X", ()))


def _may_be_large_or_has_low_threshold(operator: Operator) -> bool:
    return may_be_large(operator) or float(operator.attribute("threshold", 20.0)) < 15.0


def _has_slopes_for_one_of_many(operator: Operator) -> bool:
    return operator.attribute("mode", "all") == "element" and operator.shape()[:1] != (1,)


SIGNS = Law(
    name="signs",
    operators=("sign",),
    condition="always",
    meets=is_any,
    happens="the output's memory is read instead of the input, and x86 has no kernel",
    kernels=EVERYWHERE,
    precisions=EVERY_PRECISION,
    rewrite="signs",
    form="by comparisons",
    source="lite/kernels/arm/activation_extra_compute.cc (SignCompute)",
)

LARGE_TANGENTS = Law(
    name="large-tangents",
    operators=("tanh",),
    condition="of values that may be beyond 88",
    meets=may_be_large,
    happens="infinity is divided by infinity: the last elements of each thread are NaN on arm, "
    "and on x86 all elements if opt merges it with a sum",
    kernels=EVERYWHERE,
    precisions=EVERY_PRECISION,
    rewrite="bounded-tangents",
    form="of values within the limits beyond which it is 1",
    source="lite/backends/arm/math/activation.cc (act_tanh), "
    "lite/core/optimizer/mir/fusion/elementwise_add_activation_fuse_pass.cc",
)

LARGE_SOFTPLUS = Law(
    name="large-softplus",
    operators=("softplus",),
    condition="of values that may be beyond 88, or with a threshold below 15",
    meets=_may_be_large_or_has_low_threshold,
    happens="the result is infinite, and the threshold is ignored",
    precisions=EVERY_PRECISION,
    rewrite="large-softplus",
    form="by its two parts",
    source="lite/backends/arm/math/activation.cc (softplus)",
)

SLOPES_BY_ELEMENT = Law(
    name="slopes-by-element",
    operators=("prelu",),
    condition="with a slope for each element, and more than one example in the batch",
    meets=_has_slopes_for_one_of_many,
    happens="from the second example on, slopes are read from beyond their end",
    precisions=EVERY_PRECISION,
    rewrite="slopes-by-element",
    form="by its two parts",
    source="lite/backends/arm/math/activation.cc (act_prelu)",
)

STEEP_SLOPES = Law(
    name="steep-slopes",
    operators=("leaky_relu",),
    condition="with a slope above 1",
    meets=lambda operator: float(operator.attribute("alpha", 0.02)) > 1.0,
    happens="the result is the larger of the input and its multiple",
    kernels=frozenset({Kernels.X86}),
    precisions=EVERY_PRECISION,
    rewrite="absent-functions",
    form="by its two parts",
    source="lite/kernels/x86/activation_compute.cc",
)

TANH_GELUS = Law(
    name="tanh-gelus",
    operators=("gelu",),
    condition="approximate=True",
    meets=lambda operator: bool(operator.attribute("approximate", False)),
    happens="the exact function is computed",
    kernels=EVERYWHERE,
    precisions=EVERY_PRECISION,
    rewrite="absent-functions",
    form="by a hyperbolic tangent",
    source="lite/operators/activation_ops.cc",
)

THRESHOLDS_WITH_VALUES = Law(
    name="thresholds-with-values",
    operators=("thresholded_relu",),
    condition="with another value than 0 below its threshold",
    meets=lambda operator: float(operator.attribute("value", 0.0)) != 0.0,
    happens="the result is 0 there",
    kernels=EVERYWHERE,
    precisions=EVERY_PRECISION,
    rewrite="absent-functions",
    form="by comparisons",
    source="lite/operators/activation_ops.cc",
)

LOGARITHMS_AT_ENDS = Law(
    name="logarithms-at-ends",
    operators=("log",),
    condition="unless the operators before it, such as a clip, keep its input above 0",
    meets=None,
    happens="the logarithm of 0 is NaN, that of infinity is 88.7, and that of NaN is a number",
    precisions=EVERY_PRECISION,
    rewrite="logarithms",
    form="of values within limits, and by roots at its ends",
    source="lite/backends/arm/math/funcs.h (log_ps), "
    "lite/backends/arm/math/activation.cc (act_log)",
)

LOGARITHMS_OF_SOFTMAX = Law(
    name="logarithms-of-softmax",
    operators=("log_softmax",),
    condition="always",
    meets=is_any,
    happens="it goes on falling where an input is more than 64 below the largest; Paddle's stops",
    kernels=EVERYWHERE,
    precisions=EVERY_PRECISION,
    rewrite="absent-sums",
    form="by Paddle's own definition",
    source="lite/kernels/host/log_softmax_compute.cc; paddle/phi/kernels/funcs/softmax_impl.h",
)

SOFTMAX_BY_PLACES = Law(
    name="softmax-by-places",
    operators=("softmax",),
    condition="over another axis than the last, or between two transpositions, of unbounded values",
    meets=None,
    happens="the largest element of all rows is subtracted instead of each row's own: a row that "
    "lies 88 below it is NaN",
    kernels=frozenset({Kernels.X86}),
    precisions=EVERY_PRECISION,
    rewrite="softmax-by-places",
    form="after each row's own largest element is subtracted, or kept apart from a transposition",
    source="lite/backends/x86/math/softmax_impl.h",
)

LAWS = (
    SIGNS,
    LARGE_TANGENTS,
    LARGE_SOFTPLUS,
    SLOPES_BY_ELEMENT,
    STEEP_SLOPES,
    TANH_GELUS,
    THRESHOLDS_WITH_VALUES,
    LOGARITHMS_AT_ENDS,
    LOGARITHMS_OF_SOFTMAX,
    SOFTMAX_BY_PLACES,
)
