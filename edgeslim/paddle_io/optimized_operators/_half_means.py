"""Averages as Arm's fp16 kernels make them.

Of a whole picture elements are divided before they are added, in eight sums beside each other
(Paddle-Lite, ``lite/backends/arm/math/fp16/pooling_fp16.cc``, ``pooling_global_avg_fp16``); of
windows they are added first, so that sums may be infinite where averages are not.
"""

from __future__ import annotations

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from edgeslim.optimized_program import OperatorCall
from edgeslim.paddle_io.optimized_operators._convolutions import geometry
from edgeslim.paddle_io.optimized_operators._halves import Array, HalfSum, half, rounded
from edgeslim.paddle_io.optimized_operators._meaning import Meaning, Slots, attribute, only

__all__ = ["pooling"]

_LANES = 8
_AT_ONCE = 4 * _LANES


def pooling(call: OperatorCall, exact: Meaning, draw: np.random.Generator) -> Meaning:
    """``pool2d``; the largest of halves is one."""
    if attribute(call, "pooling_type") == "max":
        return exact

    def compute(given: Slots) -> Slots:
        from paddle import to_tensor

        images = only(given, "X").numpy()
        if attribute(call, "global_pooling"):
            return {"Out": (to_tensor(_of_all(images)),)}
        found = exact(given)["Out"][0].numpy()
        if call.attributes.get("adaptive"):
            window = images.shape[2] * images.shape[3] / (found.shape[2] * found.shape[3])
            return {"Out": (to_tensor(rounded(found, window, draw)),)}
        share = exact({"X": (to_tensor(np.ones_like(images)),)})["Out"][0].numpy()
        return {"Out": (to_tensor(_of_windows(call, images, found.shape, share, draw)),)}

    return compute


def _of_all(images: Array) -> Array:
    """The average of each picture, (N, C, 1, 1), added up as the kernel does."""
    flat = images.reshape(*images.shape[:2], -1)
    count = flat.shape[2]
    whole, vectors = count - count % _AT_ONCE, count - count % _LANES
    size = half(np.asarray(1 / count))
    sums = np.zeros((*flat.shape[:2], _LANES), np.float32)
    for start in range(0, whole, _AT_ONCE):
        four = flat[..., start : start + _AT_ONCE].reshape(*flat.shape[:2], 4, _LANES)
        for pair in (0, 1):
            sums = half(sums + half(half(four[:, :, pair] + four[:, :, pair + 2]) * size))
    for start in range(whole, vectors, _LANES):
        sums = half(sums + half(flat[..., start : start + _LANES] * size))
    quarters = half(sums[..., :4] + sums[..., 4:])
    halves = half(quarters[..., ::2] + quarters[..., 1::2])
    result = half(halves[..., 0] + halves[..., 1])
    for place in range(vectors, count):
        result = half(result + flat[..., place] / np.float32(count))
    return np.ascontiguousarray(result.reshape(*result.shape, 1, 1))


def _of_windows(
    call: OperatorCall,
    images: Array,
    shape: tuple[int, ...],
    share: Array,
    draw: np.random.Generator,
) -> Array:
    """Averages of windows, added up row by row.

    Args:
        call: The pooling.
        images: (N, C, H, W).
        shape: Of the result.
        share: What it makes of ones: which part of a window's divisor is in the picture.
        draw: What roundings are drawn from.
    """
    window, strides = tuple(attribute(call, "ksize")), attribute(call, "strides")
    (top, _, left, _), _ = geometry(call, images.shape[2:], window)
    extents = [
        (made - 1) * stride + size
        for made, stride, size in zip(shape[2:], strides, window, strict=True)
    ]
    places = [
        slice(before, before + min(size, extent - before))
        for before, size, extent in zip((top, left), images.shape[2:], extents, strict=True)
    ]
    padded = np.zeros((2, *images.shape[:2], *extents), np.float32)
    rows, columns = (each.stop - each.start for each in places)
    padded[0][:, :, places[0], places[1]] = images[:, :, :rows, :columns]
    padded[1][:, :, places[0], places[1]] = 1
    views = sliding_window_view(padded, window, axis=(3, 4))  # type: ignore[call-overload]
    values, inside = views[:, :, :, :: strides[0], :: strides[1]]
    divisor = inside.sum((-2, -1)) / share
    total = HalfSum(np.zeros((), np.float32), draw)
    for row in range(window[0]):
        total.added(values[..., row, :].sum(-1), window[1])
    return half(total.total / divisor)
