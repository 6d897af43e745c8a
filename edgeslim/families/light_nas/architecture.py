"""A light-NAS network as a value: stem, groups of inverted bottlenecks, head."""

from __future__ import annotations

from dataclasses import dataclass

from edgeslim.errors import UsageError

__all__ = ["BottleneckGroup", "LightNasArchitecture"]


@dataclass(frozen=True, kw_only=True, slots=True)
class BottleneckGroup:
    """Inverted bottlenecks of one width.

    Args:
        expansion: Ratio of the width inside a bottleneck to the width that it reads.
        channels: Number of channels that each bottleneck writes.
        layers: Number of bottlenecks in a row.
        kernel: Side of the depthwise filter, odd.
        stride: Stride of the first layer's depthwise filter, 1 or 2.
        shortcut: Whether all layers but the first add their input to their output.
        squeeze_excitation: Whether every layer adds its output once more, weighted by channel.
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

    def expanded_width(self, c_in: int) -> int:
        """Width inside a bottleneck that reads ``c_in`` channels."""
        return max(1, round(c_in * self.expansion))


@dataclass(frozen=True, kw_only=True, slots=True)
class LightNasArchitecture:
    """Everything that decides a light-NAS network, except its input and classes.

    Args:
        groups: The groups of bottlenecks, in order.
        stem_channels: Number of channels that the first 3x3 convolution writes.
        stem_stride: Stride of that convolution, 1 or 2.
        head_channels: Number of channels that the 1x1 convolution before the pooling writes.
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
