"""Inputs of single outputs, compared with convolutions written out."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from edgeslim.training.quantization.patches import matrix_of, patches_for, tensor_of


def convolve(
    images: Any, weight: Any, *, groups: int, stride: int, dilation: int, ends: Any
) -> Any:
    """A convolution, output by output."""
    top, bottom, left, right = ends
    padded = np.pad(images, ((0, 0), (0, 0), (top, bottom), (left, right)))
    filters, per_group, rows, columns = weight.shape
    reach = [dilation * (size - 1) + 1 for size in (rows, columns)]
    size = [(padded.shape[2 + at] - reach[at]) // stride + 1 for at in (0, 1)]
    out = np.zeros((len(images), filters, *size), np.float32)
    for place in np.ndindex(*out.shape[1:]):
        number, row, column = place
        group = number // (filters // groups)
        part = padded[
            :,
            group * per_group : (group + 1) * per_group,
            row * stride : row * stride + reach[0] : dilation,
            column * stride : column * stride + reach[1] : dilation,
        ]
        out[:, number, row, column] = (part * weight[number]).sum(axis=(1, 2, 3))
    return out


@pytest.mark.parametrize(
    ("groups", "attributes", "ends"),
    [
        (1, {"strides": [1, 1], "paddings": [1, 1]}, (1, 1, 1, 1)),
        (1, {"strides": [2, 2], "paddings": [0, 1, 2, 1]}, (0, 1, 2, 1)),
        (4, {"strides": [2, 2], "padding_algorithm": "SAME"}, (1, 1, 0, 1)),
        (2, {"dilations": [2, 2], "padding_algorithm": "VALID"}, (0, 0, 0, 0)),
    ],
)
def test_a_product_of_the_matrix_and_the_patches_is_the_convolution(
    groups: int, attributes: dict[str, Any], ends: Any
) -> None:
    generator = np.random.default_rng(0)
    images = generator.normal(size=(3, 4, 7, 8)).astype(np.float32)
    weight = generator.normal(size=(8, 4 // groups, 3, 3)).astype(np.float32)
    (stride, _), (dilation, _) = (attributes.get(key, (1, 1)) for key in ("strides", "dilations"))
    written = convolve(images, weight, groups=groups, stride=stride, dilation=dilation, ends=ends)
    for most in (12, 10_000):
        patches = patches_for(
            attributes, weight.shape, images.shape, written.shape, most=most, seed=0
        )
        assert patches is not None
        inputs, wanted = patches.inputs(images), patches.outputs(written)
        assert inputs.shape[2] == wanted.shape[2] <= max(most, 3)
        matrix = matrix_of(weight, groups, 0)
        np.testing.assert_allclose(matrix @ inputs, wanted, rtol=1e-4, atol=1e-4)
        np.testing.assert_array_equal(tensor_of(matrix, weight.shape, 0), weight)


def test_rows_of_products_too() -> None:
    generator = np.random.default_rng(0)
    given = generator.normal(size=(5, 2, 6)).astype(np.float32)
    weight = generator.normal(size=(6, 3)).astype(np.float32)
    patches = patches_for({}, weight.shape, given.shape, (5, 2, 3), most=100, seed=0)
    assert patches is not None
    matrix = matrix_of(weight, 1, 1)
    found = matrix @ patches.inputs(given)
    np.testing.assert_allclose(found, patches.outputs(given @ weight), rtol=1e-5, atol=1e-5)
    np.testing.assert_array_equal(tensor_of(matrix, weight.shape, 1), weight)
    assert patches_for({}, weight.shape, (5, 13), (5, 3), most=9, seed=0) is None
    last = {"data_format": "NHWC"}
    assert patches_for(last, (4, 4, 1, 1), (1, 4, 4, 4), (1, 4, 4, 4), most=9, seed=0) is None
