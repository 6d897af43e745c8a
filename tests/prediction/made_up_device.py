"""A device whose latencies are known: operators cost what a rule says, with some noise."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable

import numpy as np

from edgeslim.opspec import Attributes, OpSpec, Shapes
from edgeslim.prediction.gaussian_process import Array
from tests.values import convolution, relu

Rule = Callable[[OpSpec], float]


def depthwise(channels: int, extent: int = 8, kernel: int = 3) -> OpSpec:
    """A depthwise convolution."""
    shape = ((1, channels, extent, extent),)
    return OpSpec(
        kind="depthwise_conv2d",
        inputs=Shapes(Input=shape),
        weights=Shapes(Filter=((channels, 1, kernel, kernel),), Bias=((channels,),)),
        outputs=Shapes(Output=shape),
        attributes=Attributes(
            strides=(1, 1), paddings=(kernel // 2,) * 4, dilations=(1, 1), groups=channels
        ),
    )


def blocks_of(block: int) -> Rule:
    """Output channels cost in whole blocks."""

    def latency_ms(spec: OpSpec) -> float:
        c_out = math.ceil(spec.output_shape[1] / block) * block
        c_in = spec.input_shape[1] if spec.kind == "conv2d" else 1
        places = math.prod(spec.output_shape[2:])
        return 0.002 + 1e-7 * places * c_out * c_in + 2e-8 * spec.input_bytes

    return latency_ms


def switching_at(*widths: int) -> Rule:
    """A kernel that is a third dearer above each of some widths of the output."""

    def latency_ms(spec: OpSpec) -> float:
        c_out = spec.output_shape[1]
        return 0.001 * (200 + c_out) * 1.33 ** sum(c_out > width for width in widths)

    return latency_ms


def measured(
    specs: Iterable[OpSpec], rule: Rule, *, noise: float = 0.0, states: int = 1, seed: int = 0
) -> dict[OpSpec, Array]:
    """What the device takes; each further cache state a tenth more."""
    generator = np.random.default_rng(seed)
    return {
        spec: np.array(
            [
                rule(spec) * (1 + state / 10) * math.exp(noise * generator.standard_normal())
                for state in range(states)
            ]
        )
        for spec in specs
    }


def dense_grid() -> list[OpSpec]:
    """Ninety-six convolutions of few widths."""
    widths = (4, 8, 12, 16, 24, 32, 48, 64)
    return [
        convolution(c_in, c_out, kernel=kernel)
        for c_in in widths
        for c_out in widths
        for kernel in (1, 3)
    ][: 2 * 48]


def mixed_operators() -> list[OpSpec]:
    """Operators of three families."""
    return [
        *(convolution(c_in, c_out) for c_in in (8, 16, 32) for c_out in (8, 12, 24)),
        *(depthwise(channels) for channels in (8, 12, 16, 32)),
        *(relu(channels) for channels in (8, 16, 64)),
    ]
