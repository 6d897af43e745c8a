"""Random networks that equivalences are proved with."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from edgeslim.rewriting.network import Network
from edgeslim.rewriting.writer import OperatorWriter

__all__ = ["Example"]

Values = np.ndarray[Any, Any]


class Example(OperatorWriter):
    """A network that is drawn at random.

    Args:
        seed: Seed of everything random.
    """

    def __init__(self, seed: int) -> None:
        super().__init__(Network((), {}, {}, {}, (), ()), "y")
        self.draw = np.random.default_rng(seed)

    def integer(self, low: int, high: int) -> int:
        """A random whole number, both ends included."""
        return int(self.draw.integers(low, high + 1))

    def number(self, low: float, high: float) -> float:
        """A random number of 32 bits."""
        return float(np.float32(self.draw.uniform(low, high)))

    def chance(self, probability: float = 0.5) -> bool:
        """Whether something happens."""
        return bool(self.draw.random() < probability)

    def one_of(self, *choices: Any) -> Any:  # noqa: ANN401 - what was given
        """One of several things."""
        return choices[self.integer(0, len(choices) - 1)]

    def image(self, channels: int | None = None, least: int = 1) -> str:
        """An input of ``(N, C, H, W)``."""
        shape = (
            self.integer(1, 2),
            channels or self.integer(1, 9),
            self.integer(least, least + 9),
            self.integer(least, least + 9),
        )
        return self.feed(shape)

    def feed(self, shape: Sequence[int]) -> str:
        """An input of a shape."""
        name = self.network.add_tensor("x", shape)
        self.network.feeds = (*self.network.feeds, name)
        return name

    def weights(self, shape: Sequence[int], *, spread: float = 1.0, around: float = 0.0) -> str:
        """A parameter of normal numbers."""
        fan_in = max(1, int(np.prod(shape[1:])))
        scaled = spread / np.sqrt(fan_in) if len(shape) > 1 else spread
        value = around + scaled * self.draw.standard_normal(shape)
        return self.network.add_value("w", value.astype(np.float32))

    def constant(self, value: Values) -> str:
        """A parameter of given numbers."""
        return self.network.add_value("w", value)

    def convolution(
        self,
        x: str,
        channels: int | None = None,
        *,
        kernel: int | None = None,
        padding: int | None = None,
        stride: int | None = None,
        dilation: int = 1,
        groups: int = 1,
    ) -> str:
        """A convolution of random extents that fits its input, without a bias."""
        n, c, *extents = self.shape(x)
        out = channels or groups * self.integer(1, 4)
        kernel = kernel or self.one_of(1, 2, 3)
        stride = stride or self.integer(1, 2)
        reach = dilation * (kernel - 1)
        least = max(0, -(-(reach + 1 - min(extents)) // 2))
        padding = max(least, self.integer(0, 2) if padding is None else padding)
        sides = [(extent + 2 * padding - reach - 1) // stride + 1 for extent in extents]
        filters = self.weights((out, c // groups, kernel, kernel))
        kind = "depthwise_conv2d" if groups == c == out and c > 1 else "conv2d"
        return self.write(
            kind,
            {"Input": x, "Filter": filters},
            (n, out, *sides),
            output="Output",
            strides=(stride, stride),
            paddings=(padding, padding),
            dilations=(dilation, dilation),
            groups=groups,
            padding_algorithm="EXPLICIT",
            data_format="NCHW",
        )

    def batch_norm(self, x: str) -> str:
        """A batch norm in inference."""
        channels = (self.shape(x)[1],)
        mean = self.weights(channels)
        variance = self.constant(self.draw.uniform(0.5, 2.0, channels))
        scale = self.weights(channels, around=1.0, spread=0.3)
        bias = self.weights(channels)
        return self.norm(x, scale=scale, bias=bias, mean=mean, variance=variance, epsilon=1e-5)

    def end(self, *results: str) -> Network:
        """The network with these outputs."""
        found = self.network.copy()
        found.ops = list(self.ops)
        found.fetches = results
        return found
