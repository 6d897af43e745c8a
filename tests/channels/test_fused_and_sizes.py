"""Channel groups of fused networks, shapes from widths alone, and operators at all widths."""

from __future__ import annotations

import pytest

from edgeslim.channels.fused import channels_of_fused
from edgeslim.channels.groups import channels_of
from edgeslim.channels.plan import Selection, keep_first
from edgeslim.channels.prune_graph import prune_graph
from edgeslim.channels.sizes import AxisForms, ShapesAtWidths
from edgeslim.channels.variants import vary_each_group, vary_sum
from edgeslim.channels.widths import few_left_warning, width_choices
from edgeslim.errors import ModelError
from edgeslim.graph import Graph
from tests.channels.sketch import Sketch


def branches() -> Graph:
    """Two convolutions side by side, joined, and split again unequally."""
    net = Sketch()
    parts = [net.conv("x", "a", 8), net.conv("x", "b", 16)]
    joined = net.add("concat", {"X": parts}, (1, 24, 8, 8), axis=1)
    shapes = [(1, 4, 8, 8), (1, 20, 8, 8)]
    one, other = net.several("split", {"X": joined}, shapes, axis=1, num=0, sections=(4, 20))
    return net.graph(net.conv(one, "c", 5), net.conv(other, "d", 5))


def test_widths_alone_give_the_shapes_that_a_plan_gives() -> None:
    graph = branches()
    channels = channels_of(graph)
    widths = {group.name: max(1, group.width // 2) for group in channels.groups}
    sizes = ShapesAtWidths(AxisForms(channels), widths)
    by_plan = prune_graph(graph, Selection(channels, keep_first(widths)))
    assert prune_graph(graph, sizes) == by_plan


def test_a_fused_network_has_the_groups_that_it_had() -> None:
    net = Sketch()
    x = net.conv("x", "a", 8)
    scale = {slot: net.parameter(slot, 8) for slot in ("Scale", "Bias", "Mean", "Variance")}
    x = net.add("batch_norm", {"X": x, **scale}, (1, 8, 8, 8))
    before = net.graph(net.conv(x, "b", 5))
    fused = Sketch()
    bias = fused.parameter("conv_bias", 8)
    filters = fused.parameter("a", 8, 3, 1, 1)
    x = fused.add("conv2d", {"Input": "x", "Filter": filters, "Bias": bias}, (1, 8, 8, 8), groups=1)
    after = fused.graph(fused.conv(x, "b", 5))
    channels = channels_of_fused(after, channels_of(before))
    left = Selection(channels, keep_first({"a": 3}))
    assert left.shape("conv_bias", (8,)) == (3,)
    assert left.shape(x, (1, 8, 8, 8)) == (1, 3, 8, 8)
    assert left.shape("b", (5, 8, 1, 1)) == (5, 3, 1, 1)


def test_a_fused_network_that_ties_more_is_refused() -> None:
    net = Sketch()
    apart = net.graph(
        net.conv(net.conv("x", "a", 8), "c", 5), net.conv(net.conv("x", "b", 8), "d", 5)
    )
    tied = Sketch()
    both = {"X": tied.conv("x", "a", 8), "Y": tied.conv("x", "b", 8)}
    x = tied.add("elementwise_add", both, axis=-1)
    with pytest.raises(ModelError, match="couples channels"):
        channels_of_fused(
            tied.graph(tied.conv(x, "c", 5), tied.conv(x, "d", 5)), channels_of(apart)
        )


def test_an_operator_of_two_groups_comes_at_all_pairs_of_widths() -> None:
    net = Sketch()
    net.conv(net.conv("x", "a", 8), "b", 16)
    graph = net.graph()
    forms = AxisForms(channels_of(graph))
    found = vary_each_group(graph.nodes[1], forms, {"a": (4, 8), "b": (4, 8, 16)})
    assert (found.groups, found.shape) == (("a", "b"), (2, 3))
    assert [(s.input_shape[1], s.output_shape[1]) for s in found.specs] == [
        (4, 4), (4, 8), (4, 16), (8, 4), (8, 8), (8, 16),
    ]  # fmt: skip


def test_an_operator_of_a_concatenation_comes_at_sums() -> None:
    net = Sketch()
    parts = [net.conv("x", name, 8) for name in "abc"]
    x = net.add("concat", {"X": parts}, (1, 24, 8, 8), axis=1)
    net.conv(x, "d", 16)
    graph = net.graph()
    forms = AxisForms(channels_of(graph))
    choices = {"a": (4, 8), "b": (4, 8), "c": (4, 8), "d": (8, 16)}
    found = vary_sum(graph.nodes[4], forms, choices, forms.full)
    assert found.parts == (("a", 1), ("b", 1), ("c", 1))
    assert (found.output, found.fixed) == ("d", ())
    assert (found.totals[0], found.totals[-1]) == (12, 24)
    read = [spec.input_shape[1] for spec in found.specs]
    assert read == [total for total in found.totals for _ in choices["d"]]


@pytest.mark.parametrize("own", [1, 4, 5, 24, 64, 100, 1024])
def test_choices_of_widths_end_with_all_and_are_whole_blocks(own: int) -> None:
    choices = width_choices(own, 16)
    assert choices[-1] == own
    assert len(choices) <= 17
    assert all(width % 4 == 0 for width in choices[:-1])
    assert list(choices) == sorted(set(choices))


def test_next_to_nothing_is_a_sixteenth_or_one_of_eight() -> None:
    before = {"a": 64, "b": 64, "c": 8, "d": 4, "e": 1, "f": 32}
    told = few_left_warning(before, {**before, "a": 2, "b": 5, "c": 1, "d": 1})
    assert told.startswith("next to no channels are left of a (2 of 64), c (1 of 8): ")
    assert few_left_warning(before, {**before, "a": 4}) != ""
    assert few_left_warning(before, before) == ""
    assert "f (1 of 32)" in few_left_warning(before, {name: before[name] for name in "abcde"})
