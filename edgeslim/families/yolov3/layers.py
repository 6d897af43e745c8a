"""MobileNetV1-YOLOv3 of the PaddleSlim 1.x examples, up to its raw heads.

YOLOv3 (https://arxiv.org/abs/1804.02767) on MobileNetV1. It gives three maps, 1/32, 1/16 and
1/8 as large as the image, ``(N, 3 * (5 + classes), h, w)``: for each of three anchors the
offset, the size, whether there is an object, and its class. Decoding and suppression are no
part of it.

Names and form are those of PaddleDetection then (PaddlePaddle/models at 9aefcdc84,
PaddleCV/PaddleDetection/ppdet/modeling: backbones/mobilenet.py, anchor_heads/yolo_head.py).
"""

from __future__ import annotations

import paddle
from paddle import Tensor, nn

from edgeslim.families.layers import ConvNormNames, conv_norm
from edgeslim.families.mobilenet_v1.layers import mobilenet_v1

__all__ = ["MobileNetV1YoloV3"]

_ANCHORS = 3
_BOX_NUMBERS = 5
"""Place (2), size (2) and objectness of a box."""

_MAPS = (("conv6", 1024), ("conv4_2", 512), ("conv3_2", 256))
"""After which blocks the three heads read, coarsest first, and the width there."""


class MobileNetV1YoloV3(nn.Layer):  # type: ignore[misc]  # Paddle has no types
    """Finds things: ``(N, 3, H, W)`` to three maps, the coarsest first.

    Args:
        num_classes: Number of classes; there is none for the background.
    """

    def __init__(self, num_classes: int) -> None:
        super().__init__()
        self.backbone = nn.Sequential(*mobilenet_v1())
        self.blocks, self.outputs = nn.LayerList(), nn.LayerList()
        self.transitions = nn.LayerList()
        passed_on = 0
        for number, (_, channels) in enumerate(_MAPS):
            width = 512 // 2**number
            self.blocks.append(_Block(f"yolo_block.{number}", channels + passed_on, width))
            self.outputs.append(_output(f"yolo_output.{number}", 2 * width, num_classes))
            if number < len(_MAPS) - 1:
                passed_on = width // 2
                transition = _conv(f"yolo_transition.{number}", width, passed_on)
                self.transitions.append(
                    nn.Sequential(transition, nn.Upsample(scale_factor=2, mode="nearest"))
                )

    def forward(self, images: Tensor) -> list[Tensor]:
        out, maps = images, {}
        for name, block in self.backbone.named_children():
            maps[name] = out = block(out)
        found: list[Tensor] = []
        route: Tensor | None = None
        for number, (name, _) in enumerate(_MAPS):
            read = maps[name]
            if number:
                read = paddle.concat([self.transitions[number - 1](route), read], axis=1)
            route, tip = self.blocks[number](read)
            found.append(self.outputs[number](tip))
        return found


class _Block(nn.Layer):  # type: ignore[misc]  # Paddle has no types
    """Five convolutions whose result goes to the next block, and one more for this map."""

    def __init__(self, name: str, c_in: int, width: int) -> None:
        super().__init__()
        self.route = nn.Sequential(
            _conv(f"{name}.0.0", c_in, width),
            _conv(f"{name}.0.1", width, 2 * width, kernel=3),
            _conv(f"{name}.1.0", 2 * width, width),
            _conv(f"{name}.1.1", width, 2 * width, kernel=3),
            _conv(f"{name}.2", 2 * width, width),
        )
        self.tip = _conv(f"{name}.tip", width, 2 * width, kernel=3)

    def forward(self, features: Tensor) -> tuple[Tensor, Tensor]:
        route = self.route(features)
        return route, self.tip(route)


def _conv(name: str, c_in: int, c_out: int, *, kernel: int = 1) -> nn.Sequential:
    names = ConvNormNames(
        weights=f"{name}.conv.weights",
        scale=f"{name}.bn.scale",
        offset=f"{name}.bn.offset",
        mean=f"{name}.bn.mean",
        variance=f"{name}.bn.var",
    )
    return conv_norm(names, c_in, c_out, kernel=kernel, activation="leaky_relu")


def _output(name: str, channels: int, num_classes: int) -> nn.Conv2D:
    conv = nn.Conv2D(channels, _ANCHORS * (_BOX_NUMBERS + num_classes), 1)
    conv.weight.name, conv.bias.name = f"{name}.conv.weights", f"{name}.conv.bias"
    return conv
