"""Padding of images and volumes."""

from __future__ import annotations

from edgeslim.targets._law import EVERY_PRECISION, EVERYWHERE, Law, Operator

__all__ = ["LAWS", "PADDED_VALUES", "PADDED_VOLUMES"]


def _is_padded_with_a_value(operator: Operator) -> bool:
    constant = operator.attribute("mode", "constant") == "constant"
    return constant and float(operator.attribute("value", 0.0)) != 0


PADDED_VALUES = Law(
    name="padded-values",
    operators=("pad3d",),
    condition="with a constant other than 0",
    meets=_is_padded_with_a_value,
    happens="every byte of the padding is the constant's whole part",
    kernels=EVERYWHERE,
    precisions=EVERY_PRECISION,
    rewrite="flat-paddings",
    form="as that of an image, or joined with constants",
    source="lite/backends/host/math/pad3d.cc",
)

PADDED_VOLUMES = Law(
    name="padded-volumes",
    operators=("pad3d",),
    condition="of sequences and volumes, and of images by replicating or wrapping",
    meets=None,
    happens="the run ends, or the padding has wrong values",
    kernels=EVERYWHERE,
    precisions=EVERY_PRECISION,
    rewrite="absent-places",
    form="by gathering elements, or joined with constants",
    source=(
        "lite/kernels/host/pad3d_compute.cc, "
        "lite/core/optimizer/mir/fusion/unsqueeze2_pad3d_squeeze2_fuse.cc"
    ),
)

LAWS = (PADDED_VALUES, PADDED_VOLUMES)
