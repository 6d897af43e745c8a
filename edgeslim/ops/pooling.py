"""Average and maximum pooling, global and adaptive pooling included."""

from __future__ import annotations

from edgeslim.ops._channel_rules import spatial
from edgeslim.ops._kind import OperatorKind, elements
from edgeslim.opspec import Attribute, Attributes, OpSpec, Shapes

__all__ = ["KINDS"]


def _pool2d_attributes(attributes: Attributes, inputs: Shapes, _: Shapes) -> Attributes:
    """Global pooling has no window of its own, and adaptive pooling no strides.

    Adaptive pooling is given strides that send it to the general kernel: see
    ``paddle_io/rewrites/pools.py``.
    """
    size = attributes["ksize"]
    covers_all = size == (1, 1) and bool(attributes["adaptive"])
    if not (attributes["global_pooling"] or covers_all):
        fixed: dict[str, Attribute] = {"strides": (1, 2), "paddings": (0, 0)}
        return Attributes({**attributes, **fixed}) if attributes["adaptive"] else attributes
    keep: dict[str, Attribute] = {
        "pooling_type": attributes["pooling_type"],
        "global_pooling": True,
        "ksize": inputs["X"][0][2:],
        "strides": (1, 1),
        "paddings": (0, 0),
    }
    return Attributes(keep)


def _paddleslim1_flops(spec: OpSpec, *, whole_numbers: bool) -> int:  # noqa: ARG001
    size = spec.attributes["ksize"]
    if spec.attributes.get("global_pooling") or not isinstance(size, tuple):
        return 0
    return elements(spec) * int(size[0]) * int(size[1])


_WINDOW: dict[str, Attribute] = {
    "ksize": (1, 1),
    "strides": (1, 1),
    "paddings": (0, 0),
    "global_pooling": False,
    "adaptive": False,
    "ceil_mode": False,
}

KINDS = (
    # Also says where each maximum was; adaptive maximum pooling is saved as this.
    OperatorKind(
        kind="max_pool2d_with_index", scratch=("Mask",), attributes=_WINDOW, channels=spatial
    ),
    OperatorKind(
        kind="pool2d",
        attributes={
            "pooling_type": "max",
            **_WINDOW,
            "exclusive": True,
            "padding_algorithm": "EXPLICIT",
        },
        normal_form=_pool2d_attributes,
        paddleslim1_flops=_paddleslim1_flops,
        channels=spatial,
    ),
)
