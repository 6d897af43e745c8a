"""Another size for images, each element between four."""

from __future__ import annotations

from edgeslim.ops import _interpolation
from edgeslim.ops._channel_rules import spatial
from edgeslim.ops._kind import OperatorKind

__all__ = ["KIND"]

KIND = OperatorKind(
    kind="bilinear_interp_v2",
    slots=_interpolation.SLOTS,
    attributes=_interpolation.attributes("bilinear"),
    channels=spatial,
)
