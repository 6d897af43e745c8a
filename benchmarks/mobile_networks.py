"""Networks for phones whose latencies others have published, by the names they have there.

They are built here from the papers' tables: MobileNetV1 (arXiv:1704.04861), V2 (1801.04381) and V3
(1905.02244), ShuffleNetV2 (1807.11164), GhostNet (1911.11907), ESNet (2111.00902) and PP-LCNet
(2109.15099). Where a publication has another width, that one is taken; multiply-accumulates and
parameters are compared with the published ones by the test of this file.
"""

from __future__ import annotations

from collections.abc import Callable

from paddle import Tensor, concat, nn, split

__all__ = ["FAMILIES", "build_network"]


def build_network(name: str) -> nn.Layer:
    """The network of a published name, such as ``GhostNet_x0_5``."""
    family, _, scale = name.rpartition("_x")
    return FAMILIES[family](float(scale.replace("_", ".")))


def _round(width: float, unit: int = 8) -> int:
    """A width in whole units, at least nine tenths of what was asked for."""
    whole = max(unit, int(width + unit / 2) // unit * unit)
    return whole + unit if whole < 0.9 * width else whole


_ACTIVATIONS = {"relu": nn.ReLU, "relu6": nn.ReLU6, "hard_swish": nn.Hardswish}


def _unit(
    c_in: int,
    c_out: int,
    kernel: int = 1,
    *,
    stride: int = 1,
    groups: int = 1,
    act: str = "",
) -> nn.Sequential:
    """A convolution, its batch norm, and perhaps an activation."""
    layers = [
        nn.Conv2D(
            c_in,
            c_out,
            kernel,
            stride=stride,
            padding=kernel // 2,
            groups=groups,
            bias_attr=False,
        ),
        nn.BatchNorm2D(c_out),
    ]
    return nn.Sequential(*layers, *([_ACTIVATIONS[act]()] if act else []))


def _depthwise(width: int, kernel: int, stride: int = 1, act: str = "") -> nn.Sequential:
    return _unit(width, width, kernel, stride=stride, groups=width, act=act)


def _classifier(width: int) -> list[nn.Layer]:
    return [nn.Flatten(), nn.Linear(width, 1000)]


def _expanded(c_in: int, width: int) -> list[nn.Layer]:
    """A pooling, a layer of 1x1 without norm, and the classes."""
    expand = nn.Conv2D(c_in, width, 1, bias_attr=False)
    return [nn.AdaptiveAvgPool2D(1), expand, nn.Hardswish(), *_classifier(width)]


class _Gate(nn.Layer):  # type: ignore[misc]  # Paddle has no types
    """Squeeze and excitation by two convolutions of 1x1."""

    def __init__(self, width: int, slope: float) -> None:
        super().__init__()
        self.gates = nn.Sequential(
            nn.AdaptiveAvgPool2D(1),
            nn.Conv2D(width, width // 4, 1),
            nn.ReLU(),
            nn.Conv2D(width // 4, width, 1),
        )
        self.slope = slope

    def forward(self, images: Tensor) -> Tensor:
        return images * nn.functional.hardsigmoid(self.gates(images), slope=self.slope)


class _FlatGate(nn.Layer):  # type: ignore[misc]  # Paddle has no types
    """Squeeze and excitation by two fully connected layers, whose gates are clipped."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.pool = nn.AdaptiveAvgPool2D(1)
        self.narrow, self.wide = nn.Linear(width, width // 4), nn.Linear(width // 4, width)

    def forward(self, images: Tensor) -> Tensor:
        flat = self.pool(images).squeeze([2, 3])
        gates = self.wide(nn.functional.relu(self.narrow(flat))).clip(0.0, 1.0)
        return images * gates.unsqueeze([2, 3])


class _Residual(nn.Layer):  # type: ignore[misc]  # Paddle has no types
    """A body whose input, maybe by a way of its own, is added to its output."""

    def __init__(self, body: nn.Layer, shortcut: nn.Layer | None = None) -> None:
        super().__init__()
        self.body, self.shortcut = body, shortcut

    def forward(self, images: Tensor) -> Tensor:
        kept = images if self.shortcut is None else self.shortcut(images)
        return kept + self.body(images)


_V1 = ((64, 1), (128, 2), (128, 1), (256, 2), (256, 1), (512, 2), *[(512, 1)] * 5)
_V1_LAST = ((1024, 2), (1024, 1))


def _mobilenet_v1(scale: float) -> nn.Layer:
    width = int(32 * scale)
    layers = [_unit(3, width, 3, stride=2, act="relu")]
    for full, stride in (*_V1, *_V1_LAST):
        narrow = int(full * scale)
        layers += [_depthwise(width, 3, stride, "relu"), _unit(width, narrow, act="relu")]
        width = narrow
    return nn.Sequential(*layers, nn.AdaptiveAvgPool2D(1), *_classifier(width))


_V2 = (
    *((1, 16, 1, 1), (6, 24, 2, 2), (6, 32, 3, 2), (6, 64, 4, 2)),
    *((6, 96, 3, 1), (6, 160, 3, 2), (6, 320, 1, 1)),
)
"""Expansion, width, blocks and stride."""


def _mobilenet_v2(scale: float) -> nn.Layer:
    width = int(32 * scale)
    layers: list[nn.Layer] = [_unit(3, width, 3, stride=2, act="relu6")]
    for expansion, full, count, first in _V2:
        for index in range(count):
            stride, narrow, inner = first if index == 0 else 1, int(full * scale), width * expansion
            body = nn.Sequential(
                _unit(width, inner, act="relu6"),
                _depthwise(inner, 3, stride, "relu6"),
                _unit(inner, narrow),
            )
            layers.append(body if index == 0 else _Residual(body))
            width = narrow
    head = int(1280 * max(scale, 1.0))
    last = _unit(width, head, act="relu6")
    return nn.Sequential(*layers, last, nn.AdaptiveAvgPool2D(1), *_classifier(head))


_V3_LARGE = (
    *((3, 16, 16, False, "relu", 1), (3, 64, 24, False, "relu", 2), (3, 72, 24, False, "relu", 1)),
    *((5, 72, 40, True, "relu", 2), (5, 120, 40, True, "relu", 1), (5, 120, 40, True, "relu", 1)),
    *((3, 240, 80, False, "hard_swish", 2), (3, 200, 80, False, "hard_swish", 1)),
    *[(3, 184, 80, False, "hard_swish", 1)] * 2,
    *((3, 480, 112, True, "hard_swish", 1), (3, 672, 112, True, "hard_swish", 1)),
    (5, 672, 160, True, "hard_swish", 2),
    *[(5, 960, 160, True, "hard_swish", 1)] * 2,
)
"""Kernel, expanded width, width, gate, activation and stride."""
_V3_SMALL = (
    *((3, 16, 16, True, "relu", 2), (3, 72, 24, False, "relu", 2), (3, 88, 24, False, "relu", 1)),
    (5, 96, 40, True, "hard_swish", 2),
    *[(5, 240, 40, True, "hard_swish", 1)] * 2,
    *((5, 120, 48, True, "hard_swish", 1), (5, 144, 48, True, "hard_swish", 1)),
    (5, 288, 96, True, "hard_swish", 2),
    *[(5, 576, 96, True, "hard_swish", 1)] * 2,
)


def _mobilenet_v3(
    blocks: tuple[tuple[int, int, int, bool, str, int], ...], squeeze: int
) -> Callable[[float], nn.Layer]:
    def build(scale: float) -> nn.Layer:
        width = _round(16 * scale)
        layers: list[nn.Layer] = [_unit(3, width, 3, stride=2, act="hard_swish")]
        for kernel, full, c_out, has_gate, act, stride in blocks:
            inner, narrow = _round(full * scale), _round(c_out * scale)
            body = nn.Sequential(
                _unit(width, inner, act=act),
                _depthwise(inner, kernel, stride, act),
                *([_Gate(inner, 0.2)] if has_gate else []),
                _unit(inner, narrow),
            )
            layers.append(_Residual(body) if stride == 1 and width == narrow else body)
            width = narrow
        last = _round(squeeze * scale)
        layers.append(_unit(width, last, act="hard_swish"))
        return nn.Sequential(*layers, *_expanded(last, 1280))

    return build


class _Halves(nn.Layer):  # type: ignore[misc]  # Paddle has no types
    """One half of the channels stays, the other goes through a body, and both are shuffled."""

    def __init__(self, body: nn.Layer) -> None:
        super().__init__()
        self.body = body

    def forward(self, images: Tensor) -> Tensor:
        kept, changed = split(images, 2, axis=1)
        return nn.functional.channel_shuffle(concat([kept, self.body(changed)], axis=1), 2)


class _Branches(nn.Layer):  # type: ignore[misc]  # Paddle has no types
    """Two ways beside each other, whose outputs are one after the other, or shuffled."""

    def __init__(self, first: nn.Layer, second: nn.Layer, *, shuffled: bool) -> None:
        super().__init__()
        self.first, self.second, self.shuffled = first, second, shuffled

    def forward(self, images: Tensor) -> Tensor:
        joined = concat([self.first(images), self.second(images)], axis=1)
        return nn.functional.channel_shuffle(joined, 2) if self.shuffled else joined


_SHUFFLENET = {
    0.25: (24, 48, 96, 512),
    0.33: (32, 64, 128, 512),
    0.5: (48, 96, 192, 1024),
    1.0: (116, 232, 464, 1024),
    1.5: (176, 352, 704, 1024),
    2.0: (224, 488, 976, 2048),
}
"""Widths of the three stages and the last layer."""


def _shufflenet_v2(act: str) -> Callable[[float], nn.Layer]:
    def build(scale: float) -> nn.Layer:
        *stages, last = _SHUFFLENET[scale]
        width = 24
        layers = [_unit(3, width, 3, stride=2, act=act), nn.MaxPool2D(3, stride=2, padding=1)]
        for c_out, count in zip(stages, (4, 8, 4), strict=True):
            half = c_out // 2
            down = nn.Sequential(_depthwise(width, 3, 2), _unit(width, half, act=act))
            layers.append(_Branches(down, _shuffled_body(width, half, 2, act), shuffled=True))
            layers += [_Halves(_shuffled_body(half, half, 1, act)) for _ in range(count - 1)]
            width = c_out
        layers += [_unit(width, last, act=act), nn.AdaptiveAvgPool2D(1)]
        return nn.Sequential(*layers, *_classifier(last))

    return build


def _shuffled_body(c_in: int, width: int, stride: int, act: str) -> nn.Sequential:
    return nn.Sequential(
        _unit(c_in, width, act=act), _depthwise(width, 3, stride), _unit(width, width, act=act)
    )


_GHOST = (
    *((3, 16, 16, False, 1), (3, 48, 24, False, 2), (3, 72, 24, False, 1), (5, 72, 40, True, 2)),
    *((5, 120, 40, True, 1), (3, 240, 80, False, 2), (3, 200, 80, False, 1)),
    *[(3, 184, 80, False, 1)] * 2,
    *((3, 480, 112, True, 1), (3, 672, 112, True, 1), (5, 672, 160, True, 2)),
    *[(5, 960, 160, False, 1), (5, 960, 160, True, 1)] * 2,
)
"""Kernel, expanded width, width, gate and stride."""


class _Ghost(nn.Layer):  # type: ignore[misc]  # Paddle has no types
    """A convolution of 1x1 to half of the channels, and the other half from these, depthwise."""

    def __init__(self, c_in: int, c_out: int, act: str) -> None:
        super().__init__()
        half = -(-c_out // 2)
        self.first, self.cheap = _unit(c_in, half, act=act), _depthwise(half, 3, act=act)

    def forward(self, images: Tensor) -> Tensor:
        first = self.first(images)
        return concat([first, self.cheap(first)], axis=1)


def _ghostnet(scale: float) -> nn.Layer:
    width = _round(16 * scale, 4)
    layers: list[nn.Layer] = [_unit(3, width, 3, stride=2, act="relu")]
    for kernel, full, c_out, has_gate, stride in _GHOST:
        inner, narrow = _round(full * scale, 4), _round(c_out * scale, 4)
        body = nn.Sequential(
            _Ghost(width, inner, "relu"),
            *([_depthwise(inner, kernel, stride)] if stride > 1 else []),
            *([_FlatGate(inner)] if has_gate else []),
            _Ghost(inner, narrow, ""),
        )
        shortcut = None
        if stride > 1 or width != narrow:
            shortcut = nn.Sequential(_depthwise(width, kernel, stride), _unit(width, narrow))
        layers.append(_Residual(body, shortcut))
        width = narrow
    last = _round(_GHOST[-1][1] * scale, 4)
    layers += [_unit(width, last, act="relu"), nn.AdaptiveAvgPool2D(1)]
    return nn.Sequential(*layers, _unit(last, 1280, act="relu"), *_classifier(1280))


class _EsBody(nn.Layer):  # type: ignore[misc]  # Paddle has no types
    """A convolution of 1x1, its depthwise copy beside it, a gate, and another of 1x1."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.first = _unit(width, width, act="hard_swish")
        self.cheap = _depthwise(width, 3)
        self.last = nn.Sequential(
            _Gate(2 * width, 1 / 6), _unit(2 * width, width, act="hard_swish")
        )

    def forward(self, images: Tensor) -> Tensor:
        first = self.first(images)
        return self.last(concat([first, self.cheap(first)], axis=1))


def _es_down(c_in: int, c_out: int) -> nn.Sequential:
    half, act = c_out // 2, "hard_swish"
    first = nn.Sequential(_depthwise(c_in, 3, 2), _unit(c_in, half, act=act))
    second = nn.Sequential(
        _unit(c_in, half, act=act),
        _depthwise(half, 3, 2),
        _Gate(half, 1 / 6),
        _unit(half, half, act=act),
    )
    return nn.Sequential(
        _Branches(first, second, shuffled=False),
        _depthwise(c_out, 3, act=act),
        _unit(c_out, c_out, act=act),
    )


def _esnet(scale: float) -> nn.Layer:
    width = 24
    stem = _unit(3, width, 3, stride=2, act="hard_swish")
    layers: list[nn.Layer] = [stem, nn.MaxPool2D(3, stride=2, padding=1)]
    for full, count in ((116, 3), (232, 7), (464, 3)):
        c_out = _round(full * scale)
        layers.append(_es_down(width, c_out))
        layers += [_Halves(_EsBody(c_out // 2)) for _ in range(count - 1)]
        width = c_out
    return nn.Sequential(*layers, _unit(width, 1024, act="hard_swish"), *_expanded(1024, 1280))


_LCNET = (
    *((3, 32, 1, False), (3, 64, 2, False), (3, 64, 1, False), (3, 128, 2, False)),
    *((3, 128, 1, False), (3, 256, 2, False), *[(5, 256, 1, False)] * 5),
    *((5, 512, 2, True), (5, 512, 1, True)),
)
"""Kernel, width, stride and gate."""


def _lcnet(scale: float) -> nn.Layer:
    act, width = "hard_swish", _round(16 * scale)
    layers: list[nn.Layer] = [_unit(3, width, 3, stride=2, act=act)]
    for kernel, full, stride, has_gate in _LCNET:
        narrow = _round(full * scale)
        layers.append(_depthwise(width, kernel, stride, act))
        layers += [_Gate(width, 1 / 6)] if has_gate else []
        layers.append(_unit(width, narrow, act=act))
        width = narrow
    return nn.Sequential(*layers, *_expanded(width, 1280))


FAMILIES: dict[str, Callable[[float], nn.Layer]] = {
    "MobileNetV1": _mobilenet_v1,
    "MobileNetV2": _mobilenet_v2,
    "MobileNetV3_large": _mobilenet_v3(_V3_LARGE, 960),
    "MobileNetV3_small": _mobilenet_v3(_V3_SMALL, 576),
    "ShuffleNetV2": _shufflenet_v2("relu"),
    "GhostNet": _ghostnet,
    "ESNet": _esnet,
    "PPLCNet": _lcnet,
}
"""How a network of each family is built, by its scale."""
