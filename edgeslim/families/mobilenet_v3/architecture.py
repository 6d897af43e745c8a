"""A network like MobileNetV3 as a value: bottlenecks of which some weigh their channels.

Source: Howard et al. 2019, https://arxiv.org/abs/1905.02244; its table 1 is MobileNetV3-large.
"""

from __future__ import annotations

from dataclasses import dataclass

from edgeslim.errors import UsageError

__all__ = ["GatedBottleneck", "MobileNetV3Architecture", "round_to_eights"]

_SQUEEZE = 4
"""The width inside a gate is a quarter of the width that it weighs."""


def round_to_eights(width: float) -> int:
    """The nearest multiple of eight that is not more than a tenth below."""
    eights = max(8, int(width + 4) // 8 * 8)
    return eights + 8 if eights < 0.9 * width else eights


@dataclass(frozen=True, kw_only=True, slots=True)
class GatedBottleneck:
    """Widens, filters each channel by itself, weighs the channels, narrows.

    Args:
        name: Name of its layers, by stage and index, so that it means the same in every network.
        reads: Number of channels that it reads.
        inner: Width inside; where it is the width that is read, nothing is widened.
        channels: Number of channels that it writes.
        kernel: Side of the depthwise filter, odd.
        stride: Stride of that filter, 1 or 2.
        activation: ``relu`` or ``hard_swish``, behind the first two convolutions.
        gate: Whether channels are weighed (squeeze and excitation).
    """

    name: str
    reads: int
    inner: int
    channels: int
    kernel: int
    stride: int
    activation: str
    gate: bool

    def __post_init__(self) -> None:
        for name in ("reads", "inner", "channels", "kernel", "stride"):
            if getattr(self, name) < 1:
                raise UsageError(f"{name} must be at least 1, not {getattr(self, name)}")
        if self.kernel % 2 == 0:
            raise UsageError(f"kernel must be odd, not {self.kernel}")

    @property
    def squeezed_width(self) -> int:
        """Width between the two layers of its gate."""
        return round_to_eights(self.inner / _SQUEEZE)

    @property
    def adds(self) -> bool:
        """Whether it adds what it reads to what it makes."""
        return self.stride == 1 and self.reads == self.channels


@dataclass(frozen=True, kw_only=True, slots=True)
class MobileNetV3Architecture:
    """Everything that decides a network, except channels of the input and classes.

    Args:
        stem_stride: Stride of the first convolution, which is as wide as the first block reads.
        blocks: Bottlenecks, in order, each reading what the one before writes.
        last: Width of the last convolution, before the pooling.
        hidden: Width of the layer between pooling and classifier.
    """

    stem_stride: int
    blocks: tuple[GatedBottleneck, ...]
    last: int = 960
    hidden: int = 1280
