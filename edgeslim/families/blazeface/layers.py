"""BlazeFace networks of PaddleDetection in Paddle: backbone and heads, without post-processing.

Parameters carry PaddleDetection's names. Boxes are decoded and suppressed
outside of the network: that runs on the host, and the published table has no rows for it.
"""

from __future__ import annotations

import paddle
from paddle import Tensor, nn

from edgeslim.families.blazeface.architecture import BOXES, BlazeBlock, BlazeFaceArchitecture
from edgeslim.families.layers import BoxHead, conv_norm

__all__ = ["BlazeFaceNet"]


class BlazeFaceNet(nn.Layer):  # type: ignore[misc]  # Paddle has no types
    """Finds faces: ``(N, C, H, W)`` to ``(N, boxes, 4)`` and ``(N, boxes, num_classes)``.

    Args:
        architecture: The stem and the blocks, between input and heads.
        num_classes: Number of classes, the background among them.
        in_channels: ``C`` of the input ``(N, C, H, W)``.
    """

    def __init__(
        self, architecture: BlazeFaceArchitecture, num_classes: int, in_channels: int = 3
    ) -> None:
        super().__init__()
        self.stem = conv_norm(
            "conv1", in_channels, architecture.stem, kernel=3, stride=2, activation="relu"
        )
        width = architecture.stem
        self.blocks = nn.LayerList()
        for index, block in enumerate(architecture.blocks):
            first_double = sum(single.middle is None for single in architecture.blocks)
            name = f"double_blaze_{index - first_double}" if block.middle else f"blaze_{index}"
            self.blocks.append(_Block(name, width, block))
            width = block.channels
        self.maps = architecture.maps
        widths = [architecture.blocks[index].channels for index in self.maps]
        self.heads = nn.LayerList(
            [
                BoxHead(channels, boxes, num_classes, kernel=3)
                for channels, boxes in zip(widths, BOXES, strict=True)
            ]
        )

    def forward(self, images: Tensor) -> tuple[Tensor, Tensor]:
        out, locations, confidences = self.stem(images), [], []
        for index, block in enumerate(self.blocks):
            out = block(out)
            if index in self.maps:
                location, confidence = self.heads[self.maps.index(index)](out)
                locations.append(location)
                confidences.append(confidence)
        return paddle.concat(locations, axis=1), paddle.concat(confidences, axis=1)


class _Block(nn.Layer):  # type: ignore[misc]  # Paddle has no types
    """A single or a double block; with a stride, a pooling brings its shortcut to the same size."""

    def __init__(self, name: str, c_in: int, block: BlazeBlock) -> None:
        super().__init__()
        narrow = block.channels if block.middle is None else block.middle
        layers = [
            *_depthwise_pair(f"{name}1_dw", c_in, block.stride),
            conv_norm(
                f"{name}1_sep", c_in, narrow, activation="" if block.middle is None else "relu"
            ),
        ]
        if block.middle is not None:
            layers += [
                *_depthwise_pair(f"{name}2_dw", narrow, 1),
                conv_norm(f"{name}2_sep", narrow, block.channels, activation="relu"),
            ]
        self.body = nn.Sequential(*layers)
        self.shortcut = None
        if block.stride > 1:
            self.shortcut = nn.Sequential(
                nn.MaxPool2D(block.stride, block.stride, ceil_mode=True),
                conv_norm(f"shortcut{name}", c_in, block.channels, activation="relu"),
            )

    def forward(self, images: Tensor) -> Tensor:
        out = self.body(images)
        return nn.functional.relu((self.shortcut(images) if self.shortcut else images) + out)


def _depthwise_pair(name: str, channels: int, stride: int) -> list[nn.Sequential]:
    return [
        conv_norm(
            f"{name}_{number}",
            channels,
            channels,
            kernel=3,
            stride=step,
            groups=channels,
            activation="relu",
        )
        for number, step in ((1, 1), (2, stride))
    ]
