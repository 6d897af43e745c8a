"""What is taken for an offset of the channels behind a layer; by programs alone."""

from __future__ import annotations

import pytest

from edgeslim.paddle_io.quantized_program import quantizable_operators
from edgeslim.training.quantization.offsets import find_offsets
from tests.paddle_io.programs import Op, program

CONVOLUTION = Op("conv2d", {"Input": "x", "Filter": "w"}, {"Output": "a"}, {"groups": 1})
CHANNELS_LAST = Op(
    "conv2d", {"Input": "x", "Filter": "w"}, {"Output": "a"}, {"data_format": "NHWC"}
)
PRODUCT = Op("matmul_v2", {"X": "x", "Y": "w"}, {"Out": "a"}, {})


def has_offset(layer: Op, reader: Op, shape: tuple[int, ...]) -> bool:
    weight = (4, 4) if layer is PRODUCT else (4, 4, 1, 1)
    vectors = dict.fromkeys(("v", "scale", "shift", "variance"), (4,))
    made = program([layer, reader], dict.fromkeys("xab", shape), {"w": weight, **vectors})
    found = find_offsets(made, quantizable_operators(made))
    assert all(one.tensor == "v" for one in found.values())
    return set(found) == {"a"}


def added(axis: int) -> Op:
    return Op("elementwise_add", {"X": "a", "Y": "v"}, {"Out": "b"}, {"axis": axis})


def norm(layout: str) -> Op:
    names = {"X": "a", "Scale": "scale", "Bias": "shift", "Mean": "v", "Variance": "variance"}
    return Op("batch_norm", names, {"Y": "b"}, {"data_layout": layout})


@pytest.mark.parametrize(
    ("layer", "reader", "shape", "expected"),
    [
        (CONVOLUTION, added(1), (1, 4, 4, 4), True),
        (CONVOLUTION, added(-1), (1, 4, 4, 4), False),  # along the width
        (CONVOLUTION, added(2), (1, 4, 4, 4), False),
        (CONVOLUTION, norm("NCHW"), (1, 4, 4, 4), True),
        (CHANNELS_LAST, added(1), (1, 4, 4, 4), False),
        (PRODUCT, added(-1), (1, 4, 4, 4), True),
        (PRODUCT, added(1), (1, 4, 4, 4), False),
        (PRODUCT, added(1), (1, 4), True),
        (PRODUCT, norm("NCHW"), (1, 4), True),
        (PRODUCT, norm("NCHW"), (1, 4, 4), False),  # along the rows
    ],
)
def test_an_offset_is_along_the_channels_that_the_layer_writes(
    layer: Op, reader: Op, shape: tuple[int, ...], expected: bool
) -> None:
    assert has_offset(layer, reader, shape) == expected
