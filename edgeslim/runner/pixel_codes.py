"""Pictures as codes of one byte: a network's pixels have at most 256 values in each channel.

Sending is most of the work over a link, and float32 is four times as large as the bytes that a
photo was made of. Nothing is lost: pictures that are not such values exactly stay as they are.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["CODES", "encode_pixels"]

CODES = 256
"""Number of values that a code of one byte can stand for."""

_SEEN = 1 << 16
"""Elements of a channel from which the distance of neighbouring values is taken."""


def encode_pixels(stack: NDArray[Any]) -> tuple[NDArray[np.uint8], NDArray[np.float32]] | None:
    """Pictures as codes, and the table of what codes stand for; None if they have more values.

    Args:
        stack: The inputs of successive runs, ``(runs, N, C, H, W)``.

    Returns:
        Codes in the shape of the stack, and the table ``(C, 256)``: an element of a channel is
        ``table[channel, code]``, to the bit.
    """
    if stack.ndim != 5 or stack.dtype != np.float32 or not stack.size:
        return None
    codes = np.empty(stack.shape, np.uint8)
    table = np.zeros((stack.shape[2], CODES), np.float32)
    for channel in range(stack.shape[2]):
        values = stack[:, :, channel]
        seen = np.unique(values.reshape(-1)[:: max(1, values.size // _SEEN)])
        lowest = values.min()
        step = np.diff(seen).min() if len(seen) > 1 else np.float32(1)
        with np.errstate(over="ignore", invalid="ignore"):
            places = np.rint((values - lowest) / step)
        if not places.max() < CODES:  # nan is not either
            return None
        codes[:, :, channel] = places
        table[channel][codes[:, :, channel]] = values
        back = table[channel][codes[:, :, channel]]
        if not np.array_equal(back.view(np.uint32), np.ascontiguousarray(values).view(np.uint32)):
            return None
    return codes, table
