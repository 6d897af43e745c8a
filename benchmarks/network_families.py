"""Networks of several families, with random widths where a pruner would change them.

`networks` gives those that judge a prediction, `telling_networks` those that calibrate it:
other draws of the same families. Nothing of one is in the other.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from paddle import Tensor, concat, nn
from paddle.vision.models import MobileNetV3Large, MobileNetV3Small, ShuffleNetV2

from edgeslim.spaces import SPACES

__all__ = ["Network", "networks", "telling_networks"]

Generator = np.random.Generator


@dataclass(frozen=True, kw_only=True, slots=True)
class Network:
    """One network of a family."""

    family: str
    name: str
    build: Callable[[], nn.Layer]
    side: int = 224


def networks(seed: int = 0) -> list[Network]:
    """Sixty-six networks of eight families."""
    generator = np.random.default_rng(seed)
    return [
        *_drawn("light-nas", 14, generator, _light_nas),
        *_drawn("mobilenet-v1", 10, generator, _mobilenet_v1),
        *_drawn("mobilenet-v2", 10, generator, _mobilenet_v2),
        *_drawn("resnet18", 10, generator, _resnet18),
        *_vision("mobilenet-v3", _mobilenet_v3, (0.5, 0.75, 1.0, 1.25)),
        *_vision("shufflenet-v2", _shufflenet_v2, (0.25, 0.5, 1.0, 1.5)),
        *_drawn("ssd", 5, generator, _ssd, side=320),
        *_drawn("yolo", 5, generator, _yolo, side=320),
    ]


def telling_networks(seed: int = 1) -> list[Network]:
    """Ten networks for the fit: another one of each family, of some two."""
    generator = np.random.default_rng(1000 + seed)
    return [
        *_drawn("light-nas", 2, generator, _light_nas),
        *_drawn("mobilenet-v1", 1, generator, _mobilenet_v1),
        *_drawn("mobilenet-v2", 1, generator, _mobilenet_v2),
        *_drawn("resnet18", 1, generator, _resnet18),
        *_vision("mobilenet-v3", _mobilenet_v3, (0.35,)),
        _vision("shufflenet-v2", _shufflenet_v2, (0.33,))[1],
        *_drawn("ssd", 1, generator, _ssd, side=320),
        *_drawn("yolo", 1, generator, _yolo, side=320),
    ]


def _drawn(
    family: str,
    count: int,
    generator: Generator,
    draw: Callable[[Generator], Callable[[], nn.Layer]],
    side: int = 224,
) -> list[Network]:
    return [
        Network(family=family, name=f"{family}-{index}", build=draw(generator), side=side)
        for index in range(count)
    ]


def _vision(
    family: str, build: Callable[[float, bool], nn.Layer], scales: tuple[float, ...]
) -> list[Network]:
    def made(scale: float, variant: bool) -> Callable[[], nn.Layer]:
        return lambda: build(scale, variant)

    return [
        Network(
            family=family, name=f"{family}-{'ab'[variant]}-{scale:g}", build=made(scale, variant)
        )
        for variant in (False, True)
        for scale in scales
    ]


def _mobilenet_v3(scale: float, large: bool) -> nn.Layer:
    return (MobileNetV3Large if large else MobileNetV3Small)(scale=scale)


def _shufflenet_v2(scale: float, swish: bool) -> nn.Layer:
    return ShuffleNetV2(scale=scale, act="swish" if swish else "relu")


def _light_nas(generator: Generator) -> Callable[[], nn.Layer]:
    space = SPACES.get("light-nas").space()
    tokens = tuple(int(generator.integers(size)) for size in space.ranges)
    return lambda: space.build(tokens)


def unit(
    c_in: int,
    c_out: int,
    *,
    kernel: int = 1,
    stride: int = 1,
    groups: int = 1,
    activation: str = "",
) -> nn.Sequential:
    """A convolution, its batch norm and perhaps an activation."""
    layers = [
        nn.Conv2D(
            c_in,
            c_out,
            kernel,
            stride=stride,
            padding=kernel // 2,
            groups=groups,
            bias_attr=False,
            weight_attr=nn.initializer.KaimingNormal(),
        ),
        nn.BatchNorm2D(c_out),
    ]
    if activation:
        layers.append(nn.ReLU() if activation == "relu" else nn.ReLU6())
    return nn.Sequential(*layers)


def _width(generator: Generator, full: int) -> int:
    """A width as pruning leaves it, any number of channels."""
    return max(8, round(full * float(generator.uniform(0.3, 1.0))))


V1_BLOCKS = ((64, 1), (128, 2), (128, 1), (256, 2), (256, 1), (512, 2), *[(512, 1)] * 5)
V1_LAST = ((1024, 2), (1024, 1))


def _separables(
    generator: Generator, blocks: tuple[tuple[int, int], ...], width: int
) -> tuple[list[tuple[int, int, int]], int]:
    plan = []
    for full, stride in blocks:
        narrow = _width(generator, full)
        plan.append((width, narrow, stride))
        width = narrow
    return plan, width


def _separable(c_in: int, c_out: int, stride: int) -> nn.Sequential:
    return nn.Sequential(
        unit(c_in, c_in, kernel=3, stride=stride, groups=c_in, activation="relu"),
        unit(c_in, c_out, activation="relu"),
    )


def _mobilenet_v1(generator: Generator) -> Callable[[], nn.Layer]:
    stem = _width(generator, 32)
    plan, last = _separables(generator, V1_BLOCKS + V1_LAST, stem)
    return lambda: nn.Sequential(
        unit(3, stem, kernel=3, stride=2, activation="relu"),
        *(_separable(*block) for block in plan),
        _classifier(last),
    )


def _classifier(width: int) -> nn.Sequential:
    return nn.Sequential(nn.AdaptiveAvgPool2D(1), nn.Flatten(), nn.Linear(width, 1000))


class _Inverted(nn.Layer):  # type: ignore[misc]  # Paddle has no types
    def __init__(self, c_in: int, inner: int, c_out: int, stride: int) -> None:
        super().__init__()
        self.added = stride == 1 and c_in == c_out
        self.body = nn.Sequential(
            unit(c_in, inner, activation="relu6"),
            unit(inner, inner, kernel=3, stride=stride, groups=inner, activation="relu6"),
            unit(inner, c_out),
        )

    def forward(self, images: Tensor) -> Tensor:
        out = self.body(images)
        return images + out if self.added else out


def _mobilenet_v2(generator: Generator) -> Callable[[], nn.Layer]:
    """Widths of a stage are one, as its additions want; inner widths are each their own."""
    stem, plan = _width(generator, 32), []
    width = stem
    for full, count, stride in ((16, 1, 1), (24, 2, 2), (32, 3, 2), (64, 4, 2), (96, 3, 1),
                                (160, 3, 2), (320, 1, 1)):  # fmt: skip
        narrow = _width(generator, full)
        for layer in range(count):
            inner = _width(generator, 6 * full)
            plan.append((width, inner, narrow, stride if layer == 0 else 1))
            width = narrow
    head = _width(generator, 1280)
    return lambda: nn.Sequential(
        unit(3, stem, kernel=3, stride=2, activation="relu6"),
        *(_Inverted(*block) for block in plan),
        unit(width, head, activation="relu6"),
        _classifier(head),
    )


class _Basic(nn.Layer):  # type: ignore[misc]  # Paddle has no types
    def __init__(self, c_in: int, inner: int, c_out: int, stride: int) -> None:
        super().__init__()
        self.body = nn.Sequential(
            unit(c_in, inner, kernel=3, stride=stride, activation="relu"),
            unit(inner, c_out, kernel=3),
        )
        same = stride == 1 and c_in == c_out
        self.shortcut = None if same else unit(c_in, c_out, stride=stride)

    def forward(self, images: Tensor) -> Tensor:
        kept = images if self.shortcut is None else self.shortcut(images)
        return nn.functional.relu(kept + self.body(images))


def _resnet18(generator: Generator) -> Callable[[], nn.Layer]:
    stem, plan = _width(generator, 64), []
    width = stem
    for full, stride in ((64, 1), (128, 2), (256, 2), (512, 2)):
        narrow = _width(generator, full)
        for block in range(2):
            plan.append((width, _width(generator, full), narrow, stride if block == 0 else 1))
            width = narrow
    return lambda: nn.Sequential(
        unit(3, stem, kernel=7, stride=2, activation="relu"),
        nn.MaxPool2D(3, stride=2, padding=1),
        *(_Basic(*block) for block in plan),
        _classifier(width),
    )


class _Ssd(nn.Layer):  # type: ignore[misc]  # Paddle has no types
    """MobileNetV1-SSD without its decoding: scores and boxes of every anchor, side by side."""

    def __init__(self, stem: int, plan: list[tuple[int, int, int]], extra: list[int]) -> None:
        super().__init__()
        self.trunk = nn.Sequential(
            unit(3, stem, kernel=3, stride=2, activation="relu"),
            *(_separable(*block) for block in plan[: len(V1_BLOCKS)]),
        )
        stages, widths = [nn.Sequential(*(_separable(*b) for b in plan[len(V1_BLOCKS) :]))], []
        widths += [plan[len(V1_BLOCKS) - 1][1], plan[-1][1]]
        for width in extra:
            stages.append(
                nn.Sequential(
                    unit(widths[-1], width // 2, activation="relu"),
                    unit(width // 2, width, kernel=3, stride=2, activation="relu"),
                )
            )
            widths.append(width)
        self.stages = nn.LayerList(stages)
        self.boxes = nn.LayerList([nn.Conv2D(width, 6 * 4, 1) for width in widths])
        self.scores = nn.LayerList([nn.Conv2D(width, 6 * 21, 1) for width in widths])

    def forward(self, images: Tensor) -> tuple[Tensor, Tensor]:
        maps = [self.trunk(images)]
        for stage in self.stages:
            maps.append(stage(maps[-1]))
        return _joined(self.boxes, maps, 4), _joined(self.scores, maps, 21)


def _joined(heads: nn.LayerList, maps: list[Tensor], size: int) -> Tensor:
    parts = [heads[place](each).transpose([0, 2, 3, 1]) for place, each in enumerate(maps)]
    return concat([part.reshape([1, -1, size]) for part in parts], axis=1)


def _ssd(generator: Generator) -> Callable[[], nn.Layer]:
    stem = _width(generator, 32)
    plan, _ = _separables(generator, V1_BLOCKS + V1_LAST, stem)
    extra = [2 * _width(generator, full // 2) for full in (512, 256, 256)]
    return lambda: _Ssd(stem, plan, extra)


class _Yolo(nn.Layer):  # type: ignore[misc]  # Paddle has no types
    """MobileNetV1-YOLOv3 with two heads, without its decoding."""

    def __init__(self, stem: int, plan: list[tuple[int, int, int]], neck: list[int]) -> None:
        super().__init__()
        cut = len(V1_BLOCKS)
        self.fine = nn.Sequential(
            unit(3, stem, kernel=3, stride=2, activation="relu"),
            *(_separable(*block) for block in plan[:cut]),
        )
        self.coarse = nn.Sequential(*(_separable(*block) for block in plan[cut:]))
        low, high = plan[-1][1], plan[cut - 1][1]
        self.narrow = unit(low, neck[0], activation="relu")
        self.first = _head(neck[0], neck[1])
        self.route = unit(neck[0], neck[2], activation="relu")
        self.up = nn.Upsample(scale_factor=2, mode="nearest")
        self.second = _head(neck[2] + high, neck[1])

    def forward(self, images: Tensor) -> tuple[Tensor, Tensor]:
        fine = self.fine(images)
        low = self.narrow(self.coarse(fine))
        joined = concat([self.up(self.route(low)), fine], axis=1)
        return self.first(low), self.second(joined)


def _head(c_in: int, width: int) -> nn.Sequential:
    return nn.Sequential(unit(c_in, width, kernel=3, activation="relu"), nn.Conv2D(width, 75, 1))


def _yolo(generator: Generator) -> Callable[[], nn.Layer]:
    stem = _width(generator, 32)
    plan, _ = _separables(generator, V1_BLOCKS + V1_LAST, stem)
    neck = [_width(generator, full) for full in (256, 256, 128)]
    return lambda: _Yolo(stem, plan, neck)
