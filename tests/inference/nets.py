"""Networks whose answers are known: a teller of colours, and a finder of one box."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from edgeslim.opspec import Shape
from edgeslim.paddle_io.export import export_layer
from edgeslim.paddle_io.importing import load_paddle
from edgeslim.training.detection.prior_boxes import prior_boxes

SIDE = 64
CLASSES = ("犬", "cat", "person")
FOUND_CLASS = 1
PRIORS = prior_boxes((SIDE, SIDE))
PLACE = int(np.argmax((PRIORS[:, 2:] - PRIORS[:, :2]).min(axis=1) * (PRIORS.min(axis=1) > 0.02)))
"""A box that lies within the picture."""


def export_colours(prefix: Path, *, shares: bool = False) -> None:
    """Of blue, green and red, how much there is of each, from the means of the channels."""
    paddle = load_paddle()
    nn = paddle.nn
    linear = nn.Linear(3, 3)
    linear.weight.set_value(np.eye(3, dtype=np.float32)[::-1].copy())
    linear.bias.set_value(np.zeros(3, np.float32))
    layers = [nn.AdaptiveAvgPool2D(1), nn.Flatten(), linear, *([nn.Softmax()] if shares else [])]
    export_layer(nn.Sequential(*layers), [(1, 3, 16, 16)], prefix)


def export_finder(prefix: Path, *, noise: float = 0.0) -> None:
    """An SSD that finds a cat at one place, and there less surely a dog, whatever it is shown.

    Its outputs change a little with what it is shown if its weights are noise.
    """
    paddle = load_paddle()
    nn: Any = paddle.nn

    class Finder(nn.Layer):
        def __init__(self) -> None:
            super().__init__()
            self.pool = nn.AdaptiveAvgPool2D(1)
            self.location = nn.Linear(3, len(PRIORS) * 4)
            self.confidence = nn.Linear(3, len(PRIORS) * (len(CLASSES) + 1))
            scores = np.zeros((len(PRIORS), len(CLASSES) + 1), np.float32)
            scores[:, 0] = 20.0
            scores[PLACE] = np.log([1e-6, 0.2, 0.6, 0.2])
            for layer, bias in (
                (self.location, np.zeros(len(PRIORS) * 4, np.float32)),
                (self.confidence, scores.ravel()),
            ):
                drawn = np.random.default_rng(0).normal(size=layer.weight.shape)
                layer.weight.set_value((noise * drawn).astype(np.float32))
                layer.bias.set_value(bias)

        def forward(self, images: Any) -> Any:
            seen = self.pool(images).flatten(1)
            locations = self.location(seen).reshape([1, len(PRIORS), 4])
            return locations, self.confidence(seen).reshape([1, len(PRIORS), -1])

    export_layer(Finder(), [(1, 3, SIDE, SIDE)], prefix)


def export_heads(prefix: Path, input_shape: Shape, shapes: Sequence[Shape]) -> None:
    """Random numbers in outputs of the given shapes, which depend on what the network is shown."""
    paddle = load_paddle()
    nn: Any = paddle.nn

    class Heads(nn.Layer):
        def __init__(self) -> None:
            super().__init__()
            self.pool = nn.AdaptiveAvgPool2D(1)
            self.heads = nn.LayerList(
                [nn.Linear(input_shape[1], int(np.prod(shape))) for shape in shapes]
            )
            rng = np.random.default_rng(0)
            for layer in self.heads:
                for value in (layer.weight, layer.bias):
                    value.set_value(rng.normal(size=value.shape).astype(np.float32))

        def forward(self, images: Any) -> Any:
            seen = self.pool(images).flatten(1)
            first, second, *others = (
                layer(seen).reshape([1, *shape])
                for layer, shape in zip(self.heads, shapes, strict=True)
            )
            return (first, second, *others)

    export_layer(Heads(), [input_shape], prefix)
