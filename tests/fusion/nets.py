"""Small networks with every part that a rule of fusion is about; each reads ``INPUT_SHAPE``."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import paddle
import paddle.nn.functional as F  # noqa: N812 - the name that everybody uses
from paddle import nn

from edgeslim.families.light_nas.architecture import BottleneckGroup, LightNasArchitecture
from edgeslim.families.light_nas.layers import LightNasNet

__all__ = ["ACTIVATIONS", "INPUT_SHAPE", "PARTS", "activated", "bottlenecks", "chain"]

INPUT_SHAPE = (1, 3, 16, 16)


class Part(nn.Layer):
    """A function of 8 channels of 8x8 and of further layers, behind a convolution with norm."""

    def __init__(self, function: Callable[..., Any], *layers: Any) -> None:
        super().__init__()
        self.body = nn.Sequential(nn.Conv2D(3, 8, 3, padding=1, stride=2), nn.BatchNorm2D(8))
        self.layers = nn.LayerList(layers)
        self.function = function

    def forward(self, images: Any) -> Any:
        return self.function(self.body(images), *self.layers)


class WithParameter(nn.Layer):
    """A function of a tensor and a parameter."""

    def __init__(self, shape: list[int], function: Callable[..., Any]) -> None:
        super().__init__()
        self.parameter = self.create_parameter(shape)
        self.function = function

    def forward(self, images: Any) -> Any:
        return self.function(images, self.parameter)


class Call(nn.Layer):
    """A function as a layer."""

    def __init__(self, function: Callable[[Any], Any]) -> None:
        super().__init__()
        self.function = function

    def forward(self, images: Any) -> Any:
        return self.function(images)


ACTIVATIONS: dict[str, Callable[[], nn.Layer]] = {
    "abs": lambda: Call(paddle.abs),
    "clip": nn.Hardtanh,
    "elu": nn.ELU,
    "exp": lambda: Call(paddle.exp),
    "gelu": nn.GELU,
    "hard_sigmoid": nn.Hardsigmoid,
    "hard_swish": nn.Hardswish,
    "leaky_relu": lambda: nn.LeakyReLU(0.1),
    "mish": nn.Mish,
    "prelu": lambda: nn.PReLU(8),
    "relu": nn.ReLU,
    "relu6": nn.ReLU6,
    "sigmoid": nn.Sigmoid,
    "silu": nn.Silu,
    "softplus": nn.Softplus,
    "square": lambda: Call(paddle.square),
    "swish": nn.Swish,
    "tanh": nn.Tanh,
}


def _pooled(images: Any) -> Any:
    return F.adaptive_avg_pool2d(images, 1)


def activated(make: Callable[[], nn.Layer]) -> nn.Layer:
    """An activation behind each kind of operator that may take it in.

    What comes between keeps one from the next: a maximum takes nothing in.
    """

    def function(images: Any, *layers: nn.Layer) -> Any:
        one, two, three, four, norm, linear = layers[:6]
        act = iter(layers[6:])
        apart = paddle.maximum(images, images.mean([2, 3], keepdim=True))
        results = [
            next(act)(one(apart)),
            next(act)(two(apart)),
            next(act)(three(apart)),
            next(act)(norm(four(apart))),
            next(act)(apart + images),
            next(act)(apart - images),
            next(act)(apart * images),
            next(act)(apart / (images.abs() + 1.0)),
            next(act)(2.0 * apart + 1.0),
            next(act)(linear(_pooled(apart).flatten(1)).reshape([1, 8, 1, 1])),
            next(act)(one(apart)) * 0.5,
        ]
        return [paddle.maximum(result, apart) for result in results]

    return Part(
        function,
        nn.Conv2D(8, 8, 1),
        nn.Conv2D(8, 8, 3, padding=1, bias_attr=False),
        nn.Conv2D(8, 8, 3, padding=1, groups=8),
        nn.Conv2DTranspose(8, 8, 3, 1, 1),
        nn.BatchNorm2D(8),
        nn.Linear(8, 8),
        *(make() for _ in range(11)),
    )


def chain(seed: int) -> nn.Sequential:
    """Convolutions in a row, of random widths, some of which have nothing between them."""
    generator = np.random.default_rng(seed)

    def happens(probability: float) -> bool:
        return bool(generator.random() < probability)

    layers, width = [], 3
    for following in map(int, generator.integers(1, 24, generator.integers(3, 8))):
        kernel = 3 if happens(0.25) else 1
        padding = kernel // 2 if happens(0.5) else 0
        bias = None if happens(0.5) else False
        layers.append(nn.Conv2D(width, following, kernel, padding=padding, bias_attr=bias))
        if happens(0.4):
            layers.append(nn.BatchNorm2D(following))
        if happens(0.4):
            layers.append([nn.ReLU, nn.ReLU6, nn.Hardswish, nn.Sigmoid][generator.integers(4)]())
        width = following
    return nn.Sequential(*layers)


def bottlenecks(seed: int) -> nn.Layer:
    """A MobileNetV2 of random widths, as pruning leaves one."""
    generator = np.random.default_rng(seed)
    groups = tuple(
        BottleneckGroup(
            expansion=float(generator.uniform(0.7, 6.0)),
            channels=int(generator.integers(4, 40)),
            layers=int(generator.integers(1, 3)),
            stride=int(generator.integers(1, 3)),
            shortcut=bool(generator.integers(2)),
        )
        for _ in range(4)
    )
    return LightNasNet(LightNasArchitecture(groups=groups, stem_channels=8, head_channels=40), 10)


def _gate(images: Any, squeeze: nn.Layer, excite: nn.Layer) -> Any:
    return images * F.hardsigmoid(excite(F.relu(squeeze(_pooled(images)))))


def _pyramid(images: Any, lateral: nn.Layer, top: nn.Layer, smooth: nn.Layer) -> Any:
    finer = F.interpolate(top(F.max_pool2d(images, 2)), scale_factor=2)
    return smooth(finer + lateral(images))


def _ssd_head(images: Any, boxes: nn.Layer, scores: nn.Layer) -> Any:
    places = boxes(images).transpose([0, 2, 3, 1]).reshape([1, -1, 4])
    classes = scores(images).transpose([0, 2, 3, 1]).reshape([1, -1, 2])
    return places, F.softmax(classes), paddle.vision.ops.prior_box(images, images, [10.0])


def _yolo_head(images: Any, head: nn.Layer) -> Any:
    size = paddle.full([1, 2], 128, "int32")
    anchors = [1, 2, 3, 4, 5, 6]
    boxes, scores = paddle.vision.ops.yolo_box(head(images), size, anchors, 2, 0.01, 32)
    return boxes, scores.transpose([0, 2, 1])


def _shuffled(images: Any) -> Any:
    return images.reshape([0, 2, 4, 8, 8]).transpose([0, 2, 1, 3, 4]).reshape([0, -1, 8, 8])


def _turned_softmax(images: Any) -> Any:
    return F.softmax(images.transpose([0, 2, 3, 1]), -1).transpose([0, 3, 1, 2])


def _resized(images: Any) -> Any:
    coarse = F.max_pool2d(images, 2)
    return [
        F.interpolate(coarse, scale_factor=2, mode="nearest"),
        F.interpolate(coarse, size=[9, 9], mode="bilinear"),
        F.interpolate(coarse, size=[9, 9], mode="bilinear", align_corners=True),
        F.interpolate(coarse, size=images.shape[2:], mode="nearest"),
    ]


def _reduced(images: Any) -> Any:
    return [
        images.max(1),
        images.min([2, 3]),
        images.sum(1, keepdim=True).expand([1, 4, 8, 8]),
        images.mean([2, 3]),
        paddle.argmax(images, 1).cast("float32"),
        paddle.topk(images, 2, 1)[0],
    ]


def _moved(images: Any) -> Any:
    return [
        images[:, 2:5, 1:],
        images[:, :, ::2],
        paddle.stack([images, images], 1),
        paddle.unstack(images, 1)[0],
        paddle.concat(paddle.chunk(images, 2, 1)[::-1], 1),
        paddle.split(images, [2, 6], 1)[1],
        paddle.flip(images, [3]),
        paddle.tile(images, [1, 2, 1, 1]),
        F.pixel_shuffle(images, 2),
        paddle.gather(images, paddle.to_tensor([0, 2, 1]), axis=1),
    ]


def _padded(images: Any) -> Any:
    framed = F.pad(images, [1, 2, 3, 4]), F.pad(images, [1, 1, 1, 1], mode="reflect")
    return [*framed, F.pad(images.unsqueeze(2), [1] * 6)]


def _pools(images: Any) -> Any:
    return [
        F.adaptive_avg_pool2d(images, 4),
        F.adaptive_max_pool2d(images, 1),
        F.max_pool2d(images, 3, 2, 1, ceil_mode=True),
        F.avg_pool2d(images, 2),
    ]


def _factors(images: Any) -> Any:
    twice = F.tanh(images) * 2.0 + 1.0
    return [
        twice,
        F.tanh(images) * 1.0,
        F.tanh(images * 1.0) * 1.0 + images,
        paddle.scale(F.tanh(images), 2.0, 1.0, bias_after_scale=False) * 3.0,
        F.tanh(images) * paddle.ones([1, 8, 8, 8]) + 1.0,
        F.relu6(F.sigmoid(images) * 3.0),
        F.leaky_relu(F.sigmoid(images) * 3.0),
    ]


PARTS: dict[str, Callable[[], nn.Layer]] = {
    "activations-in-a-row": lambda: Part(
        lambda x, a, b: [F.relu(F.relu(a(F.tanh(x)))), F.relu6(F.leaky_relu(b(F.tanh(x))))],
        nn.Conv2D(8, 4, 1),
        nn.Conv2D(8, 4, 1),
    ),
    "addition-to-itself": lambda: Part(lambda x: F.relu(F.tanh(x) + F.tanh(x))),
    "batch-norm-alone": lambda: Part(lambda x, n: F.relu(n(F.max_pool2d(x, 2))), nn.BatchNorm2D(8)),
    "dropouts": lambda: Part(
        lambda x, d, e: [d(F.tanh(x)) + 1.0, F.tanh(e(x)), F.relu(d(x)) + x],
        nn.Dropout(0.5),
        nn.Dropout(0.5, mode="downscale_in_infer"),
    ),
    "factors": lambda: Part(_factors),
    "factor-behind-convolution": lambda: Part(lambda x: F.relu6(x * 0.5)),
    "flattened-and-dropped": lambda: Part(
        lambda x, a, d: a(d(x.flatten(1))), nn.Linear(512, 5), nn.Dropout(0.2)
    ),
    "flattened-and-read-twice": lambda: Part(
        lambda x, a: a(x.flatten(1)) + x.flatten(1).sum(1, keepdim=True), nn.Linear(512, 5)
    ),
    "flattened-whole": lambda: Part(lambda x, a: a(x.flatten(0)), nn.Linear(512, 5)),
    "gate": lambda: Part(lambda x: F.sigmoid(x) * x),
    "grouped": lambda: Part(
        lambda x, a, b: [F.relu(a(F.tanh(x))), F.relu(b(F.tanh(x)))],
        nn.Conv2D(8, 8, 3, groups=2),
        nn.Conv2D(8, 16, 3, groups=8),
    ),
    "linear-of-four-axes": lambda: Part(lambda x, a: F.relu(a(x)), nn.Linear(8, 5)),
    "linear-without-bias": lambda: Part(
        lambda x, a: F.relu(a(x.flatten(1))), nn.Linear(512, 5, bias_attr=False)
    ),
    "linears": lambda: Part(
        lambda x, a, b: F.softmax(b(F.relu6(a(x.flatten(1))))), nn.Linear(512, 5), nn.Linear(5, 3)
    ),
    "matrix-products": lambda: Part(
        lambda x: paddle.matmul(x.flatten(2), x.flatten(2), transpose_y=True)
    ),
    "moved": lambda: Part(_moved),
    "norms": lambda: Part(
        lambda x, a, b, c: F.relu(a(x)) + b(x) + c(x),
        nn.InstanceNorm2D(8),
        nn.LayerNorm([8, 8]),
        nn.GroupNorm(2, 8),
    ),
    "one-axis": lambda: Part(lambda x, a: a(x.flatten(2)), nn.Conv1D(8, 4, 3)),
    "padded": lambda: Part(_padded),
    "padded-alike": lambda: Part(
        lambda x, a, b: [a(F.tanh(x)), b(F.tanh(x))],
        nn.Conv2D(8, 8, 3, dilation=2, padding="SAME"),
        nn.Conv2D(8, 8, 3, stride=2, padding="SAME"),
    ),
    "parameter-of-four-axes": lambda: Part(
        lambda x, a: a(F.relu(x)), WithParameter([1, 8, 1, 1], lambda x, p: F.relu(x * p))
    ),
    "pools": lambda: Part(_pools),
    "powers": lambda: Part(lambda x: [F.sigmoid(x) ** 3, paddle.sqrt(F.sigmoid(x))]),
    "pyramid": lambda: Part(
        _pyramid, nn.Conv2D(8, 4, 1), nn.Conv2D(8, 4, 1), nn.Conv2D(4, 4, 3, padding=1)
    ),
    "read-twice": lambda: Part(lambda x, n: F.relu(n(x)) + x, nn.BatchNorm2D(8)),
    "reduced": lambda: Part(_reduced),
    "reshaped": lambda: Part(
        lambda x, a, b: a(_pooled(x).reshape([1, 8])) + b(_pooled(x).squeeze([2, 3])),
        nn.Linear(8, 5),
        nn.Linear(8, 5),
    ),
    "resized": lambda: Part(_resized),
    "shuffled": lambda: Part(_shuffled),
    "softmaxes": lambda: Part(lambda x: [_turned_softmax(x), F.softmax(x, 1), F.log_softmax(x, 1)]),
    "squeeze-and-excitation": lambda: Part(_gate, nn.Conv2D(8, 2, 1), nn.Conv2D(2, 8, 1)),
    "ssd-head": lambda: Part(
        _ssd_head, nn.Conv2D(8, 12, 3, padding=1), nn.Conv2D(8, 6, 3, padding=1)
    ),
    "transposed": lambda: Part(
        lambda x, a, b, n, c: [F.leaky_relu(a(x.tanh())), F.hardswish(n(b(x.tanh()))), c(x.tanh())],
        nn.Conv2DTranspose(8, 4, 3, 2, 1, 1, bias_attr=False),
        nn.Conv2DTranspose(8, 8, 4, 2, 1, groups=8),
        nn.BatchNorm2D(8),
        nn.Conv2DTranspose(8, 4, 3, 2, 1),
    ),
    "yolo-head": lambda: Part(_yolo_head, nn.Conv2D(8, 21, 1)),
}
