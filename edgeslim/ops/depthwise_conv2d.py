"""Convolution of each channel on its own, with its batch norm and activation fused in.

Paddle and Paddle-Lite: ``depthwise_conv2d``.
"""

from __future__ import annotations

from edgeslim.ops import _convolution
from edgeslim.ops._kind import OperatorKind

__all__ = ["KIND"]

KIND = OperatorKind(
    kind="depthwise_conv2d",
    slots=_convolution.SLOTS,
    outputs=("Output",),
    attributes=_convolution.ATTRIBUTES,
    normal=_convolution.normal,
    macs=_convolution.macs,
    paddleslim1_flops=_convolution.paddleslim1_flops,
    channels=_convolution.channels,
    resized=_convolution.resized,
)
