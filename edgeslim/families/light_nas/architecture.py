"""A light-NAS network as a value: stem, groups of inverted bottlenecks, head."""

from __future__ import annotations

from dataclasses import dataclass

from edgeslim.errors import UsageError

__all__ = ["BottleneckGroup", "LightNasArchitecture"]


@dataclass(frozen=True, kw_only=True, slots=True)
class BottleneckGroup:
    """Inverted bottlenecks of one width.

    Args:
        expansion: Width inside a bottleneck over the width it reads.
        channels: Width it writes.
        layers: How many follow one another.
        kernel: Side of the depthwise filter, odd.
        stride: Step of the first layer's depthwise filter, 1 or 2.
        shortcut: Whether all layers but the first add what they read.
        squeeze_excitation: Whether every layer adds itself once more, weighted by channel.
    """

    expansion: float
    channels: int
    layers: int
    kernel: int = 3
    stride: int = 1
    shortcut: bool = True
    squeeze_excitation: bool = False

    def __post_init__(self) -> None:
        if not self.expansion > 0:
            raise UsageError(f"expansion must be above 0, not {self.expansion}")
        _require_positive(channels=self.channels, layers=self.layers)
        if self.kernel < 1 or self.kernel % 2 == 0:
            raise UsageError(f"kernel must be odd and at least 1, not {self.kernel}")
        _require_stride("stride", self.stride)
        if self.squeeze_excitation and self.channels < 4:
            raise UsageError(
                f"squeeze_excitation needs at least 4 channels, not {self.channels}: "
                "it squeezes to a quarter"
            )

    def expanded(self, c_in: int) -> int:
        """Width inside a bottleneck that reads ``c_in`` channels."""
        return max(1, round(c_in * self.expansion))


@dataclass(frozen=True, kw_only=True, slots=True)
class LightNasArchitecture:
    """Everything that decides a light-NAS network but input and classes.

    Args:
        groups: Bottlenecks, in order.
        stem_channels: Width of the first 3x3 convolution.
        stem_stride: Its step, 1 or 2.
        head_channels: Width of the 1x1 convolution before the pooling.
    """

    groups: tuple[BottleneckGroup, ...]
    stem_channels: int = 32
    stem_stride: int = 2
    head_channels: int = 1280

    def __post_init__(self) -> None:
        if not self.groups:
            raise UsageError("a light-NAS architecture needs at least one group")
        _require_positive(stem_channels=self.stem_channels, head_channels=self.head_channels)
        _require_stride("stem_stride", self.stem_stride)


def _require_positive(**numbers: int) -> None:
    for name, number in numbers.items():
        if number < 1:
            raise UsageError(f"{name} must be at least 1, not {number}")


def _require_stride(name: str, stride: int) -> None:
    if stride not in (1, 2):
        raise UsageError(f"{name} must be 1 or 2, not {stride}")
