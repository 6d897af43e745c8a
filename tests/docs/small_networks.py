"""Networks, a task and a space as small as can be; networks have the names of the guide's.

A test copies this file beside a user's runs, where the program takes it as a user's own.
"""

from __future__ import annotations

from dataclasses import replace

from paddle import Tensor, concat, nn

from edgeslim.families.layers import BoxHead, ConvNormNames, conv_norm, linear
from edgeslim.training.tasks import TaskData, draw_part, find_task

_CLASSES = 10
"""Of the digits, and of the small data set in the format of VOC."""


class _FewDigits:
    num_classes = _CLASSES
    metric_name = "accuracy"

    def data(self, input_shape: tuple[int, ...], seed: int) -> TaskData:
        whole = find_task("digits").data(input_shape, seed)
        train, validation = (draw_part(each, 0.2, 0) for each in (whole.train, whole.validation))
        return replace(whole, train=train, validation=validation)


TASK = _FewDigits()


class _Bottleneck(nn.Layer):
    def __init__(self, name: str, width: int, expanded: int) -> None:
        super().__init__()
        relu6 = "relu6"
        self.expand = conv_norm(f"{name}_expand", width, expanded, activation=relu6)
        self.depthwise = conv_norm(
            f"{name}_dwise", expanded, expanded, kernel=3, groups=expanded, activation=relu6
        )
        self.project = conv_norm(f"{name}_linear", expanded, width)

    def forward(self, images: Tensor) -> Tensor:
        return images + self.project(self.depthwise(self.expand(images)))


def mobilenet_v2() -> nn.Layer:
    """Two bottlenecks; it takes long enough to be measured on a busy machine."""
    return nn.Sequential(
        conv_norm("conv1_1", 3, 16, kernel=3, activation="relu6"),
        _Bottleneck("conv2_1", 16, 32),
        _Bottleneck("conv3_1", 16, 32),
        nn.AdaptiveAvgPool2D(1),
        nn.Flatten(),
        linear("fc10", 16, _CLASSES),
    )


class _YoloV3(nn.Layer):
    def __init__(self) -> None:
        super().__init__()
        widths = (3, 4, 16, 16, 16, 16)
        names = ("conv1", "conv2_1_sep", "conv3_1_sep", "conv4_1_sep", "conv5_1_sep")
        self.body = nn.LayerList(
            conv_norm(
                *(name, widths[number], widths[number + 1]),
                kernel=3,
                stride=2,
                activation="leaky_relu",
            )
            for number, name in enumerate(names)
        )
        self.tip = conv_norm(_yolo_names("yolo_block.0.0.0"), 16, 16, activation="leaky_relu")
        self.outputs = nn.LayerList(nn.Conv2D(16, 3 * (5 + _CLASSES), 1) for _ in range(3))

    def forward(self, images: Tensor) -> list[Tensor]:
        maps = [images]
        for block in self.body:
            maps.append(block(maps[-1]))
        read = (self.tip(maps[-1]), maps[-2], maps[-3])
        return [output(read[number]) for number, output in enumerate(self.outputs)]


def _yolo_names(prefix: str) -> ConvNormNames:
    return ConvNormNames(
        weights=f"{prefix}.conv.weights",
        scale=f"{prefix}.bn.scale",
        offset=f"{prefix}.bn.offset",
        mean=f"{prefix}.bn.mean",
        variance=f"{prefix}.bn.var",
    )


def yolov3() -> nn.Layer:
    """Three maps of one convolution each."""
    return _YoloV3()


class _Ssd(nn.Layer):
    def __init__(self) -> None:
        super().__init__()
        self.body = nn.LayerList(
            conv_norm(_counted(number), width, 8, kernel=3, stride=2, activation="relu")
            for number, width in enumerate((3, *[8] * 8))
        )
        self.heads = nn.LayerList(
            BoxHead(8, boxes, _CLASSES + 1, kernel=1) for boxes in (3, 6, 6, 6, 6, 6)
        )

    def forward(self, images: Tensor) -> tuple[Tensor, Tensor]:
        maps = [images]
        for block in self.body:
            maps.append(block(maps[-1]))
        found = [head(maps[number - 6]) for number, head in enumerate(self.heads)]
        locations = [location for location, _ in found]
        confidences = [confidence for _, confidence in found]
        return concat(locations, axis=1), concat(confidences, axis=1)


def _counted(number: int) -> ConvNormNames:
    norm = f"batch_norm_{number}"
    return ConvNormNames(
        weights=f"conv2d_{number}.w_0",
        scale=f"{norm}.w_0",
        offset=f"{norm}.b_0",
        mean=f"{norm}.w_1",
        variance=f"{norm}.w_2",
    )


def ssd() -> nn.Layer:
    """Nine convolutions, the last six of which have a head each."""
    return _Ssd()


class _Space:
    """Width and kernel of one convolution."""

    ranges = (4, 2)
    initial_tokens = (1, 1)
    input_shape = (1, 3, 16, 16)
    num_classes = _CLASSES

    def build(self, tokens: tuple[int, ...], num_classes: int) -> nn.Layer:
        width, kernel = (8, 16, 24, 32)[tokens[0]], (1, 3)[tokens[1]]
        return nn.Sequential(
            conv_norm("first", 3, width, kernel=kernel, activation="relu"),
            nn.AdaptiveAvgPool2D(1),
            nn.Flatten(),
            linear("classify", width, num_classes),
        )


SPACE = _Space()
