"""Random small networks of everything that channels can go through."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import paddle
import paddle.nn.functional as F  # noqa: N812 - the name that everybody uses
from paddle import nn

from tests.laws.pruning_blocks import BLOCKS, Block, Place, conv, plain

__all__ = ["INPUT_SHAPE", "block_network", "random_network"]

INPUT_SHAPE = (1, 3, 16, 16)


def pooled_head(at: Place) -> Any:
    c = at.channels
    return nn.Sequential(nn.AdaptiveAvgPool2D(1), nn.Flatten(), nn.Linear(c, 7)), 7


def flat_head(at: Place) -> Any:
    rows = at.channels * at.side**2
    return nn.Sequential(nn.Flatten(), nn.Linear(rows, 12), nn.Sigmoid(), nn.Linear(12, 5)), 5


def detection_head(at: Place) -> Any:
    def function(x: Any, boxes: Any, finer: Any) -> Any:
        maps = [boxes(x), finer(F.max_pool2d(x, 2))]
        return paddle.concat(
            [feature_map.transpose([0, 2, 3, 1]).reshape([1, -1, 4]) for feature_map in maps], 1
        )

    return Block(function, conv(at.channels, 12, 3), conv(at.channels, 8, 3)), 4


def several_heads(at: Place) -> Any:
    def function(x: Any, a: Any, b: Any) -> Any:
        middle = F.relu(a(x))
        return [b(middle), middle.mean([2, 3]), x.max(1)]

    return Block(function, conv(at.channels, 8), conv(8, 6, 3)), 6


HEADS = (pooled_head, flat_head, detection_head, several_heads)


def random_network(seed: int, *, blocks: int = 6) -> nn.Layer:
    """A network of some random blocks that reads `INPUT_SHAPE`."""
    rng = np.random.default_rng(seed)
    count = int(rng.integers(2, blocks + 1))
    return _network(rng, [BLOCKS[rng.integers(len(BLOCKS))] for _ in range(count)], seed)


def block_network(block: Callable[[Place], Any], seed: int) -> nn.Layer:
    """A network of one block between two convolutions."""
    return _network(np.random.default_rng(seed), [block, plain], seed)


def _network(rng: np.random.Generator, blocks: list[Callable[[Place], Any]], seed: int) -> nn.Layer:
    """Blocks between a first convolution and a random head, with random parameters."""
    paddle.seed(seed)
    channels, side = 12, 8
    layers = [conv(3, channels, 3, stride=2), nn.ReLU()]
    for make in blocks:
        layer, channels = make(Place(rng, channels, side))
        layers.append(layer)
        if channels > 48:
            layers.append(conv(channels, 16))
            channels = 16
    layer, _ = HEADS[rng.integers(len(HEADS))](Place(rng, channels, side))
    net = nn.Sequential(*layers, layer)
    for tensor in (*net.parameters(), *net.buffers()):
        if "w_2" in tensor.name:  # variances
            values = rng.uniform(0.5, 2, tensor.shape)
        elif len(tensor.shape) == 1 and "parameter" not in tensor.name:
            values = rng.normal(0.2, 0.3, tensor.shape)
        else:
            continue
        tensor.set_value(values.astype("float32"))
    net.eval()
    return net
