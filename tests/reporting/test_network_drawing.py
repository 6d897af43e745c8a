"""Pictures of networks: valid, whole, in colours that say what goes together."""

from __future__ import annotations

import re
from itertools import pairwise
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgeslim.channels.groups import channels_of
from edgeslim.errors import UsageError
from edgeslim.graph import Graph
from edgeslim.reporting.network_boxes import boxes_of
from edgeslim.reporting.network_drawing import check_drawing, draw
from edgeslim.reporting.network_layout import DrawingLayout, lay_out
from tests.channels.sketch import Sketch

NAME = "{http://www.w3.org/2000/svg}"


@pytest.fixture
def graph() -> Graph:
    """A residual with biases and activations, whose names need escaping."""
    net = Sketch()
    a = net.add("relu", net.conv("x", "a<1>", 8))
    b = net.conv(a, 'b&"c"', 8)
    bias = net.add("reshape2", net.parameter("bias", 8), (1, 8, 1, 1), shape=(1, -1, 1, 1))
    biased = net.add("elementwise_add", {"X": b, "Y": bias})
    net.add("elementwise_add", {"X": a, "Y": biased})
    return net.graph()


def drawn(graph: Graph, *groups: str, matched: tuple[str, ...] = ()) -> ET.Element:
    text = draw(graph, channels_of(graph), title="a < b", groups=groups, matched=matched)
    return ET.fromstring(text.encode())  # noqa: S314 - our own


def boxes_by_title(root: ET.Element) -> dict[str, ET.Element]:
    """The rectangle of each box by what it says when it is pointed at."""
    found = {}
    for group in root.iter(f"{NAME}g"):
        title, rect = group.find(f"{NAME}title"), group.find(f"{NAME}rect")
        if title is not None and rect is not None:
            found[title.text or ""] = rect
    return found


def test_biases_and_activations_are_drawn_with_their_convolution(graph: Graph) -> None:
    boxes = boxes_of(graph)
    kinds = [[node.spec.kind for node in box.nodes] for box in boxes]
    assert kinds == [
        [],
        ["conv2d", "relu"],
        ["conv2d", "elementwise_add"],
        ["elementwise_add"],
        ["conv2d"],
        [],
    ]
    assert boxes[2].weights == ('b&"c"', "bias")
    assert [[start for start, _ in box.reads] for box in boxes] == [[], [0], [1], [1, 2], [3], [4]]
    assert (boxes[0].title, boxes[0].shape) == ("x", (1, 3, 8, 8))
    assert (boxes[-1].title, boxes[-1].shape) == ("output v6a", (1, 5, 8, 8))


def test_every_operator_is_in_one_box(graph: Graph) -> None:
    boxes = boxes_of(graph)
    inside = [node for box in boxes for node in (*box.nodes, *box.asides)]
    assert len(inside) == len(graph.nodes)
    assert set(inside) == set(graph.nodes)


def test_what_goes_together_has_one_colour(graph: Graph) -> None:
    (group,) = channels_of(graph).groups
    boxes = boxes_by_title(drawn(graph, group.name, matched=('b&"c"',)))
    (first,) = (rect for title, rect in boxes.items() if "a<1> 8x3x1x1" in title)
    (second,) = (rect for title, rect in boxes.items() if 'b&"c" 8x8x1x1' in title)
    (last,) = (rect for title, rect in boxes.items() if "last 5x8x1x1" in title)
    assert first.get("style") == second.get("style") != ""
    assert last.get("style") == ""
    assert (first.get("class"), second.get("class")) == ("box", "box matched")
    assert last.get("class") == "box fixed"


def test_groups_that_are_not_chosen_have_no_colour(graph: Graph) -> None:
    assert {rect.get("style") for rect in boxes_by_title(drawn(graph)).values()} == {""}


def test_pointing_at_a_box_tells_shapes_groups_and_reasons(graph: Graph) -> None:
    said = "\n".join(boxes_by_title(drawn(graph)))
    assert "conv2d: 1x3x8x8 → 1x8x8x8" in said
    assert "group a<1>: 8 channels, with 2 weights" in said
    assert "elementwise_add meets both" in said
    assert "not to be pruned: it is an output of the network" in said


def test_the_legend_names_the_groups(graph: Graph) -> None:
    texts = [each.text or "" for each in drawn(graph, "a<1>").iter(f"{NAME}text")]
    assert "a<1> and 1 more: 8 channels" in texts
    assert "a < b" in texts


def test_a_long_expression_goes_over_lines_and_nothing_is_drawn_on_it(graph: Graph) -> None:
    names = "|".join(f"yolo_block\\.{number}\\.conv\\.weights" for number in range(24))
    title = f"net, '({names})'"
    text = draw(graph, channels_of(graph), title=title, groups=())
    root = ET.fromstring(text.encode())  # noqa: S314 - our own
    heads = [each for each in root.iter(f"{NAME}text") if each.get("class") == "head"]
    assert "".join(head.text or "" for head in heads) == title
    width, characters = float(root.get("width", "0")), max(len(head.text or "") for head in heads)
    assert 9 * characters < width
    (first, *_) = (each.get("transform", "") for each in root.iter(f"{NAME}g") if each.attrib)
    assert float(first.rstrip(")").split()[1]) > max(float(head.get("y", "0")) for head in heads)


def test_maps_have_the_colour_of_their_group(graph: Graph) -> None:
    colours = [path.get("stroke") for path in drawn(graph, "a<1>").iter(f"{NAME}path")]
    inner = set(colours[1:5])
    assert len(inner) == 1
    assert colours[0] == colours[-1] not in inner


@pytest.mark.parametrize("name", ["net.png", "net", "net.svg.gz"])
def test_only_svg_is_drawn(name: str) -> None:
    with pytest.raises(UsageError, match=rf"{re.escape(name)} must end with \.svg: graphs are"):
        check_drawing(Path(name))


def test_svg_is_drawn_whatever_its_case() -> None:
    check_drawing(Path("net.SVG"))


@st.composite
def networks(draw: st.DrawFn) -> tuple[list[float], list[tuple[int, int]]]:
    """Widths of boxes, and edges from earlier to later ones."""
    count = draw(st.integers(1, 12))
    widths = draw(st.lists(st.sampled_from([60.0, 250.0]), min_size=count, max_size=count))
    pairs = [(start, end) for end in range(count) for start in range(end)]
    edges = draw(st.lists(st.sampled_from(pairs), unique=True, max_size=20)) if pairs else []
    return widths, edges


def spans(layout: DrawingLayout, widths: list[float]) -> list[tuple[float, float, float]]:
    """Height of the middle, left and right end of each box."""
    return [
        (y, x - width / 2, x + width / 2)
        for (x, y), width in zip(layout.centres, widths, strict=True)
    ]


@given(networks())
def test_boxes_never_overlap_and_edges_go_down(
    network: tuple[list[float], list[tuple[int, int]]],
) -> None:
    widths, edges = network
    layout = lay_out(widths, edges, pitch=60)
    boxes = spans(layout, widths)
    for number, (y, left, right) in enumerate(boxes):
        assert -1e-6 <= left < right <= layout.width + 1e-6
        assert 0 <= y <= layout.height
        for other_y, other_left, other_right in boxes[:number]:
            assert y != other_y or left >= other_right + 20 or right <= other_left - 20
    for (start, end), route in zip(edges, layout.routes, strict=True):
        assert (route[0], route[-1]) == (layout.centres[start], layout.centres[end])
        heights = [y for _, y in route]
        assert {lower - upper for upper, lower in pairwise(heights)} == {60}
        for x, y in route[1:-1]:
            assert not any(other == y and left <= x <= right for other, left, right in boxes)


def test_a_chain_is_a_straight_line_and_branches_meet_again() -> None:
    edges = [(0, 1), (1, 2), (1, 3), (2, 4), (3, 4), (1, 4), (4, 5)]
    layout = lay_out([100.0] * 6, edges, pitch=60)
    xs = [x for x, _ in layout.centres]
    assert xs[0] == xs[1] == pytest.approx(xs[4]) == pytest.approx(xs[5])
    assert {layout.centres[2][1], layout.centres[3][1]} == {150.0}
