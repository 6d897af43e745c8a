"""Functions of single elements."""

from __future__ import annotations

from edgeslim.targets._law import EVERY_PRECISION, EVERYWHERE, Kernels, Law, Operator, is_any

__all__ = [
    "LARGE_SOFTPLUS",
    "LARGE_TANGENTS",
    "LAWS",
    "LOGARITHMS_AT_ENDS",
    "LOGARITHMS_OF_SOFTMAX",
    "OTHER_THAN_NOUGHT",
    "SIGNS",
    "SLOPES_BY_ELEMENT",
    "SOFTMAX_BY_PLACES",
    "STEEP_SLOPES",
    "TANH_GELUS",
    "may_be_large",
]

_BOUNDED = {"clip", "cos", "hard_sigmoid", "relu6", "sigmoid", "sin", "softmax", "tanh"}
"""Kinds whose results are far from where exponentials are infinite."""


def may_be_large(operator: Operator) -> bool:
    """Whether what it reads is not kept far from where exponentials are infinite."""
    return not _BOUNDED.intersection(operator.makers.get("X", ()))


def _may_be_large_or_bent(operator: Operator) -> bool:
    return may_be_large(operator) or float(operator.given("threshold", 20.0)) < 15.0


def _has_slopes_for_one_of_many(operator: Operator) -> bool:
    return operator.given("mode", "all") == "element" and operator.shape()[:1] != (1,)


SIGNS = Law(
    name="signs",
    operators=("sign",),
    condition="always",
    meets=is_any,
    happens="what is to be written is read instead of the input, and on x86 there is no kernel",
    kernels=EVERYWHERE,
    precisions=EVERY_PRECISION,
    rewrite="signs",
    form="by comparisons",
    source="lite/kernels/arm/activation_extra_compute.cc (SignCompute)",
)

LARGE_TANGENTS = Law(
    name="large-tangents",
    operators=("tanh",),
    condition="of what may lie beyond 88",
    meets=may_be_large,
    happens="infinity is divided by infinity: on arm the last elements of each thread, on x86 all "
    "that opt merges with a sum, are no numbers",
    kernels=EVERYWHERE,
    precisions=EVERY_PRECISION,
    rewrite="bounded-tangents",
    form="within the limits beyond which it is 1",
    source="lite/backends/arm/math/activation.cc (act_tanh), "
    "lite/core/optimizer/mir/fusion/elementwise_add_activation_fuse_pass.cc",
)

LARGE_SOFTPLUS = Law(
    name="large-softplus",
    operators=("softplus",),
    condition="of what may lie beyond 88, or with a threshold of its own",
    meets=_may_be_large_or_bent,
    happens="it becomes infinite, and the threshold is not read",
    precisions=EVERY_PRECISION,
    rewrite="large-softplus",
    form="by its two parts",
    source="lite/backends/arm/math/activation.cc (softplus)",
)

SLOPES_BY_ELEMENT = Law(
    name="slopes-by-element",
    operators=("prelu",),
    condition="a slope for each element, of more than one example",
    meets=_has_slopes_for_one_of_many,
    happens="from the second example on slopes are read from behind those that there are",
    precisions=EVERY_PRECISION,
    rewrite="slopes-by-element",
    form="by its two parts",
    source="lite/backends/arm/math/activation.cc (act_prelu)",
)

STEEP_SLOPES = Law(
    name="steep-slopes",
    operators=("leaky_relu",),
    condition="with a slope above 1",
    meets=lambda operator: float(operator.given("alpha", 0.02)) > 1.0,
    happens="it is the larger of the input and its multiple",
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
    meets=lambda operator: bool(operator.given("approximate", False)),
    happens="the exact function is computed",
    kernels=EVERYWHERE,
    precisions=EVERY_PRECISION,
    rewrite="absent-functions",
    form="by a tangent",
    source="lite/operators/activation_ops.cc",
)

OTHER_THAN_NOUGHT = Law(
    name="thresholds-with-values",
    operators=("thresholded_relu",),
    condition="with another value than 0 below its threshold",
    meets=lambda operator: float(operator.given("value", 0.0)) != 0.0,
    happens="it is 0 there",
    kernels=EVERYWHERE,
    precisions=EVERY_PRECISION,
    rewrite="absent-functions",
    form="by comparisons",
    source="lite/operators/activation_ops.cc",
)

LOGARITHMS_AT_ENDS = Law(
    name="logarithms-at-ends",
    operators=("log",),
    condition="unless limits, an offset or such before it keep what it reads above 0",
    meets=None,
    happens="of 0 it is no number, of infinity 88.7, and of NaN a number",
    precisions=EVERY_PRECISION,
    rewrite="logarithms",
    form="within limits, and by roots at its ends",
    source="lite/backends/arm/math/funcs.h (log_ps), "
    "lite/backends/arm/math/activation.cc (act_log)",
)

LOGARITHMS_OF_SOFTMAX = Law(
    name="logarithms-of-softmax",
    operators=("log_softmax",),
    condition="always",
    meets=is_any,
    happens="it falls on where an input is more than 64 below the largest; Paddle's does not",
    kernels=EVERYWHERE,
    precisions=EVERY_PRECISION,
    rewrite="absent-sums",
    form="by Paddle's own definition",
    source="lite/kernels/host/log_softmax_compute.cc; paddle/phi/kernels/funcs/softmax_impl.h",
)

SOFTMAX_BY_PLACES = Law(
    name="softmax-by-places",
    operators=("softmax",),
    condition="over another axis than the last, or between two transpositions, of what is not "
    "bounded",
    meets=None,
    happens="the largest of all places is taken off, and not each place's own: a place that lies "
    "88 below is no number",
    kernels=frozenset({Kernels.X86}),
    precisions=EVERY_PRECISION,
    rewrite="softmax-by-places",
    form="of what its own largest was taken off before, or kept apart from a transposition",
    source="lite/backends/x86/math/softmax_impl.h",
)

LAWS = (
    SIGNS,
    LARGE_TANGENTS,
    LARGE_SOFTPLUS,
    SLOPES_BY_ELEMENT,
    STEEP_SLOPES,
    TANH_GELUS,
    OTHER_THAN_NOUGHT,
    LOGARITHMS_AT_ENDS,
    LOGARITHMS_OF_SOFTMAX,
    SOFTMAX_BY_PLACES,
)
