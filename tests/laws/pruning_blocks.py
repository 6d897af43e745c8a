"""Everything that channels can go through, as Paddle layers of random widths."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
import paddle
import paddle.nn.functional as F  # noqa: N812 - the name that everybody uses
from paddle import nn

__all__ = ["BLOCKS", "Block", "Place", "conv", "plain"]


class Place(NamedTuple):
    """Where a block stands: what it reads has ``channels`` and ``side`` x ``side`` places."""

    rng: np.random.Generator
    channels: int
    side: int

    def width(self) -> int:
        """A random number of channels, of which groups and shuffles can be made."""
        return int(self.rng.choice([8, 12, 16, 24]))

    def either(self, *choices: Any) -> Any:
        """One of them."""
        return choices[self.rng.integers(len(choices))]


class Block(nn.Layer):
    """A function of a tensor and further layers."""

    def __init__(self, function: Callable[..., Any], *layers: nn.Layer) -> None:
        super().__init__()
        self.layers = nn.LayerList(layers)
        self.function = function

    def forward(self, images: Any) -> Any:
        return self.function(images, *self.layers)


class WithParameter(nn.Layer):
    """A function of a tensor and a parameter."""

    def __init__(self, shape: list[int], function: Callable[..., Any]) -> None:
        super().__init__()
        self.parameter = self.create_parameter(
            shape, default_initializer=nn.initializer.Uniform(0.2, 1.0)
        )
        self.function = function

    def forward(self, images: Any) -> Any:
        return self.function(images, self.parameter)


def conv(c_in: int, c_out: int, kernel: int = 1, **more: Any) -> nn.Layer:
    return nn.Conv2D(c_in, c_out, kernel, padding=kernel // 2, **more)


def plain(at: Place) -> Any:
    c = at.width()
    act = at.either(nn.ReLU, nn.ReLU6, nn.Hardswish, nn.Sigmoid, nn.Swish, nn.LeakyReLU)
    norm = at.either(nn.BatchNorm2D, nn.InstanceNorm2D, lambda _: nn.Identity())
    return nn.Sequential(conv(at.channels, c, at.either(1, 3)), norm(c), act()), c


def depthwise(at: Place) -> Any:
    factor = at.either(1, 1, 2)
    c = at.channels * factor
    layer = conv(at.channels, c, 3, groups=at.channels, bias_attr=at.either(None, False))
    return nn.Sequential(layer, nn.BatchNorm2D(c), nn.ReLU6()), c


def grouped(at: Place) -> Any:
    groups = next((count for count in at.rng.permutation([2, 4, 8]) if at.channels % count == 0), 1)
    c = int(groups) * at.either(2, 4, 6)
    return conv(at.channels, c, 3, groups=int(groups)), c


def residual(at: Place) -> Any:
    one, two = conv(at.channels, at.width(), 3), at.channels
    function = at.either(
        lambda x, a, n, b: x + b(F.relu(n(a(x)))),
        lambda x, a, n, b: F.relu(b(F.relu(n(a(x)))) - x),
        lambda x, a, n, b: paddle.maximum(b(F.relu(n(a(x)))), x),
    )
    middle = one._out_channels
    return Block(function, one, nn.BatchNorm2D(middle), conv(middle, two)), two


def gate(at: Place) -> Any:
    c, squeezed = at.channels, at.width()
    if at.rng.random() < 0.5:
        return Block(
            lambda x, a, b: x * F.hardsigmoid(b(F.relu(a(F.adaptive_avg_pool2d(x, 1))))),
            conv(c, squeezed),
            conv(squeezed, c),
        ), c
    return Block(
        lambda x, a, b: F.sigmoid(b(F.relu(a(x.mean([2, 3]))))).unsqueeze([2, 3]) * x,
        nn.Linear(c, squeezed),
        nn.Linear(squeezed, c),
    ), c


def gate_of_one_channel(at: Place) -> Any:
    return Block(lambda x, a: x * F.sigmoid(a(x)), conv(at.channels, 1, 3)), at.channels


def attention_over_channels(at: Place) -> Any:
    """ECA-Net (https://arxiv.org/abs/1910.03151): channels are places of a convolution."""

    def function(x: Any, a: Any) -> Any:
        pooled = F.adaptive_avg_pool2d(x, 1).squeeze(-1).transpose([0, 2, 1])
        return x * F.sigmoid(a(pooled).transpose([0, 2, 1]).unsqueeze(-1))

    return Block(function, nn.Conv1D(1, 1, 3, padding=1)), at.channels


def branches(at: Place) -> Any:
    a, b = at.width(), at.width()
    function = at.either(
        lambda x, one, two: paddle.concat([one(x), F.relu(two(x))], 1),
        lambda x, one, two: paddle.concat([one(x), x, two(x)], 1),
        lambda x, one, two: paddle.concat([one(x), two(x), one(x)], 1),
    )
    widths = a + b
    layer = Block(function, conv(at.channels, a), conv(at.channels, b, 3))
    probe = layer(paddle.zeros([1, at.channels, at.side, at.side]))
    assert probe.shape[1] >= widths
    return layer, int(probe.shape[1])


def beside_the_places(at: Place) -> Any:
    c = at.width()
    return Block(
        lambda x, a, b: paddle.concat([a(x), b(x)], 2)[:, :, : x.shape[2]],
        conv(at.channels, c),
        conv(at.channels, c),
    ), c


def halves(at: Place) -> Any:
    c = at.channels
    if c % 2:
        return conv(c, 8), 8
    half = c // 2
    function = at.either(
        lambda x, a: paddle.concat([(p := paddle.split(x, 2, 1))[0], a(p[1])], 1),
        lambda x, a: a(paddle.split(x, 2, 1)[0]) + paddle.split(x, 2, 1)[1],
        lambda x, a: paddle.concat([a(x[:, :half]), x[:, half:]], 1),
    )
    layer = Block(function, conv(half, half, 3))
    return layer, int(layer(paddle.zeros([1, c, at.side, at.side])).shape[1])


def unequal_parts(at: Place) -> Any:
    a, c = at.channels // 4, at.channels
    return Block(
        lambda x, one: paddle.concat([one((p := paddle.split(x, [a, c - a], 1))[0]), p[1]], 1),
        conv(a, 8),
    ), 8 + c - a


def shuffled(at: Place) -> Any:
    c = at.channels
    groups = 2 if c % 2 == 0 else 1

    def function(x: Any) -> Any:
        parts = x.reshape([0, groups, c // groups, at.side, at.side])
        return parts.transpose([0, 2, 1, 3, 4]).reshape([0, -1, at.side, at.side])

    return Block(at.either(function, lambda x: F.channel_shuffle(x, groups))), c


def parts_as_batch(at: Place) -> Any:
    """Channels are images of their own for a while."""

    def function(x: Any, a: Any) -> Any:
        alone = x.reshape([at.channels, 1, at.side, at.side])
        return a(alone).mean(1).reshape([1, at.channels, at.side, at.side])

    return Block(function, conv(1, 4, 3)), at.channels


def turned(at: Place) -> Any:
    """A linear layer over the channels of each place."""
    c = at.width()
    function = at.either(
        lambda x, a: a(x.transpose([0, 2, 3, 1])).transpose([0, 3, 1, 2]),
        lambda x, a: (
            F.relu(a(x.flatten(2).transpose([0, 2, 1])))
            .transpose([0, 2, 1])
            .reshape([0, c, at.side, at.side])
        ),
    )
    return Block(function, nn.Linear(at.channels, c)), c


def pixel_shuffled(at: Place) -> Any:
    c = at.either(4, 8)
    return Block(
        lambda x, a: F.max_pool2d(F.pixel_shuffle(a(x), 2), 2), conv(at.channels, 4 * c)
    ), c


def self_attention(at: Place) -> Any:
    c = at.width()

    def function(x: Any, q: Any, k: Any, v: Any) -> Any:
        one, two, three = (layer(x).flatten(2) for layer in (q, k, v))
        weights = F.softmax(paddle.matmul(one, two, transpose_x=True) * 0.1, -1)
        mixed = paddle.matmul(three, weights, transpose_y=True)
        return x + mixed.reshape([0, at.channels, at.side, at.side])

    return Block(
        function, conv(at.channels, c), conv(at.channels, c), conv(at.channels, at.channels)
    ), at.channels


def product_of_places(at: Place) -> Any:
    """Matrices of two maps multiplied channel by channel; and a parameter before the map."""
    c = at.width()
    if at.rng.random() < 0.5:
        return Block(
            lambda x, a, b: paddle.matmul(a(x), b(x)) * 0.1,
            conv(at.channels, c),
            conv(at.channels, c),
        ), c
    side = at.side
    return Block(
        lambda x, p, a: a(p(x)),
        WithParameter([side, side], lambda x, p: paddle.matmul(p, x) * 0.1),
        conv(at.channels, c),
    ), c


def parameters(at: Place) -> Any:
    c = at.channels
    function = at.either(
        lambda x, p: x * p.reshape([1, c, 1, 1]),
        lambda x, p: x + F.relu(p).reshape([1, c, 1, 1]),
        lambda x, p: x * F.softmax(p).reshape([1, c, 1, 1]),
        lambda x, p: x * p.unsqueeze([0, 2, 3]),
    )
    if at.rng.random() < 0.3:
        return WithParameter([2], lambda x, p: x * F.relu(p)[0] + F.relu(x) * (p / p.sum())[1]), c
    return WithParameter([c], function), c


def slopes(at: Place) -> Any:
    return nn.PReLU(at.either(1, at.channels)), at.channels


def norms(at: Place) -> Any:
    c = at.channels
    groups = 4 if c % 4 == 0 else 1
    if at.rng.random() < 0.4:
        return Block(
            lambda x, a: a(x.transpose([0, 2, 3, 1])).transpose([0, 3, 1, 2]), nn.LayerNorm(c)
        ), c
    make = at.either(
        lambda: nn.GroupNorm(groups, c),
        lambda: nn.LayerNorm([at.side, at.side]),
        lambda: nn.InstanceNorm2D(c),
        lambda: nn.BatchNorm2D(c),
    )
    return make(), c


def reductions(at: Place) -> Any:
    function = at.either(
        lambda x: x * x.mean(1, keepdim=True),
        lambda x: x + x.max([2, 3], keepdim=True),
        lambda x: F.softmax(x, 1),
        lambda x: F.softmax(x, -1),
        lambda x: F.sigmoid(x.mean(1)).unsqueeze(1) * x,
        lambda x: x / (1.0 + x.abs().sum([2, 3]).unsqueeze([2, 3])),
    )
    return Block(function), at.channels


def moved(at: Place) -> Any:
    c = at.channels
    function = at.either(
        lambda x: F.interpolate(F.max_pool2d(x, 2), scale_factor=2, mode="nearest"),
        lambda x: F.interpolate(F.avg_pool2d(x, 2), size=[at.side] * 2, mode="bilinear"),
        lambda x: F.pad(x, [1, 1, 1, 1])[:, :, 1:-1, 1:-1],
        lambda x: paddle.flip(x, [1]),
        lambda x: paddle.flip(x, [3]),
        lambda x: paddle.stack([x, F.relu(x)], 1).mean(1),
        lambda x: paddle.stack([x, F.relu(x)], 2).flatten(1, 2),
        lambda x: paddle.concat(paddle.unstack(x.unsqueeze(2), 2), 1),
        lambda x: paddle.tile(x.mean([2], keepdim=True), [1, 1, at.side, 1]),
        lambda x: x * x.mean([2, 3], keepdim=True).expand([1, c, at.side, at.side]),
        lambda x: paddle.tile(x, [1, 2, 1, 1]),
        lambda x: paddle.gather(x, paddle.to_tensor([0, 2, 1, 3]), axis=1),
        lambda x: paddle.gather(x, paddle.to_tensor([*range(at.side)][::-1]), axis=2),
        lambda x: F.adaptive_max_pool2d(x, 1) + x,
        lambda x: x[:, ::2],
    )
    layer = Block(function)
    return layer, int(layer(paddle.zeros([1, c, at.side, at.side])).shape[1])


def shared(at: Place) -> Any:
    """One filter for two maps, one of which may be the half of another."""
    c = at.channels
    function = at.either(
        lambda x, a, b: b(F.relu(x)) + b(F.relu(b(x))),
        lambda x, a, b: b(a(x)) + b(x),
        lambda x, a, b: paddle.concat([b(a(x)), a(b(x))], 1),
    )
    layer = Block(function, conv(c, c), conv(c, c, 3))
    return layer, int(layer(paddle.zeros([1, c, at.side, at.side])).shape[1])


def widened(at: Place) -> Any:
    c = at.width()
    groups = at.either(1, 1, 2 if at.channels % 2 == 0 else 1)
    layer = nn.Conv2DTranspose(at.channels, c, 4, 2, 1, groups=groups)
    return nn.Sequential(nn.MaxPool2D(2), layer, nn.BatchNorm2D(c)), c


def one_dimensional(at: Place) -> Any:
    """Filters behind an axis that is put in: the places as a sequence."""
    c, side = at.width(), at.side
    layers = at.either(
        [nn.Conv1D(at.channels, c, 3, padding=1, bias_attr=at.either(None, False))],
        [nn.Conv1D(at.channels, c, 1), nn.Conv1D(c, c, 3, padding=1, groups=c)],
        [nn.Conv1DTranspose(at.channels, c, 3, padding=1)],
        [nn.Conv1D(at.channels, c, 3, padding=1), nn.Conv1D(c, c, 3, padding=1, groups=2)],
    )
    sequence = nn.Sequential(*layers, nn.BatchNorm1D(c), at.either(nn.ReLU(), nn.Hardswish()))

    def function(x: Any, layer: Any) -> Any:
        return layer(x.flatten(2)).reshape([0, 0, side, side])

    return Block(function, sequence), c


def turned_weights(at: Place) -> Any:
    """Products with a weight that lies the other way, and one that has an axis more."""
    c = at.width()

    def across(x: Any, weight: Any) -> Any:
        rows = paddle.matmul(x.transpose([0, 2, 3, 1]), weight.transpose([1, 0]))
        return rows.transpose([0, 3, 1, 2])

    def above(x: Any, weight: Any) -> Any:
        return F.conv2d(x, weight.unsqueeze([2, 3]))

    return WithParameter([c, at.channels], at.either(across, above)), c


BLOCKS: tuple[Callable[[Place], Any], ...] = (
    plain,
    plain,
    depthwise,
    grouped,
    residual,
    gate,
    gate_of_one_channel,
    attention_over_channels,
    branches,
    beside_the_places,
    halves,
    unequal_parts,
    shuffled,
    parts_as_batch,
    turned,
    pixel_shuffled,
    self_attention,
    product_of_places,
    parameters,
    slopes,
    norms,
    reductions,
    moved,
    shared,
    widened,
    one_dimensional,
    turned_weights,
)
"""Each takes a place and gives a layer and how many channels come out of it."""
