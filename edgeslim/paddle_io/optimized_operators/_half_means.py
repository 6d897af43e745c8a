"""Average pooling as Arm's fp16 kernels compute it.

For global pooling, elements are divided before they are added, in eight parallel sums
(Paddle-Lite, ``lite/backends/arm/math/fp16/pooling_fp16.cc``, ``pooling_global_avg_fp16``); for
windows they are added first, so that sums may be infinite where averages are not.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from edgeslim.optimized_program import OperatorCall
from edgeslim.paddle_io.optimized_operators._convolutions import geometry
from edgeslim.paddle_io.optimized_operators._halves import Array, HalfSum, round_steps, to_half
from edgeslim.paddle_io.optimized_operators._meaning import Meaning, Slots, attribute, single

__all__ = ["pooling"]

_LANES = 8
_AT_ONCE = 4 * _LANES


def pooling(call: OperatorCall, exact: Meaning, draw: np.random.Generator) -> Meaning:
    """``pool2d``; maxima are exact."""
    if attribute(call, "pooling_type") == "max":
        return exact

    def compute(given: Slots) -> Slots:
        from paddle import to_tensor

        images = single(given, "X").numpy()
        if attribute(call, "global_pooling"):
            return {"Out": (to_tensor(_global_average(images)),)}
        found = exact(given)["Out"][0].numpy()
        if call.attributes.get("adaptive"):
            window = images.shape[2] * images.shape[3] / (found.shape[2] * found.shape[3])
            return {"Out": (to_tensor(round_steps(found, window, draw)),)}
        share = exact({"X": (to_tensor(np.ones_like(images)),)})["Out"][0].numpy()
        return {"Out": (to_tensor(_window_averages(call, images, found.shape, share, draw)),)}

    return compute


def _global_average(images: Array) -> Array:
    """The average of each image, (N, C, 1, 1), summed as the kernel does."""
    flat = images.reshape(*images.shape[:2], -1)
    count = flat.shape[2]
    whole, vectors = count - count % _AT_ONCE, count - count % _LANES
    size = to_half(np.asarray(1 / count))
    sums = np.zeros((*flat.shape[:2], _LANES), np.float32)
    for start in range(0, whole, _AT_ONCE):
        four = flat[..., start : start + _AT_ONCE].reshape(*flat.shape[:2], 4, _LANES)
        for pair in (0, 1):
            sums = to_half(sums + to_half(to_half(four[:, :, pair] + four[:, :, pair + 2]) * size))
    for start in range(whole, vectors, _LANES):
        sums = to_half(sums + to_half(flat[..., start : start + _LANES] * size))
    quarters = to_half(sums[..., :4] + sums[..., 4:])
    halves = to_half(quarters[..., ::2] + quarters[..., 1::2])
    result = to_half(halves[..., 0] + halves[..., 1])
    for index in range(vectors, count):
        result = to_half(result + flat[..., index] / np.float32(count))
    return np.ascontiguousarray(result.reshape(*result.shape, 1, 1))


def _window_averages(
    call: OperatorCall,
    images: Array,
    shape: tuple[int, ...],
    share: Array,
    draw: np.random.Generator,
) -> Array:
    """Averages of windows, summed row by row.

    Args:
        call: The operator that pools.
        images: The images, (N, C, H, W).
        shape: Shape of the result, (N, C, H', W').
        share: The result for images of ones: the share of each window that is in the image.
        draw: The generator from which roundings are drawn.
    """
    window, strides = tuple(attribute(call, "ksize")), attribute(call, "strides")
    (top, _, left, _), _ = geometry(call, images.shape[2:], window)
    extents = [
        (count - 1) * stride + size
        for count, stride, size in zip(shape[2:], strides, window, strict=True)
    ]
    inner = [
        slice(before, before + min(size, extent - before))
        for before, size, extent in zip((top, left), images.shape[2:], extents, strict=True)
    ]
    padded = np.zeros((2, *images.shape[:2], *extents), np.float32)
    rows, columns = (part.stop - part.start for part in inner)
    padded[0][:, :, inner[0], inner[1]] = images[:, :, :rows, :columns]
    padded[1][:, :, inner[0], inner[1]] = 1
    axes: Any = (3, 4)  # the types of NumPy 1 know no more than one
    views = sliding_window_view(padded, window, axis=axes)
    values, inside = views[:, :, :, :: strides[0], :: strides[1]]
    divisor = inside.sum((-2, -1)) / share
    total = HalfSum(np.zeros((), np.float32), draw)
    for row in range(window[0]):
        total.add(values[..., row, :].sum(-1), window[1])
    return to_half(total.total / divisor)
