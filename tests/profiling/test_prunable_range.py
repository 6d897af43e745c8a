"""What pruning may leave of a model's operators."""

from __future__ import annotations

import pytest

from edgeslim.channels.groups import channels_of
from edgeslim.graph import Graph
from edgeslim.opspec import OpSpec
from edgeslim.profiling.prunable_range import prunable_operators
from tests.channels.sketch import Sketch


def found(graph: Graph) -> dict[OpSpec, float]:
    return prunable_operators(graph, channels_of(graph))


def chain() -> Graph:
    """1x1 convolutions 3 -> 64 -> 128 -> 5."""
    net = Sketch()
    net.conv(net.conv("x", "a", 64), "b", 128)
    return net.graph()


def widths(specs: dict[OpSpec, float], c_in: int, c_out: int) -> set[tuple[int, int]]:
    """Channels in and out of the variants of the convolution of these channels."""
    pairs = {(s.input_shape[1], s.output_shape[1]) for s in specs if s.kind == "conv2d"}
    return {(i, o) for i, o in pairs if i <= c_in and o <= c_out}


def test_a_convolution_keeps_any_widths_in_and_out() -> None:
    specs = found(chain())
    assert widths(specs, 64, 128) >= {(8, 16), (8, 128), (64, 16), (64, 128), (40, 64)}
    for spec in specs:
        c_out, c_in, *_ = spec.weights["Filter"][0]
        assert (c_in, c_out) == (spec.input_shape[1], spec.output_shape[1])


def test_images_and_outputs_keep_their_channels() -> None:
    specs = found(chain())
    first = {s.output_shape[1] for s in specs if s.input_shape[1] == 3}
    assert first == {8, 16, 24, 32, 40, 48, 56, 64}
    assert {s.output_shape[1] for s in specs if s.output_shape[1] < 8} == {5}


def test_own_widths_count_once_and_all_together_once_more() -> None:
    specs = found(chain())
    assert sum(specs.values()) == pytest.approx(6)
    own = next(s for s in specs if (s.input_shape[1], s.output_shape[1]) == (64, 128))
    assert specs[own] == pytest.approx(1 + 1 / 64)


def test_what_goes_channel_by_channel_keeps_as_many_in_as_out() -> None:
    net = Sketch()
    x = net.conv("x", "a", 64)
    x = net.conv(x, "d", 64, groups=64, kind="depthwise_conv2d")
    net.add("relu", x)
    for spec in found(net.graph()):
        if spec.kind != "conv2d":
            assert spec.input_shape == spec.output_shape
            assert spec.attributes.get("groups", spec.output_shape[1]) == spec.output_shape[1]


def test_a_sum_of_two_branches_is_narrowed_as_one() -> None:
    net = Sketch()
    x = net.conv("x", "a", 32)
    net.add("elementwise_add", {"X": x, "Y": net.conv(x, "b", 32)}, axis=-1)
    assert all(
        s.inputs["X"] == s.inputs["Y"] == s.outputs["Out"]
        for s in found(net.graph())
        if s.kind == "elementwise_add"
    )


def test_what_reads_a_concatenation_is_looked_at_by_its_sum() -> None:
    net = Sketch()
    parts = [net.conv("x", name, 32) for name in "abc"]
    x = net.add("concat", {"X": parts}, (1, 96, 8, 8), axis=1)
    net.conv(x, "d", 16)
    specs = found(net.graph())
    read = {s.input_shape[1] for s in specs if s.output_shape[1] == 16 and s.input_shape[1] > 8}
    assert min(read) == 12
    assert max(read) == 96
    assert len(read) == 17


def test_a_large_model_has_a_bounded_range() -> None:
    net = Sketch()
    net.conv(net.conv("x", "a", 512), "b", 1024)
    assert len(found(net.graph())) <= 8 + 64 + 8
