"""How much scratch Arm's convolutions of integers ask for, and how much they use.

All operators of a network share one piece of memory, which grows to the largest that any of them
asked for (``lite/core/device_info.cc``). A 3x3 convolution by Winograd's method asks for two
threads' share, however many run it (``lite/kernels/arm/conv_winograd.cc``), and uses one for each
(``lite/backends/arm/math/conv3x3_winograd_int8.cc``).
"""

from __future__ import annotations

from dataclasses import dataclass
from math import prod

__all__ = ["MOST_THREADS", "IntegerConvolution"]

MOST_THREADS = 8
"""What a device may run where nobody has said how many."""

_TILES = 8
"""Tiles that a thread works on at once; channels are taken as many at a time."""

_ASKED_BESIDE = {4: 768, 6: 2144}
_USED_BESIDE = {4: 256, 6: 2144}
"""Bytes for what is turned at the moment, by the side of a tile."""


@dataclass(frozen=True, kw_only=True, slots=True)
class IntegerConvolution:
    """A convolution of integers; pairs are of rows and columns.

    Args:
        channels: What it reads and what it makes.
        padded: Extents of a picture with its padding.
        made: Extents of the result.
        window: Of the filter.
        strides: From one place to the next.
        dilations: Between the taps of the filter.
        groups: Of channels.
        evenly_padded: Whether opposite sides have the same padding.
    """

    channels: tuple[int, int]
    padded: tuple[int, int]
    made: tuple[int, int]
    window: tuple[int, int]
    strides: tuple[int, int]
    dilations: tuple[int, int]
    groups: int
    evenly_padded: bool

    @property
    def is_by_tiles(self) -> bool:
        """Whether it is computed by Winograd's method on processors without dot products."""
        return (
            self.groups == 1
            and self.window == (3, 3)
            and self.strides == (1, 1)
            and self.dilations == (1, 1)
            and self.evenly_padded
        )

    def used(self, threads: int) -> int:
        """Bytes that it uses, by Winograd's method, with a number of threads."""
        side = self._side(threads)
        return self._pictures + threads * (self._share(side) + _USED_BESIDE[side])

    def asked(self, threads: int) -> int:
        """Bytes that it asks for, by Winograd's method or as columns."""
        if self.is_by_tiles:
            side = self._side(threads)
            return 2 * (self._pictures + self._share(side) + _ASKED_BESIDE[side])
        if self.groups > 1 or self.strides != (1, 1) or self.window == (1, 1):
            return 0  # other kernels, or as much as is hard to say
        return self.channels[0] * prod(self.window) * prod(self.made) * 4

    @property
    def _pictures(self) -> int:
        read, made = (-(-count // 8) * 8 for count in self.channels)
        return read * prod(self.padded) + made * prod(self.made) * 4

    def _side(self, threads: int) -> int:
        """Of a tile."""
        return 4 if prod(self.made) // (_TILES * threads) < 16 else 6

    def _share(self, side: int) -> int:
        """Bytes of a thread: its tiles before and behind the products."""
        read, made = (-(-count // 8) * 8 for count in self.channels)
        return _TILES * side * side * (read * 2 + made * 4)
