"""MobileNetV1-SSD of the PaddleSlim 1.x examples, up to its raw heads.

The single-shot detector (https://arxiv.org/abs/1512.02325) on MobileNetV1: of six maps, each
half as large as the one before, 1x1 convolutions give boxes as differences from prior boxes,
``(N, boxes, 4)``, and classes before the softmax, ``(N, boxes, classes)``, of which class 0 is
the background. At 300x300 there are 1,917 boxes. Decoding and suppression are no part of it.

The original (PaddlePaddle/models at 9aefcdc84, PaddleCV/ssd/mobilenet_ssd.py) names nothing,
and what to prune is chosen there by the names that Paddle counted up by itself
(``conv2d_[1-9].w_0|conv2d_1[0-2].w_0``). Here they are counted in the same order.
"""

from __future__ import annotations

from collections import Counter

import paddle
from paddle import Tensor, nn

from edgeslim.families.layers import BoxHead, ConvNormNames, conv_norm
from edgeslim.families.mobilenet_v1.layers import mobilenet_v1

__all__ = ["MobileNetV1Ssd"]

_EXTRA = ((256, 512), (128, 256), (128, 256), (64, 128))
"""Widths of the 1x1 and of the strided 3x3 convolution of each block behind MobileNetV1."""

_MAPS = (
    ("conv5_5", 512, 3),
    ("conv6", 1024, 6),
    ("extra_1", 512, 6),
    ("extra_2", 256, 6),
    ("extra_3", 256, 6),
    ("extra_4", 128, 6),
)
"""After which blocks there is a head, the width there and the number of boxes at each position."""


class _CountedNames:
    """Names as Paddle 1.x gave them to layers without one, by kind, in order of making."""

    def __init__(self) -> None:
        self._made: Counter[str] = Counter()

    def next(self, kind: str) -> str:
        """``conv2d_0``, ``conv2d_1`` and so on."""
        self._made[kind] += 1
        return f"{kind}_{self._made[kind] - 1}"

    def conv_norm(self, name: str) -> ConvNormNames:
        """Of a convolution called ``name`` elsewhere; a depthwise one is a kind of its own."""
        conv = self.next("depthwise_conv2d" if name.endswith("_dw") else "conv2d")
        norm = self.next("batch_norm")
        return ConvNormNames(
            weights=f"{conv}.w_0",
            scale=f"{norm}.w_0",
            offset=f"{norm}.b_0",
            mean=f"{norm}.w_1",
            variance=f"{norm}.w_2",
        )


class MobileNetV1Ssd(nn.Layer):  # type: ignore[misc]  # Paddle has no types
    """Finds things: ``(N, 3, H, W)`` to ``(N, boxes, 4)`` and ``(N, boxes, num_classes)``.

    Args:
        num_classes: Number of classes, with the background as class 0.
    """

    def __init__(self, num_classes: int) -> None:
        super().__init__()
        names = _CountedNames()
        blocks = mobilenet_v1(names.conv_norm)
        width = _MAPS[1][1]
        for number, (narrow, wide) in enumerate(_EXTRA, start=1):
            blocks.append((f"extra_{number}", _extra(names, width, narrow, wide)))
            width = wide
        self.blocks = nn.Sequential(*blocks)
        self.heads = nn.LayerDict()
        for block, channels, boxes in _MAPS:
            head = BoxHead(channels, boxes, num_classes, kernel=1)
            for conv in (head.location, head.confidence):
                name = names.next("conv2d")
                conv.weight.name, conv.bias.name = f"{name}.w_0", f"{name}.b_0"
            self.heads[block] = head

    def forward(self, images: Tensor) -> tuple[Tensor, Tensor]:
        out, locations, confidences = images, [], []
        for name, block in self.blocks.named_children():
            out = block(out)
            if name in self.heads:
                location, confidence = self.heads[name](out)
                locations.append(location)
                confidences.append(confidence)
        return paddle.concat(locations, axis=1), paddle.concat(confidences, axis=1)


def _extra(names: _CountedNames, width: int, narrow: int, wide: int) -> nn.Sequential:
    pointwise = conv_norm(names.conv_norm("narrow"), width, narrow, activation="relu")
    strided = conv_norm(
        names.conv_norm("wide"), narrow, wide, kernel=3, stride=2, activation="relu"
    )
    return nn.Sequential(("pointwise", pointwise), ("strided", strided))
