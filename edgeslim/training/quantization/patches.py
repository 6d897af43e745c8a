"""The inputs that single outputs of a layer are sums of, as columns of a matrix. Pure NumPy."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float32]

__all__ = ["ConvolutionPatches", "ProductPatches", "matrix_of", "patches_for", "tensor_of"]


@dataclass(frozen=True, kw_only=True, slots=True)
class ConvolutionPatches:
    """Patches of a convolution's input, at the same random places of each image.

    Args:
        kernel: Rows and columns of a filter.
        strides: Its strides in rows and columns.
        dilations: Its dilations in rows and columns.
        paddings: Rows of zeros above and below, columns of zeros to the left and to the right.
        groups: Number of its groups.
        output: Rows and columns of the output.
        places: Indices of the outputs that are looked at, ``(P,)``, counted row by row.
    """

    kernel: tuple[int, int]
    strides: tuple[int, int]
    dilations: tuple[int, int]
    paddings: tuple[int, int, int, int]
    groups: int
    output: tuple[int, int]
    places: NDArray[np.int64]

    def inputs(self, images: Floats) -> Floats:
        """The patches ``(G, K, M)`` of images ``(N, C, H, W)``."""
        top, bottom, left, right = self.paddings
        padded = np.pad(images, ((0, 0), (0, 0), (top, bottom), (left, right)))
        rows, columns = np.divmod(self.places, self.output[1])
        at_row = rows[:, None] * self.strides[0] + np.arange(self.kernel[0]) * self.dilations[0]
        at_column = (
            columns[:, None] * self.strides[1] + np.arange(self.kernel[1]) * self.dilations[1]
        )
        # Axes: image, channel, place, row and column of the filter.
        found = padded[:, :, at_row[:, :, None], at_column[:, None, :]]
        count, channels, places = found.shape[:3]
        by_group = found.reshape(count, self.groups, channels // self.groups, places, -1)
        moved = by_group.transpose(1, 2, 4, 0, 3)
        return moved.reshape(self.groups, -1, count * places)

    def outputs(self, values: Floats) -> Floats:
        """The outputs ``(G, R, M)`` at the same places, of outputs ``(N, C, H, W)``."""
        count, channels = values.shape[:2]
        found = values.reshape(count, channels, -1)[:, :, self.places]
        by_group = found.reshape(count, self.groups, channels // self.groups, -1)
        return by_group.transpose(1, 2, 0, 3).reshape(self.groups, channels // self.groups, -1)


@dataclass(frozen=True, kw_only=True, slots=True)
class ProductPatches:
    """Rows of a product's input, at the same random places of each example.

    Args:
        places: Indices of the rows that are looked at, ``(P,)``.
        terms: Number of products in a sum.
    """

    places: NDArray[np.int64]
    terms: int

    def inputs(self, values: Floats) -> Floats:
        """The rows ``(1, K, M)`` of inputs ``(N, ..., K)``."""
        return self._rows(values.reshape(len(values), -1, self.terms))

    def outputs(self, values: Floats) -> Floats:
        """The rows ``(1, R, M)`` of outputs ``(N, ..., R)``."""
        return self._rows(values.reshape(len(values), -1, values.shape[-1]))

    def _rows(self, values: Floats) -> Floats:
        found = values[:, self.places]
        return found.reshape(-1, found.shape[2]).T[None]


def patches_for(
    attributes: Mapping[str, Any],
    weight: Sequence[int],
    read: Sequence[int],
    written: Sequence[int],
    *,
    most: int,
    seed: int,
) -> ConvolutionPatches | ProductPatches | None:
    """The patches of a layer's inputs; None for a layer that is computed in another way.

    Args:
        attributes: Attributes of its operator, by name.
        weight: Shape of its weight.
        read: Shape of its input, of all examples.
        written: Shape of its output.
        most: Largest number of columns of all examples, at least one for each.
        seed: Seed of the places.
    """
    count = max(1, most // max(1, written[0]))
    random = np.random.default_rng(seed)
    if len(weight) == 2:
        terms = weight[0]
        rows = math.prod(read) // (read[0] * terms)
        if (
            rows * read[0] * terms != math.prod(read)
            or math.prod(written) != rows * read[0] * weight[1]
        ):
            return None
        return ProductPatches(places=_choose(random, rows, count), terms=terms)
    if attributes.get("data_format", "NCHW") not in {"NCHW", "AnyLayout"} or len(written) != 4:
        return None
    kernel, strides = _pair(weight[2:]), _pair(attributes.get("strides", (1, 1)))
    dilations = _pair(attributes.get("dilations", (1, 1)))
    algorithm = attributes.get("padding_algorithm", "EXPLICIT")
    if algorithm == "SAME":
        dilations = (1, 1)
    reach = [dilation * (size - 1) + 1 for size, dilation in zip(kernel, dilations, strict=True)]
    paddings = _paddings(attributes, algorithm, reach, strides, read[2:])
    return ConvolutionPatches(
        kernel=kernel,
        strides=strides,
        dilations=dilations,
        paddings=paddings,
        groups=read[1] // weight[1],
        output=_pair(written[2:]),
        places=_choose(random, written[2] * written[3], count),
    )


def _paddings(
    attributes: Mapping[str, Any],
    algorithm: str,
    reach: Sequence[int],
    strides: Sequence[int],
    size: Sequence[int],
) -> tuple[int, int, int, int]:
    if algorithm == "VALID":
        return (0, 0, 0, 0)
    if algorithm == "SAME":
        ends: list[int] = []
        for length, stride, extent in zip(size, strides, reach, strict=True):
            whole = max(0, (-(-length // stride) - 1) * stride + extent - length)
            ends += [whole // 2, whole - whole // 2]
        return (ends[0], ends[1], ends[2], ends[3])
    given = list(attributes.get("paddings", (0, 0)))
    if len(given) == 2:
        given = [given[0], given[0], given[1], given[1]]
    return (given[0], given[1], given[2], given[3])


def _pair(values: Sequence[int]) -> tuple[int, int]:
    rows, columns = values
    return int(rows), int(columns)


def _choose(random: np.random.Generator, there: int, count: int) -> NDArray[np.int64]:
    return np.sort(random.permutation(there)[:count]).astype(np.int64)


def matrix_of(weight: Floats, groups: int, axis: int) -> Floats:
    """A weight as ``(G, R, K)``: the factors of each output channel in a row.

    Args:
        weight: The weight, of a convolution ``(C_out, C_in / groups, ...)``.
        groups: Into how many groups its output channels are divided.
        axis: Axis of its output channels: 0 of a convolution, 1 of a product's ``(K, R)``.
    """
    rows = np.moveaxis(weight, axis, 0)
    return np.ascontiguousarray(rows.reshape(groups, rows.shape[0] // groups, -1))


def tensor_of(matrix: Floats, shape: Sequence[int], axis: int) -> Floats:
    """The weight of a shape that `matrix_of` gave a matrix for."""
    moved = [shape[axis], *(size for place, size in enumerate(shape) if place != axis)]
    return np.ascontiguousarray(np.moveaxis(matrix.reshape(moved), 0, axis), np.float32)
