"""How much scratch memory Arm's int8 convolutions request, and how much they use.

All operators of a network share one buffer, which grows to the largest size that any of them
requested (``lite/core/device_info.cc``). A 3x3 convolution by Winograd's method requests the share
of two threads, however many run it (``lite/kernels/arm/conv_winograd.cc``), and each thread uses a
share (``lite/backends/arm/math/conv3x3_winograd_int8.cc``).
"""

from __future__ import annotations

from dataclasses import dataclass
from math import prod

__all__ = ["MOST_THREADS", "IntegerConvolution"]

MOST_THREADS = 8
"""Number of threads that is assumed where nobody has said how many a device runs."""

_TILES = 8
"""Number of tiles that a thread works on at once; channels are rounded up to it as well."""

_EXTRA_REQUESTED = {4: 768, 6: 2144}
_EXTRA_USED = {4: 256, 6: 2144}
"""Bytes for the tile that is being transformed, by the side of a tile."""


@dataclass(frozen=True, kw_only=True, slots=True)
class IntegerConvolution:
    """An int8 convolution; pairs are of rows and columns.

    Args:
        channels: Numbers of input and output channels.
        padded: Height and width of the input with its padding.
        output: Height and width of the output.
        window: Height and width of the filter.
        strides: Distances between neighbouring windows.
        dilations: Distances between neighbouring elements of the filter.
        groups: Number of groups of channels.
        is_evenly_padded: Whether opposite sides have the same padding.
    """

    channels: tuple[int, int]
    padded: tuple[int, int]
    output: tuple[int, int]
    window: tuple[int, int]
    strides: tuple[int, int]
    dilations: tuple[int, int]
    groups: int
    is_evenly_padded: bool

    @property
    def is_by_winograd(self) -> bool:
        """Whether processors without dot products compute it by Winograd's method."""
        return (
            self.groups == 1
            and self.window == (3, 3)
            and self.strides == (1, 1)
            and self.dilations == (1, 1)
            and self.is_evenly_padded
        )

    def used_bytes(self, threads: int) -> int:
        """Bytes that Winograd's method uses with a number of threads."""
        side = self._tile_side(threads)
        return self._image_bytes + threads * (self._thread_bytes(side) + _EXTRA_USED[side])

    def requested_bytes(self, threads: int) -> int:
        """Bytes that the kernel requests, by Winograd's method or by im2col."""
        if self.is_by_winograd:
            side = self._tile_side(threads)
            return 2 * (self._image_bytes + self._thread_bytes(side) + _EXTRA_REQUESTED[side])
        if self.groups > 1 or self.strides != (1, 1) or self.window == (1, 1):
            return 0  # other kernels; 0 is safe, since it assumes the least scratch
        return self.channels[0] * prod(self.window) * prod(self.output) * 4

    @property
    def _image_bytes(self) -> int:
        read, output = (-(-count // 8) * 8 for count in self.channels)
        return read * prod(self.padded) + output * prod(self.output) * 4

    def _tile_side(self, threads: int) -> int:
        return 4 if prod(self.output) // (_TILES * threads) < 16 else 6

    def _thread_bytes(self, side: int) -> int:
        """Bytes of a thread's tiles before and after the matrix products."""
        read, output = (-(-count // 8) * 8 for count in self.channels)
        return _TILES * side * side * (read * 2 + output * 4)
