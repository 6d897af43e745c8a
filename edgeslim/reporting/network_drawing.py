"""Draws a network: layers that are pruned together have one colour."""

from __future__ import annotations

import colorsys
import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from html import escape
from pathlib import Path

from edgeslim.channels.groups import Channels
from edgeslim.errors import UsageError
from edgeslim.graph import Graph, Node
from edgeslim.opspec import Shape
from edgeslim.reporting.network_boxes import Box, boxes_of
from edgeslim.reporting.network_layout import Point, lay_out

__all__ = ["check_drawing", "draw"]

_BOX_WIDTH, _BOX_HEIGHT, _PITCH, _MARGIN = 280.0, 42.0, 68.0, 24.0
_LEGEND_WIDTH, _ROW = 500.0, 18.0
_CHARACTERS = 46
_HEAD_CHARACTER = 9.0
"""Pixels that a character of the title needs, nearly; a longer title goes over several lines."""
_PLAIN = "#8a8f98"
_GOLDEN = 0.618034
"""Colours this share of the colour circle apart do not soon come near an earlier one."""

_STYLE = """
text { font: 11px system-ui, sans-serif; fill: #20242b; }
.small { font-size: 10px; fill: #555b66; }
.head { font-size: 14px; font-weight: 600; }
.box { fill: #ffffff; stroke: #8a8f98; stroke-width: 1; }
.fixed { stroke-dasharray: 4 3; }
.matched { stroke-width: 3; }
.edge { fill: none; stroke-width: 1.4; }
"""


def check_drawing(out: Path) -> None:
    """Checks that a drawing can have this name, before any work is done for it.

    Raises:
        UsageError: The name does not end with ``.svg``.
    """
    if out.suffix.lower() != ".svg":
        raise UsageError(f"{out} must end with .svg: graphs are drawn as SVG only")


def draw(
    graph: Graph,
    channels: Channels,
    *,
    title: str,
    groups: Collection[str],
    matched: Collection[str] = (),
) -> str:
    """Draws a network as an SVG document.

    Args:
        graph: The network that is drawn.
        channels: Channel groups of the network.
        title: What stands at the top, over as many lines as it needs.
        groups: Names of the channel groups that get a colour.
        matched: Names of parameters whose boxes are highlighted.
    """
    boxes = boxes_of(graph)
    edges = [(start, place) for place, box in enumerate(boxes) for start, _ in box.reads]
    layout = lay_out([_BOX_WIDTH] * len(boxes), edges, pitch=_PITCH)
    names = [group.name for group in channels.groups]
    picture = _Picture(
        graph=graph, channels=channels, colours=_colours(names, groups), matched=matched
    )
    legend = picture.legend()
    width = layout.width + _LEGEND_WIDTH + 3 * _MARGIN
    fitting = int((width - 2 * _MARGIN) / _HEAD_CHARACTER)
    heads = [title[start : start + fitting] for start in range(0, max(len(title), 1), fitting)]
    top = _MARGIN + (1 + len(heads)) * _ROW
    height = max(layout.height, len(legend) * _ROW) + top + _MARGIN
    tensors = [name for box in boxes for _, name in box.reads]
    size = f'width="{width:.0f}" height="{height:.0f}" viewBox="0 0 {width:.0f} {height:.0f}"'
    lines = [
        '<?xml version="1.0" encoding="UTF-8"?>',
        f'<svg xmlns="http://www.w3.org/2000/svg" {size}>',
        f"<style>{_STYLE}</style>",
        '<rect width="100%" height="100%" fill="#fbfbfc"/>',
        *(_text(_MARGIN, _MARGIN + 10 + n * _ROW, head, "head") for n, head in enumerate(heads)),
        _open_group(_MARGIN, top),
        *(picture.edge(*edge) for edge in zip(layout.routes, tensors, strict=True)),
        *(
            picture.box(*box_and_centre)
            for box_and_centre in zip(boxes, layout.centres, strict=True)
        ),
        "</g>",
        _open_group(layout.width + 2 * _MARGIN, top),
        *(_row(number, *row) for number, row in enumerate(legend)),
        "</g>",
        "</svg>\n",
    ]
    return "\n".join(lines)


@dataclass(frozen=True, kw_only=True, slots=True)
class _Picture:
    """Draws the parts of a network, each at a given position.

    Args:
        graph: The network that is drawn.
        channels: Channel groups of the network.
        colours: Colours of channel groups, by their index.
        matched: Names of parameters whose boxes are highlighted.
    """

    graph: Graph
    channels: Channels
    colours: Mapping[int, str]
    matched: Collection[str]

    def edge(self, route: Sequence[Point], name: str) -> str:
        """Draws the route of a tensor, coloured if it holds channels of one group only."""
        found = [place for place in _groups_of_tensor(self.channels, name) if place in self.colours]
        colour = self.colours[found[0]] if len(found) == 1 else _PLAIN
        return f'<path class="edge" stroke="{colour}" d="{_path(route)}"/>'

    def box(self, box: Box, centre: Point) -> str:
        """Draws a box with its labels, and a tooltip with all details."""
        (x, y), channels = centre, self.channels
        producers = [name for name in box.weights if name in channels.producers]
        places = [place for name in producers for place in channels.by_producer.get(name, ())]
        coloured = [self.colours[place] for place in places if place in self.colours]
        classes = ["box"]
        classes += ["fixed"] * any(name in channels.fixed for name in producers)
        classes += ["matched"] * any(name in self.matched for name in box.weights)
        style = f"fill:{_tint(coloured[0])};stroke:{coloured[0]}" if coloured else ""
        first, second = _labels(box, producers)
        return (
            f"<g><title>{escape(_tooltip(box, self.graph, channels))}</title>"
            f'<rect class="{" ".join(classes)}" x="{x - _BOX_WIDTH / 2:.1f}" '
            f'y="{y - _BOX_HEIGHT / 2:.1f}" width="{_BOX_WIDTH:.0f}" '
            f'height="{_BOX_HEIGHT:.0f}" rx="5" style="{style}"/>'
            f"{_text(x, y - 4, first, middle=True)}{_text(x, y + 12, second, 'small', middle=True)}"
            "</g>"
        )

    def legend(self) -> list[tuple[str, str, str]]:
        """Rows of the legend: a colour, a kind of border and a text."""
        rows = [("", "", "what is pruned together has one colour, and so have its maps")]
        if self.matched:
            rows.append((_PLAIN, "matched", "holds a parameter that matches"))
        if self.channels.fixed:
            rows.append((_PLAIN, "fixed", "cannot be pruned; pointing at it shows the reason"))
        rows.append(("", "", ""))
        for place, colour in self.colours.items():
            group = self.channels.groups[place]
            more = f" and {len(group.producers) - 1} more" if len(group.producers) > 1 else ""
            name = _short(group.name, _CHARACTERS)
            rows.append((colour, "", f"{name}{more}: {group.width} channels"))
        return rows


def _colours(names: Sequence[str], chosen: Collection[str]) -> dict[int, str]:
    """Chooses a colour for each group that gets one, by its index."""
    places = [place for place, name in enumerate(names) if name in chosen]
    return {place: _colour(number) for number, place in enumerate(places)}


def _colour(number: int) -> str:
    lightness, strength = ((0.42, 0.75), (0.55, 0.6), (0.35, 0.5))[number % 3]
    shares = colorsys.hls_to_rgb(number * _GOLDEN % 1, lightness, strength)
    return "#" + "".join(f"{round(255 * share):02x}" for share in shares)


def _tint(colour: str) -> str:
    """Mixes a colour with five times as much white."""
    parts = [int(colour[place : place + 2], 16) for place in (1, 3, 5)]
    return "#" + "".join(f"{(part + 5 * 255) // 6:02x}" for part in parts)


def _groups_of_tensor(channels: Channels, name: str) -> list[int]:
    """Indices of the channel groups that the axes of a tensor hold."""
    found = {
        int(group)
        for units in channels.axes.get(name, ())
        if units is not None
        for group in channels.group_of[units]
        if group >= 0
    }
    return sorted(found)


def _path(route: Sequence[Point]) -> str:
    """The path of an edge from box to box: straight across layers, curved between them."""
    half = _BOX_HEIGHT / 2
    x, y = route[0][0], route[0][1] + half
    parts = [f"M{x:.1f} {y:.1f}"]
    for number, (next_x, middle) in enumerate(route[1:], start=1):
        next_y, bend = middle - half, (middle - half - y) / 2
        parts.append(
            f"C{x:.1f} {y + bend:.1f} {next_x:.1f} {next_y - bend:.1f} {next_x:.1f} {next_y:.1f}"
        )
        x, y = next_x, next_y
        if number < len(route) - 1:
            y = middle + half
            parts.append(f"V{y:.1f}")
    return "".join(parts)


def _labels(box: Box, producers: Sequence[str]) -> tuple[str, str]:
    """The two lines in a box: its operators, and its weight with the shape of its output."""
    if not box.nodes:
        return _short(box.title, _CHARACTERS), _size(box.shape)
    head, *others = box.nodes
    shown = [head, *(node for node in others if node.spec.kind != "elementwise_add")]
    kinds = " + ".join(_kind(node) for node in shown)  # a bias goes without saying
    shape = _size(box.shape)
    if not producers:
        return _short(kinds, _CHARACTERS), shape
    return _short(kinds, _CHARACTERS), f"{_short(producers[0], _CHARACTERS - len(shape))} → {shape}"


def _kind(node: Node) -> str:
    spec = node.spec
    filters = spec.weights.get("Filter", ((),))[0]
    strides = spec.attributes.get("strides")
    text = re.sub(r"(_v2|2)$", "", spec.kind).removeprefix("elementwise_")
    text = "depthwise" if text == "depthwise_conv2d" else text
    if len(filters) == 4:
        text += f" {filters[2]}x{filters[3]}"
        if isinstance(strides, tuple) and max(strides) > 1:
            text += f" /{strides[0]}"
    return text


def _tooltip(box: Box, graph: Graph, channels: Channels) -> str:
    lines = [box.title] if box.title else []
    for node in box.nodes:
        read = [_size(shape) for shapes in node.spec.inputs.values() for shape in shapes]
        made = [_size(shape) for shapes in node.spec.outputs.values() for shape in shapes]
        lines.append(f"{node.spec.kind}: {', '.join(read)} → {', '.join(made)}")
    for name in box.weights:
        lines.append(f"{name} {_size(graph.parameters[name])}")
        for place in channels.by_producer.get(name, ()):
            group = channels.groups[place]
            lines.append(
                f"  group {group.name}: {group.width} channels, {_together(group.producers)}"
            )
            lines.extend(f"  {why}" for why in group.why)
        if name in channels.fixed:
            lines.append(f"  not to be pruned: {channels.fixed[name]}")
    return "\n".join(lines)


def _together(producers: Sequence[str]) -> str:
    return "by itself" if len(producers) == 1 else f"with {len(producers)} weights"


def _open_group(x: float, y: float) -> str:
    return f'<g transform="translate({x:.0f} {y:.0f})">'


def _row(number: int, colour: str, border: str, text: str) -> str:
    y = number * _ROW
    swatch = ""
    if colour:
        swatch = (
            f'<rect class="box {border}" x="1" y="{y + 2:.0f}" width="22" height="12" rx="3" '
            f'style="stroke:{colour};fill:{"#ffffff" if border else _tint(colour)}"/>'
        )
    return swatch + _text(32 if colour else 0, y + 12, text)


def _text(x: float, y: float, text: str, kind: str = "", *, middle: bool = False) -> str:
    anchor = ' text-anchor="middle"' if middle else ""
    style = f' class="{kind}"' if kind else ""
    return f'<text x="{x:.1f}" y="{y:.1f}"{style}{anchor}>{escape(text)}</text>'


def _size(shape: Shape) -> str:
    return "x".join(map(str, shape))


def _short(text: str, length: int) -> str:
    return text if len(text) <= length else text[: max(length - 1, 1)] + "…"
