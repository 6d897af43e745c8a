"""Norms over parts of a tensor."""

from __future__ import annotations

from edgeslim.targets._law import EVERY_PRECISION, EVERYWHERE, Law, Operator

__all__ = ["LARGE_MEANS", "LAWS", "NORMS_OF_PICTURES", "OTHER_ORDERS"]

_PICTURE_AXES = 4


def _is_no_picture(operator: Operator) -> bool:
    shape = operator.shape()
    return len(shape) not in (0, 1, _PICTURE_AXES) and min(shape) > 0


def _is_of_another_order(operator: Operator) -> bool:
    return bool(operator.given("asvector", False)) or float(operator.given("porder", 2.0)) != 2.0


NORMS_OF_PICTURES = Law(
    name="norms-of-pictures",
    operators=("group_norm", "instance_norm"),
    condition="of other than four axes",
    meets=_is_no_picture,
    happens="the sides of a picture are read that is not there",
    kernels=EVERYWHERE,
    precisions=EVERY_PRECISION,
    rewrite="norms-of-pictures",
    form="as that of a picture one pixel wide",
    source="lite/kernels/arm/instance_norm_compute.cc, lite/kernels/arm/group_norm_compute.cc",
)

OTHER_ORDERS = Law(
    name="norms-of-other-orders",
    operators=("p_norm",),
    condition="of another order than 2, or of all elements",
    meets=_is_of_another_order,
    happens="powers of values are added and not of magnitudes, by a whole order, or the run ends",
    kernels=EVERYWHERE,
    precisions=EVERY_PRECISION,
    rewrite="norms",
    form="by sums, largest values and roots",
    source="lite/backends/host/math/norm.cc",
)

LARGE_MEANS = Law(
    name="large-means",
    operators=("group_norm", "instance_norm", "layer_norm"),
    condition="of an input of the network, however moved and scaled: its mean may be large beside "
    "its deviation, which values alone say",
    meets=None,
    happens="the variance loses digits by the square of their ratio (of 100, results are off by "
    "0.01), and may be below 0, so that all is NaN; on x86 but for layer_norm",
    kernels=EVERYWHERE,
    precisions=EVERY_PRECISION,
    rewrite="centred-norms",
    form="of what its mean was taken off before",
    source="lite/backends/arm/math/norm.cc, lite/kernels/arm/instance_norm_compute.cc, "
    "lite/kernels/arm/group_norm_compute.cc, lite/backends/x86/math/avx/instance_norm.cc, "
    "lite/backends/x86/math/avx/group_norm.cc",
)

LAWS = (LARGE_MEANS, NORMS_OF_PICTURES, OTHER_ORDERS)
