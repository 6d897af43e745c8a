"""Normalization, and norms of tensors."""

from __future__ import annotations

from edgeslim.targets._law import EVERY_PRECISION, EVERYWHERE, Law, Operator

__all__ = ["LARGE_MEANS", "LAWS", "NORMS_OF_PICTURES", "OTHER_ORDERS"]

_IMAGE_AXES = 4


def _is_no_image(operator: Operator) -> bool:
    shape = operator.shape()
    return len(shape) not in (0, 1, _IMAGE_AXES) and min(shape) > 0


def _is_of_another_order(operator: Operator) -> bool:
    return (
        bool(operator.attribute("asvector", False))
        or float(operator.attribute("porder", 2.0)) != 2.0
    )


NORMS_OF_PICTURES = Law(
    name="norms-of-pictures",
    operators=("group_norm", "instance_norm"),
    condition="of a tensor that has not four axes",
    meets=_is_no_image,
    happens="the height and width of an image are read that the tensor does not have",
    kernels=EVERYWHERE,
    precisions=EVERY_PRECISION,
    rewrite="norms-of-pictures",
    form="as that of an image one pixel wide",
    source="lite/kernels/arm/instance_norm_compute.cc, lite/kernels/arm/group_norm_compute.cc",
)

OTHER_ORDERS = Law(
    name="norms-of-other-orders",
    operators=("p_norm",),
    condition="of another order than 2, or of all elements",
    meets=_is_of_another_order,
    happens="powers of values instead of magnitudes are added, of a rounded order, or the run ends",
    kernels=EVERYWHERE,
    precisions=EVERY_PRECISION,
    rewrite="norms",
    form="by sums, maxima and roots",
    source="lite/backends/host/math/norm.cc",
)

LARGE_MEANS = Law(
    name="large-means",
    operators=("group_norm", "instance_norm", "layer_norm"),
    condition="of an input of the network, however shifted and scaled: its mean may be large "
    "beside its standard deviation, which depends on values alone",
    meets=None,
    happens="the variance loses digits by the square of their ratio (of 100, results are off by "
    "0.01), and may be below 0, so that all is NaN; on x86 but for layer_norm",
    kernels=EVERYWHERE,
    precisions=EVERY_PRECISION,
    rewrite="centred-norms",
    form="after the mean is subtracted",
    source="lite/backends/arm/math/norm.cc, lite/kernels/arm/instance_norm_compute.cc, "
    "lite/kernels/arm/group_norm_compute.cc, lite/backends/x86/math/avx/instance_norm.cc, "
    "lite/backends/x86/math/avx/group_norm.cc",
)

LAWS = (LARGE_MEANS, NORMS_OF_PICTURES, OTHER_ORDERS)
