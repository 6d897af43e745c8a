"""How channels pass through operators: one rule for each way there is."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from edgeslim.graph import Node
from edgeslim.ops._channel_flow import Axes, ChannelFlow, Labels
from edgeslim.ops._channel_reshape import reshaped, same_axes

__all__ = [
    "blocked",
    "concat",
    "copied",
    "elementwise",
    "normalised",
    "over_axes",
    "over_places",
    "pixel_shuffle",
    "pointwise",
    "prelu",
    "reshape",
    "shuffle",
    "slices",
    "spatial",
    "split",
    "stack",
    "tile",
    "transpose",
    "unstack",
]


def read(node: Node, slot: str) -> str:
    """Name of the tensor in a slot, weight or activation; empty if there is none."""
    names = node.inputs.get(slot) or node.weights.get(slot) or ("",)
    return names[0]


def source(node: Node) -> str:
    """Name of the tensor that an operator is about, activation or parameter."""
    return read(node, "X") or read(node, "Input")


def written(node: Node) -> str:
    """Name of what an operator writes first."""
    return node.writes()[0]


def blocked(node: Node, flow: ChannelFlow) -> None:
    """Nobody knows: everything read stays as it is."""
    for slots in (node.inputs, node.weights):
        for name in (name for names in slots.values() for name in names):
            for labels in flow.axes(name):
                flow.fix(labels, f"{node.spec.kind} reads it")


def pointwise(node: Node, flow: ChannelFlow) -> None:
    """Every element by itself."""
    for name in node.writes():
        flow.give(name, flow.axes(source(node)))


def copied(node: Node, flow: ChannelFlow) -> None:
    """The same tensor under another name; a weight is one still."""
    pointwise(node, flow)
    name = source(node)
    if flow.is_weight(name):
        flow.view(written(node), name, range(len(flow.shape(name))))


def spatial(node: Node, flow: ChannelFlow) -> None:
    """Channel by channel, whatever happens to the places: pooling, interpolation, padding."""
    axes, name = flow.axes(source(node)), written(node)
    if flow.shape(source(node))[1] != flow.shape(name)[1]:
        blocked(node, flow)
        return
    for labels in axes[2:]:
        flow.fix(labels, f"{node.spec.kind} runs over it")
    for output in node.writes():
        flow.give(output, (*axes[:2], *[None] * (len(flow.shape(output)) - 2)))


def over_places(node: Node, flow: ChannelFlow) -> None:
    """Only how many places there are is read, and nothing of what the channels hold."""
    for name in node.reads():
        batch, _, *places = flow.axes(name)
        for labels in (batch, *places):
            flow.fix(labels, f"{node.spec.kind} counts it")


def elementwise(node: Node, flow: ChannelFlow) -> None:
    """Two tensors, the second one stretched to the first where an extent of it is 1."""
    first, second = read(node, "X"), read(node, "Y")
    rank = max(len(flow.shape(first)), len(flow.shape(second)))
    axis = node.spec.attributes.get("axis", -1)
    shift = int(axis) if isinstance(axis, int) else -1
    output = []
    sides = [_aligned(flow, first, rank, shift), _aligned(flow, second, rank, shift)]
    alone = flow.made_of_parameters.intersection((first, second))
    why = "" if alone else f"{node.spec.kind} meets both"
    for (a, a_size), (b, b_size) in zip(*sides, strict=True):
        if a_size == 1 or b_size == 1:
            output.append(b if a_size == 1 else a)
            continue
        if a is not None or b is not None:
            flow.tie(a, b, why)
        output.append(a if b is not None else None)
    flow.give(written(node), output)


def _aligned(
    flow: ChannelFlow, name: str, rank: int, shift: int
) -> list[tuple[Labels | None, int]]:
    """Labels and extent of each axis, with axes of one put before and behind."""
    pairs: list[tuple[Labels | None, int]] = list(
        zip(flow.axes(name), flow.shape(name), strict=True)
    )
    missing = rank - len(pairs)
    before = missing if shift < 0 else min(shift, missing)
    return [(None, 1)] * before + pairs + [(None, 1)] * (missing - before)


def normalised(node: Node, flow: ChannelFlow) -> None:
    """Channel by channel with parameters for each: batch and instance norm."""
    axes = flow.axes(source(node))
    if len(node.inputs) > 1 or node.spec.attributes.get("data_layout", "NCHW") != "NCHW":
        blocked(node, flow)
        return
    for names in node.weights.values():
        for name in names:
            flow.tie(axes[min(1, len(axes) - 1)], flow.axis(name, 0))
    if node.spec.kind == "instance_norm":
        for labels in axes[2:]:
            flow.fix(labels, "instance_norm runs over it")
    flow.give(written(node), axes)


def over_axes(node: Node, flow: ChannelFlow) -> None:
    """Reductions and normalisations: axes that are mixed stay, the others pass."""
    name = source(node)
    axes, shape = flow.axes(name), flow.shape(name)
    mixed = _mixed(node, len(shape))
    for place in mixed:
        flow.fix(axes[place], f"{node.spec.kind} mixes it")
    for output in node.writes():
        kept = len(flow.shape(output)) == len(shape)
        flow.give(
            output,
            [
                None if place in mixed else labels
                for place, labels in enumerate(axes)
                if kept or place not in mixed
            ]
            or [None],
        )
    for slots in (node.weights, node.inputs):
        for other in (each for names in slots.values() for each in names if each != name):
            for labels in flow.axes(other):
                flow.fix(labels, f"{node.spec.kind} mixes it")


def _mixed(node: Node, rank: int) -> set[int]:
    attributes = node.spec.attributes
    if node.spec.kind == "group_norm":
        return set(range(1, rank))
    if "begin_norm_axis" in attributes:
        return set(range(int(_number(attributes["begin_norm_axis"])), rank))
    if attributes.get("reduce_all") or attributes.get("flatten"):
        return set(range(rank))
    axes = attributes.get("dim", attributes.get("axis", -1))
    numbers = axes if isinstance(axes, tuple) else (axes,)
    if not numbers:
        return set(range(rank))
    return {int(_number(each)) % rank for each in numbers}


def _number(value: object) -> int:
    return int(value) if isinstance(value, (int, float)) else 0


def prelu(node: Node, flow: ChannelFlow) -> None:
    """A slope for all, for each channel, or for each element."""
    axes, slope = flow.axes(source(node)), read(node, "Alpha")
    mode = node.spec.attributes.get("mode")
    if mode == "channel":
        place = int(np.argmax(flow.shape(slope)))
        flow.tie(axes[1], flow.axis(slope, place))
    elif mode == "element":
        for labels in (*axes, *flow.axes(slope)):
            flow.fix(labels, "prelu has a slope for each element")
    flow.give(written(node), axes)


def reshape(node: Node, flow: ChannelFlow) -> None:
    """Elements in the same order under another shape.

    A weight with axes of one element more or fewer is a weight still: filters of
    one-dimensional convolutions get their fourth axis so.
    """
    name, output = source(node), written(node)
    before, after = flow.shape(name), flow.shape(output)
    flow.give(output, reshaped(flow, flow.axes(name), before, after))
    places = same_axes(before, after)
    if flow.is_weight(name) and places is not None:
        flow.view(output, name, places)


def transpose(node: Node, flow: ChannelFlow) -> None:
    """Axes in another order."""
    axes = flow.axes(source(node))
    order = node.spec.attributes["axis"]
    assert isinstance(order, tuple)  # noqa: S101 - its default says so
    flow.give(written(node), [axes[int(place)] for place in order])
    if flow.is_weight(source(node)):
        flow.view(written(node), source(node), [int(place) for place in order])


def _all_of(node: Node) -> tuple[str, ...]:
    """Names of several tensors in one slot; it counts as weights if all of them are."""
    return node.inputs.get("X") or node.weights.get("X") or ()


def concat(node: Node, flow: ChannelFlow) -> None:
    """One tensor behind another."""
    names = _all_of(node)
    rank = len(flow.shape(names[0]))
    axis = _number(node.spec.attributes.get("axis", 0)) % rank
    every = [flow.axes(name) for name in names]
    output = list(_all_tied(flow, every, f"{node.spec.kind} meets both", apart=axis))
    along = [axes[axis] for axes in every]
    if any(labels is not None for labels in along):
        output[axis] = np.concatenate(
            [
                labels
                if labels is not None
                else flow.stuck(flow.shape(name)[axis], "what stands beside it cannot go")
                for name, labels in zip(names, along, strict=True)
            ]
        )
    else:
        output[axis] = None
    flow.give(written(node), output)


def _all_tied(flow: ChannelFlow, every: Sequence[Axes], why: str, *, apart: int = -1) -> Axes:
    """The same axes of several tensors of one shape, but for one axis."""
    first = every[0]
    result: list[Labels | None] = []
    for place, labels in enumerate(first):
        column = [axes[place] for axes in every]
        if place != apart and any(each is not None for each in column):
            for other in column[1:]:
                flow.tie(labels, other, why)
            labels = None if any(each is None for each in column) else labels  # noqa: PLW2901
        result.append(labels)
    return tuple(result)


def stack(node: Node, flow: ChannelFlow) -> None:
    """Tensors of one shape along a new axis."""
    axes = _all_tied(flow, [flow.axes(name) for name in _all_of(node)], "stack meets both")
    place = _number(node.spec.attributes.get("axis", 0)) % (len(axes) + 1)
    flow.give(written(node), (*axes[:place], None, *axes[place:]))


def unstack(node: Node, flow: ChannelFlow) -> None:
    """An axis taken apart: it stays."""
    axes = flow.axes(source(node))
    place = _number(node.spec.attributes.get("axis", 0)) % len(axes)
    flow.fix(axes[place], "unstack takes it apart")
    for name in node.writes():
        flow.give(name, (*axes[:place], *axes[place + 1 :]))


def split(node: Node, flow: ChannelFlow) -> None:
    """Consecutive parts of an axis."""
    axes = flow.axes(source(node))
    place = _number(node.spec.attributes.get("axis", 0)) % len(axes)
    start, labels = 0, axes[place]
    for name in node.writes():
        end = start + flow.shape(name)[place]
        part = None if labels is None else labels[start:end]
        flow.give(name, (*axes[:place], part, *axes[place + 1 :]))
        start = end


def slices(node: Node, flow: ChannelFlow) -> None:
    """Parts of axes by where they start and end."""
    attributes, axes = node.spec.attributes, list(flow.axes(source(node)))
    dropped = attributes.get("decrease_axis")
    dropped = dropped if isinstance(dropped, tuple) else ()
    flags = attributes.get("infer_flags")
    if isinstance(flags, tuple) and min(flags, default=1) < 0:
        blocked(node, flow)
        return
    for axis, start, end, step in zip(*_bounds(node), strict=True):
        labels = axes[axis]
        if labels is None:
            continue
        if axis in dropped or step != 1:
            flow.fix(labels, f"{node.spec.kind} picks from it")
            axes[axis] = None
        else:
            axes[axis] = labels[start:end]
    output = written(node)
    if len(flow.shape(output)) != len(axes):
        axes = [each for place, each in enumerate(axes) if place not in dropped]
    if len(flow.shape(output)) == len(axes):
        flow.give(output, axes)
    else:
        blocked(node, flow)


def _bounds(node: Node) -> list[tuple[int, ...]]:
    """Axes, starts, ends and steps."""
    attributes = node.spec.attributes
    lists = []
    for name in ("axes", "starts", "ends"):
        value = attributes.get(name, ())
        lists.append(tuple(map(_number, value)) if isinstance(value, tuple) else ())
    steps = attributes.get("strides")
    count = len(lists[0])
    lists.append(tuple(map(_number, steps)) if isinstance(steps, tuple) else (1,) * count)
    return lists


def tile(node: Node, flow: ChannelFlow) -> None:
    """Axes repeated: one of 1 by any number, others must stay as they are."""
    name, output = read(node, "X"), written(node)
    axes, before, after = flow.axes(name), flow.shape(name), flow.shape(output)
    missing = len(after) - len(before)
    result: list[Labels | None] = [None] * missing
    for labels, size, new in zip(axes, before, after[missing:], strict=True):
        if size != new:
            flow.fix(labels, f"{node.spec.kind} repeats it")
        result.append(labels if size == new else None)
    flow.give(output, result)


def shuffle(node: Node, flow: ChannelFlow) -> None:
    """Channels dealt out anew: ``(groups, rest)`` turned to ``(rest, groups)``."""
    axes = list(flow.axes(source(node)))
    groups = _number(node.spec.attributes.get("group", 1))
    if axes[1] is not None:
        table = axes[1].reshape(groups, -1)
        for row in table[1:]:
            flow.tie(table[0], row, "shuffle_channel wants as many of each group")
        axes[1] = table.T.reshape(-1)
    flow.give(written(node), axes)


def pixel_shuffle(node: Node, flow: ChannelFlow) -> None:
    """Several channels become the places of one."""
    axes, factor = flow.axes(source(node)), node.spec.attributes["upscale_factor"]
    assert isinstance(factor, int)  # noqa: S101 - its default says so
    channels = axes[1]
    for labels in axes[2:]:
        flow.fix(labels, "pixel_shuffle widens it")
    if channels is not None:
        table = channels.reshape(-1, factor**2)
        for column in table.T[1:]:
            flow.tie(table[:, 0], column, "pixel_shuffle makes one channel of them")
        channels = table[:, 0]
    flow.give(written(node), (axes[0], channels, None, None))
