"""What pruning may leave of a model's operators."""

from __future__ import annotations

import pytest

from edgeslim.ops import macs
from edgeslim.opspec import OpSpec, Shapes
from edgeslim.profiling.prunable_range import prunable_range
from tests.prediction.made_up_device import depthwise
from tests.values import convolution, relu


def test_a_convolution_keeps_any_widths_in_and_out() -> None:
    found = prunable_range([convolution(64, 128)])
    assert {(s.input_shape[1], s.output_shape[1]) for s in found} >= {
        (8, 16), (8, 128), (64, 16), (64, 128), (40, 64),
    }  # fmt: skip
    for spec in found:
        c_out, c_in, *_ = spec.weights["Filter"][0]
        assert spec.weights["Bias"] == ((c_out,),)
        assert (c_in, c_out) == (spec.input_shape[1], spec.output_shape[1])
        assert macs([spec]) > 0


def test_own_widths_count_once_and_all_together_once_more() -> None:
    own = convolution(64, 128)
    found = prunable_range([own, own])
    assert sum(found.values()) == pytest.approx(4)
    assert found[own] == pytest.approx(2 + 2 / len(found))


@pytest.mark.parametrize("spec", [depthwise(64), relu(64)])
def test_what_goes_channel_by_channel_keeps_as_many_in_as_out(spec: OpSpec) -> None:
    found = list(prunable_range([spec]))
    assert [each.output_shape[1] for each in found[1:]] == [8, 16, 24, 32, 40, 48, 56]
    for each in found:
        assert each.input_shape == each.output_shape
        assert each.attributes.get("groups", each.output_shape[1]) == each.output_shape[1]
        assert all(shapes[0][0] == each.output_shape[1] for shapes in each.weights.values())


def test_a_matrix_product_sums_over_fewer() -> None:
    spec = OpSpec(
        kind="fc",
        inputs=Shapes(Input=((1, 64),)),
        weights=Shapes(W=((64, 10),), Bias=((10,),)),
        outputs=Shapes(Out=((1, 10),)),
    )
    found = list(prunable_range([spec]))
    assert [each.weights["W"] for each in found[1:3]] == [((8, 10),), ((16, 10),)]
    assert {each.output_shape for each in found} == {(1, 10)}
    assert {each.weights["Bias"] for each in found} == {((10,),)}


def test_an_image_keeps_its_channels() -> None:
    assert {spec.input_shape[1] for spec in prunable_range([convolution(3, 64)])} == {3}


def test_a_large_model_has_a_bounded_range() -> None:
    assert len(prunable_range([convolution(512, 1024)])) <= 81
