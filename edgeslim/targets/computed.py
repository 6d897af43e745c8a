"""Computed weights that kernels read only once, when a network runs for the first time."""

from __future__ import annotations

from edgeslim.targets._law import EVERY_PRECISION, EVERYWHERE, Answer, Law, Operator
from edgeslim.targets.quantized import ROUNDS_WEIGHTS

__all__ = ["COMPUTED_FILTERS", "COMPUTED_NORMS", "LAWS"]

_STATISTICS = ("Scale", "Bias", "Mean", "Variance")


def _has_computed_filter(operator: Operator) -> bool:
    """Whether the filter is computed; a quantized parameter is not."""
    rounded = set(ROUNDS_WEIGHTS).intersection(operator.makers.get("Filter", ()))
    return "Filter" not in operator.constants and not rounded and bool(operator.shape("Filter"))


def _is_computed_norm(operator: Operator) -> bool:
    return any(operator.inputs.get(slot) and slot not in operator.constants for slot in _STATISTICS)


COMPUTED_FILTERS = Law(
    name="computed-filters",
    operators=("conv2d", "depthwise_conv2d"),
    condition="with a filter that is no parameter",
    meets=_has_computed_filter,
    happens="later runs use the filter of the first; opt crashes on filters of one element",
    kernels=EVERYWHERE,
    precisions=EVERY_PRECISION,
    rewrite="computed-filters",
    form="as a product of matrices",
    source="PrepareForRun of lite/kernels/arm/conv_*.cc and lite/kernels/x86/conv_*.cc",
)

COMPUTED_TRANSPOSED_FILTERS = Law(
    name="computed-transposed-filters",
    operators=("conv2d_transpose", "deformable_conv"),
    condition="with a filter that is no parameter",
    meets=_has_computed_filter,
    happens="later runs use the filter of the first",
    precisions=EVERY_PRECISION,
    answer=Answer.REFUSED,
    mend="make the filter a parameter, or write it as a product of matrices",
    source="PrepareForRun of lite/kernels/arm/conv_transpose_compute.cc",
)

COMPUTED_NORMS = Law(
    name="computed-norms",
    operators=("batch_norm",),
    condition="with statistics, a factor or an offset that are no parameters",
    meets=_is_computed_norm,
    happens="later runs use those of the first",
    precisions=EVERY_PRECISION,
    rewrite="computed-norms",
    form="as a product and a sum",
    source="PrepareForRun of lite/kernels/arm/batch_norm_compute.cc",
)

LAWS = (COMPUTED_FILTERS, COMPUTED_TRANSPOSED_FILTERS, COMPUTED_NORMS)
