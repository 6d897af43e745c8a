"""Which channels go together in networks written by hand, and why some cannot go."""

from __future__ import annotations

import numpy as np
import pytest

from edgeslim.channels.groups import channels_of
from edgeslim.channels.plan import PruningPlan, Selection
from edgeslim.ops._channel_reshape import match_axes
from edgeslim.opspec import Shape
from tests.channels.sketch import Sketch, widths, with_one, with_two


def test_a_chain_has_a_group_for_each_convolution_but_the_last() -> None:
    net, a = with_one()
    net.conv(net.add("relu", a), "b", 6)
    found = net.channels()
    assert widths(found) == {("a",): 8, ("b",): 6}
    assert found.fixed == {"last": "it is an output of the network"}
    assert found.producers == {"a": 0, "b": 0, "last": 0}
    assert found.by_producer == {"a": (0,), "b": (1,)}


@pytest.mark.parametrize("factor", [1, 2, 3])
def test_a_depthwise_convolution_goes_with_what_it_reads(factor: int) -> None:
    net, a = with_one()
    net.conv(a, "dw", 8 * factor, groups=8, kind="depthwise_conv2d")
    found = net.channels()
    assert widths(found) == {("a", "dw"): 8}
    assert found.groups[0].why == ("depthwise_conv2d filters each channel by itself",)
    places, units = found.positions("dw", 0, 0)
    assert places.tolist() == list(range(8 * factor))
    assert units.tolist() == [place // factor for place in range(8 * factor)]


def test_few_large_groups_lose_the_same_channels_each() -> None:
    net = Sketch()
    net.conv(net.conv("x", "a", 8), "g", 12, groups=2)
    found = net.channels()
    assert widths(found) == {("a",): 4, ("g",): 6}
    selection = Selection(found, PruningPlan(kept={"a": (0, 3), "g": (5,)}))
    assert selection.shape("a", (8, 3, 1, 1)) == (4, 3, 1, 1)
    assert selection.shape("g", (12, 4, 1, 1)) == (2, 2, 1, 1)


def test_many_small_groups_go_whole() -> None:
    net = Sketch()
    net.conv(net.conv("x", "a", 16), "g", 8, groups=8)
    found = net.channels()
    assert widths(found) == {("a", "g"): 8}
    selection = Selection(found, PruningPlan(kept={"a": (1,)}))
    assert selection.shape("a", (16, 3, 1, 1)) == (2, 3, 1, 1)
    assert selection.shape("g", (8, 2, 1, 1)) == (1, 2, 1, 1)


def test_groups_that_read_the_image_stay() -> None:
    net = Sketch((1, 4, 8, 8))
    net.conv("x", "g", 8, groups=4)
    assert net.channels().fixed["g"] == "conv2d of several groups reads channels that cannot go"


@pytest.mark.parametrize("kind", ["elementwise_add", "elementwise_mul", "elementwise_max"])
def test_a_residual_ties_both_sides(kind: str) -> None:
    net, a, b = with_two()
    net.add(kind, {"X": a, "Y": b})
    (group,) = net.channels().groups
    assert (group.producers, group.width, group.why) == (("a", "b"), 8, (f"{kind} meets both",))


def test_what_is_added_to_the_image_stays() -> None:
    net = Sketch()
    net.add("elementwise_add", {"X": net.conv("x", "a", 3), "Y": "x"})
    reason = "it meets channels that cannot go (elementwise_add meets both)"
    assert net.channels().fixed["a"] == reason


def test_a_gate_goes_with_the_channels_that_it_weighs() -> None:
    net, a = with_one()
    squeezed = net.conv(net.pool(a), "squeeze", 4)
    net.add("elementwise_mul", {"X": a, "Y": net.conv(squeezed, "excite", 8)})
    assert widths(net.channels()) == {("a", "excite"): 8, ("squeeze",): 4}


def test_a_map_of_one_channel_is_stretched_over_all() -> None:
    net, a = with_one()
    net.add("elementwise_mul", {"X": a, "Y": net.conv(a, "one", 1)})
    found = net.channels()
    assert widths(found) == {("a",): 8}
    assert found.fixed["one"] == "all its channels stay or go together"


@pytest.mark.parametrize(("shape", "axis"), [((8,), 1), ((8, 1, 1), -1), ((1, 8, 1, 1), -1)])
def test_a_bias_goes_with_its_channels(shape: tuple[int, ...], axis: int) -> None:
    net, a = with_one()
    net.add("elementwise_add", {"X": a, "Y": net.parameter("bias", *shape)}, axis=axis)
    found = net.channels()
    assert found.groups[0].why == ()
    selection = Selection(found, PruningPlan(kept={"a": (0, 1, 2)}))
    assert selection.shape("bias", shape) == tuple(3 if each == 8 else 1 for each in shape)


def test_a_bias_behind_operators_of_parameters_goes_with_its_channels() -> None:
    net, a = with_one()
    bias = net.add("reshape2", net.parameter("bias", 8), (1, 8, 1, 1), shape=(1, -1, 1, 1))
    net.add("elementwise_add", {"X": a, "Y": net.add("relu", bias)})
    found = net.channels()
    assert (found.groups[0].producers, found.groups[0].why) == (("a",), ())
    assert Selection(found, PruningPlan(kept={"a": (7,)})).shape("bias", (8,)) == (1,)


def test_parts_of_a_concatenation_go_by_themselves() -> None:
    net, a, b = with_two()
    both = net.add("concat", {"X": [a, "x", b]}, (1, 19, 8, 8), axis=1)
    net.conv(both, "c", 4)
    found = net.channels()
    assert widths(found) == {("a",): 8, ("b",): 8, ("c",): 4}
    for group, start in ((0, 0), (1, 11)):
        places, units = found.positions("c", 1, group)
        assert places.tolist() == list(range(start, start + 8))
        assert units.tolist() == list(range(8))


def test_a_concatenation_along_another_axis_ties_the_channels() -> None:
    net, a, b = with_two()
    net.add("concat", {"X": [a, b]}, (1, 8, 16, 8), axis=2)
    assert widths(net.channels()) == {("a", "b"): 8}


def test_a_concatenation_along_another_axis_with_the_image_fixes_them() -> None:
    net = Sketch()
    net.add("concat", {"X": [net.conv("x", "a", 3), "x"]}, (1, 3, 16, 8), axis=-2)
    assert widths(net.channels()) == {}


def test_parts_of_a_split_are_groups_of_their_own() -> None:
    net, a = with_one()
    first, second = net.several("split", {"X": a}, [(1, 2, 8, 8), (1, 6, 8, 8)], axis=1)
    net.conv(first, "b", 4)
    net.conv(second, "c", 5)
    found = net.channels("v2a", "v3a")
    assert [(group.name, group.width) for group in found.groups] == [("a:1", 2), ("a:2", 6)]
    assert found.by_producer == {"a": (0, 1)}


def test_halves_that_are_added_are_one_group() -> None:
    net, a = with_one()
    first, second = net.several("split", {"X": a}, [(1, 4, 8, 8)] * 2, axis=1, num=2)
    net.add("elementwise_add", {"X": first, "Y": second})
    found = net.channels()
    assert widths(found) == {("a",): 4}
    assert found.positions("a", 0, 0)[1].tolist() == [0, 1, 2, 3] * 2


def test_a_slice_reads_some_of_the_channels() -> None:
    net, a = with_one()
    part = net.add(
        "slice", {"Input": a}, (1, 3, 8, 8), axes=(1,), starts=(2,), ends=(5,), decrease_axis=()
    )
    net.conv(part, "b", 4)
    found = net.channels()
    assert [(group.name, group.width) for group in found.groups] == [
        ("a:1", 5),
        ("a:2", 3),
        ("b", 4),
    ]
    assert found.positions("a", 0, 1)[0].tolist() == [2, 3, 4]


@pytest.mark.parametrize("steps", [(2,), (-1,)])
def test_a_slice_in_steps_fixes_the_axis(steps: tuple[int]) -> None:
    net, a = with_one()
    net.add(
        "strided_slice",
        {"Input": a},
        (1, 4, 8, 8),
        axes=(1,),
        starts=(0,),
        ends=(8,),
        strides=steps,
    )
    assert net.channels().fixed["a"] == "strided_slice picks from it"


def test_a_slice_at_a_computed_place_fixes_everything() -> None:
    net, a = with_one()
    net.add(
        "slice", {"Input": a}, (1, 4, 8, 8), axes=(1,), starts=(-1,), ends=(-1,), infer_flags=(-1,)
    )
    assert net.channels().fixed["a"] == "slice reads it"


@pytest.mark.parametrize(("mode", "shape"), [("all", (1,)), ("channel", (1, 8, 1, 1))])
def test_slopes_go_with_their_channels(mode: str, shape: tuple[int, ...]) -> None:
    net, a = with_one()
    net.add("prelu", {"X": a, "Alpha": net.parameter("slope", *shape)}, mode=mode)
    found = net.channels()
    left = Selection(found, PruningPlan(kept={"a": (0, 1)})).shape("slope", shape)
    assert left == ((1,) if mode == "all" else (1, 2, 1, 1))


def test_a_slope_for_each_element_fixes_the_channels() -> None:
    net, a = with_one()
    net.add("prelu", {"X": a, "Alpha": net.parameter("slope", 1, 8, 8, 8)}, mode="element")
    assert net.channels().fixed["a"] == "prelu has a slope for each element"


@pytest.mark.parametrize("kind", ["batch_norm", "instance_norm"])
def test_norms_of_channels_go_with_them(kind: str) -> None:
    net, a = with_one()
    slots = ("Scale", "Bias", "Mean", "Variance")[: 4 if kind == "batch_norm" else 2]
    net.add(kind, {"X": a, **{slot: net.parameter(slot, 8) for slot in slots}})
    selection = Selection(net.channels(), PruningPlan(kept={"a": (0, 4, 5)}))
    assert {selection.shape(slot, (8,)) for slot in slots} == {(3,)}


def test_a_norm_of_places_leaves_channels_alone() -> None:
    net, a = with_one()
    weights = {slot: net.parameter(slot, 64) for slot in ("Scale", "Bias")}
    net.add("layer_norm", {"X": a, **weights}, begin_norm_axis=2)
    assert widths(net.channels()) == {("a",): 8}


def test_a_filter_used_twice_is_one_group() -> None:
    net = Sketch()
    a = net.conv("x", "a", 8)
    b = net.conv(net.conv(a, "shared", 8), "shared", 8)
    net.conv(b, "c", 4)
    assert widths(net.channels()) == {("a", "shared"): 8, ("c",): 4}


def test_a_filter_that_also_reads_the_image_keeps_what_it_reads() -> None:
    net = Sketch()
    a = net.conv("x", "a", 3)
    net.add("elementwise_add", {"X": net.conv("x", "s", 8), "Y": net.conv(a, "s", 8)})
    found = net.channels()
    assert widths(found) == {("s",): 8}
    assert found.fixed["a"] == "it meets channels that cannot go"


def test_a_transposed_convolution_writes_its_second_axis() -> None:
    net, a = with_one()
    slots = {"Input": a, "Filter": net.parameter("t", 8, 6, 2, 2), "Bias": net.parameter("b", 6)}
    net.add("conv2d_transpose", slots, (1, 6, 16, 16), groups=1)
    found = net.channels()
    assert widths(found) == {("a",): 8, ("t",): 6}
    selection = Selection(found, PruningPlan(kept={"a": (0, 1), "t": (0, 1, 2)}))
    assert selection.shape("t", (8, 6, 2, 2)) == (2, 3, 2, 2)
    assert selection.shape("b", (6,)) == (3,)


def test_a_transposed_convolution_of_several_groups_fixes_what_it_reads() -> None:
    net, a = with_one()
    slots = {"Input": a, "Filter": net.parameter("t", 8, 3, 2, 2)}
    net.add("conv2d_transpose", slots, (1, 6, 16, 16), groups=2)
    found = net.channels()
    assert set(found.fixed) == {"a", "t", "last"}
    assert found.fixed["a"] == "conv2d_transpose reads it"


def test_a_pixel_shuffle_makes_one_channel_of_four() -> None:
    net, a = with_one()
    net.add("pixel_shuffle", a, (1, 2, 16, 16), upscale_factor=2)
    found = net.channels()
    assert widths(found) == {("a",): 2}
    assert found.positions("a", 0, 0)[1].tolist() == [0, 0, 0, 0, 1, 1, 1, 1]


def test_an_unknown_operator_fixes_what_it_reads() -> None:
    net, a = with_one()
    net.add("made_up", a)
    assert net.channels().fixed["a"] == "made_up reads it"


def test_outputs_of_the_network_stay() -> None:
    net, a = with_one()
    b = net.conv(a, "b", 4)
    found = net.channels(a, b)
    assert found.groups == ()
    assert set(found.fixed.values()) == {"it is an output of the network"}


def test_a_detection_head_stays() -> None:
    net, a = with_one()
    heads = []
    for name, x in (("one", a), ("two", net.add("pool2d", a, (1, 8, 4, 4)))):
        boxes = net.conv(x, name, 8)
        n, c, height, width = net.shape(boxes)
        turned = net.add("transpose2", boxes, (n, height, width, c), axis=(0, 2, 3, 1))
        rows = height * width * 2
        heads.append(net.add("reshape2", turned, (1, rows, 4), shape=(1, -1, 4)))
    found = net.channels(net.add("concat", {"X": heads}, (1, 160, 4), axis=1))
    assert widths(found) == {("a",): 8}
    assert set(found.fixed) == {"one", "two"}


def test_prior_boxes_look_at_places_only() -> None:
    net, a = with_one()
    net.add("prior_box", {"Input": a, "Image": "x"}, (8, 8, 1, 4), min_sizes=(10.0,))
    net.conv(a, "b", 4)
    assert widths(net.channels()) == {("a",): 8, ("b",): 4}


def test_an_empty_graph_has_no_groups() -> None:
    net = Sketch()
    found = channels_of(net.graph("x"))
    assert (found.groups, dict(found.fixed)) == ((), {})
    assert found.group_of.dtype == np.int64


def test_a_filter_with_an_axis_put_in_is_the_parameter_itself() -> None:
    """As Paddle writes one-dimensional convolutions: copied, and given a fourth axis."""
    net = Sketch((1, 3, 1, 8))
    maps = net.conv("x", "a", 8)
    net.parameter("filter", 6, 8, 3)
    (copy,) = net.several("assign", {"X": "filter"}, [(6, 8, 3)])
    (above,) = net.several("unsqueeze2", {"X": copy}, [(6, 8, 1, 3)], axes=(-2,))
    net.several(
        "conv2d",
        {"Input": maps, "Filter": above},
        [(1, 6, 1, 8)],
        strides=(1, 1),
        paddings=(0, 0, 1, 1),
        dilations=(1, 1),
        groups=1,
    )
    found = net.channels()
    assert widths(found) == {("a",): 8, ("filter",): 6}
    assert found.producers["filter"] == 0
    selection = Selection(found, PruningPlan(kept={"a": (0, 2, 5), "filter": (1, 4)}))
    assert selection.shape("filter", (6, 8, 3)) == (2, 3, 3)
    assert selection.shape(above, (6, 8, 1, 3)) == (2, 3, 1, 3)


@pytest.mark.parametrize(
    ("before", "after", "places"),
    [
        ((6, 8, 3), (6, 8, 1, 3), [0, 1, None, 2]),
        ((12, 1, 3), (12, 1, 1, 3), [0, 1, None, 2]),
        ((6, 8, 1, 3), (6, 8, 3), [0, 1, 3]),
        ((6, 8, 1, 1), (6, 8), [0, 1]),
        ((1, 1, 3), (1, 1, 1, 3), [0, 1, None, 2]),
        ((4, 1, 3), (4, 3, 1), [0, 2, None]),
        ((8,), (1, 8, 1, 1), [None, 0, None, None]),
        ((6, 8), (8, 6), None),
        ((6, 8), (48,), None),
        ((6, 8, 2), (6, 8), None),
    ],
)
def test_axes_that_are_the_same_under_another_shape(
    before: Shape, after: Shape, places: list[int | None] | None
) -> None:
    assert match_axes(before, after) == places
