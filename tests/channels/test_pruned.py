"""Graphs with fewer channels: shapes, and attributes that say how large something is."""

from __future__ import annotations

import pytest

from edgeslim.channels.plan import PruningPlan, Selection, keep_first
from edgeslim.errors import UnknownNameError, UsageError
from edgeslim.graph import Graph
from edgeslim.opspec import Attribute
from tests.channels.sketch import Sketch, pruned


def of(graph: Graph, kind: str) -> dict[str, Attribute]:
    """Attributes of the first operator of a kind."""
    return dict(next(spec for spec in graph.specs if spec.kind == kind).attributes)


def test_nothing_pruned_is_the_same_graph() -> None:
    net = Sketch()
    net.conv("x", "a", 8)
    graph = net.graph()
    assert pruned(graph) == graph
    assert pruned(graph, a=range(8)) == graph


def test_shapes_follow_along_the_whole_network() -> None:
    net = Sketch()
    a = net.add("relu", net.conv("x", "a", 8))
    net.conv(a, "dw", 8, groups=8, kind="depthwise_conv2d")
    found = pruned(net.graph(), a=(0, 2, 5))
    assert [spec.output_shape[1] for spec in found.specs] == [3, 3, 3, 5]
    assert found.parameters == {"a": (3, 3, 1, 1), "dw": (3, 1, 1, 1), "last": (5, 3, 1, 1)}
    assert of(found, "depthwise_conv2d")["groups"] == 3
    assert found.feeds == {"x": (1, 3, 8, 8)}


def test_a_split_in_equal_parts_becomes_one_in_sections() -> None:
    net = Sketch()
    parts = net.several(
        "split", {"X": net.conv("x", "a", 8)}, [(1, 4, 8, 8)] * 2, axis=1, num=2, sections=()
    )
    ends = [net.conv(part, f"end{i}", 5) for i, part in enumerate(parts)]
    graph = net.graph(*ends)
    found = pruned(graph, **{"a:1": (0, 1, 2), "a:2": (3,)})
    assert (of(found, "split")["num"], of(found, "split")["sections"]) == (0, (3, 1))
    even = pruned(graph, **{"a:1": (0, 1), "a:2": (0, 3)})
    assert (of(even, "split")["num"], of(even, "split")["sections"]) == (2, ())


@pytest.mark.parametrize(("starts", "ends"), [((2,), (5,)), ((-6,), (-3,)), ((-6,), (5,))])
def test_a_slice_starts_and_ends_where_its_part_does(starts: tuple[int], ends: tuple[int]) -> None:
    net = Sketch()
    net.add(
        "slice",
        {"Input": net.conv("x", "a", 8)},
        (1, 3, 8, 8),
        axes=(1,),
        starts=starts,
        ends=ends,
        decrease_axis=(),
    )
    found = pruned(net.graph(), **{"a:1": (1, 4), "a:2": (0,)})
    assert (of(found, "slice")["starts"], of(found, "slice")["ends"]) == ((1,), (2,))
    assert found.nodes[-1].spec.input_shape == (1, 1, 8, 8)


@pytest.mark.parametrize(
    ("asked", "left"),
    [
        ((0, 2, 4, 8, 8), (0, 2, 3, 8, 8)),
        ((-1, 2, 4, 8, 8), (-1, 2, 3, 8, 8)),
        ((1, 2, -1, 8, 8), None),
    ],
)
def test_a_shape_that_is_asked_for_follows(
    asked: tuple[int, ...], left: tuple[int, ...] | None
) -> None:
    net = Sketch()
    table = net.add("reshape2", net.conv("x", "a", 8), (1, 2, 4, 8, 8), shape=asked)
    net.add("reshape2", table, (1, 8, 8, 8), shape=(0, -1, 8, 8))
    found = pruned(net.graph(), a=(0, 1, 3))
    assert of(found, "reshape2")["shape"] == (asked if left is None else left)


def test_a_zero_that_would_copy_another_extent_is_written_out() -> None:
    net = Sketch((1, 3, 4, 2))
    table = net.add("reshape2", net.conv("x", "a", 4), (1, 2, 4, 4), shape=(0, 2, 0, -1))
    net.add("reshape2", table, (1, 4, 4, 2), shape=(0, -1, 4, 2))
    found = pruned(net.graph(), a=(1,))
    # Two positions of the third axis hold a channel each; the image's rows stay four.
    assert found.nodes[0].spec.output_shape == (1, 2, 4, 2)
    assert found.nodes[1].spec.output_shape == (1, 2, 2, 4)
    assert of(found, "reshape2")["shape"] == (0, 2, 2, -1)


def test_an_expanded_gate_follows() -> None:
    net = Sketch()
    a = net.conv("x", "a", 8)
    gate = net.add("expand_v2", net.pool(a), (1, 8, 8, 8), shape=(-1, 8, 8, 8))
    net.add("elementwise_mul", {"X": a, "Y": gate})
    assert of(pruned(net.graph(), a=(0, 1)), "expand_v2")["shape"] == (-1, 2, 8, 8)


def test_one_channel_left_is_not_squeezed_with_the_places() -> None:
    net = Sketch()
    flat = net.add("squeeze2", net.pool(net.conv("x", "a", 8)), (1, 8), axes=(1, 2, 3))
    graph = net.graph(net.linear(flat, "w", 5))
    assert of(pruned(graph, a=(0, 1)), "squeeze2")["axes"] == (2, 3)
    found = pruned(graph, a=(0,))
    assert of(found, "squeeze2")["axes"] == (2, 3)
    assert found.parameters["w"] == (1, 5)


def test_first_kept_keeps_the_first() -> None:
    assert keep_first({"a": 3}).kept == {"a": (0, 1, 2)}
    net = Sketch()
    net.conv("x", "a", 8)
    channels = net.channels()
    assert keep_first({"a": 3}).widths(channels) == {"a": 3}
    assert PruningPlan(kept={}).widths(channels) == {"a": 8}


@pytest.mark.parametrize("kept", [(), (8,), (-1, 2), (0, 100)])
def test_places_that_are_none_are_refused(kept: tuple[int, ...]) -> None:
    net = Sketch()
    net.conv("x", "a", 8)
    with pytest.raises(UsageError, match="of the 8 channels of a some must be kept"):
        Selection(net.channels(), PruningPlan(kept={"a": kept}))


def test_an_unknown_group_is_refused() -> None:
    net = Sketch()
    net.conv("x", "conv_a", 8)
    with pytest.raises(UnknownNameError, match="unknown channel group 'conv_b'; did you mean"):
        Selection(net.channels(), PruningPlan(kept={"conv_b": (0,)}))
