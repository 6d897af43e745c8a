"""How channels pass through operators: one rule for each kind of dependency."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from edgeslim.graph import Node
from edgeslim.ops._channel_flow import Axes, ChannelFlow, Labels
from edgeslim.ops._channel_reshape import match_axes, reshape_axes

__all__ = [
    "across_axes",
    "concat",
    "copy",
    "count_places",
    "elementwise",
    "keep_all",
    "per_channel",
    "pixel_shuffle",
    "pointwise",
    "prelu",
    "reshape",
    "shuffle_channels",
    "slices",
    "spatial",
    "split",
    "stack",
    "tile",
    "transpose",
    "unstack",
]


def tensor_in(node: Node, slot: str) -> str:
    """Name of the first tensor in a slot, weight or activation; empty if there is none."""
    names = node.inputs.get(slot) or node.weights.get(slot) or ("",)
    return names[0]


def main_input(node: Node) -> str:
    """Name of the tensor that an operator transforms, activation or parameter."""
    return tensor_in(node, "X") or tensor_in(node, "Input")


def main_output(node: Node) -> str:
    """Name of the first tensor that an operator writes."""
    return node.writes()[0]


def keep_all(node: Node, flow: ChannelFlow) -> None:
    """For operators without a known rule: nothing that they read can be pruned."""
    for slots in (node.inputs, node.weights):
        for name in (name for names in slots.values() for name in names):
            for labels in flow.axes(name):
                flow.fix(labels, f"{node.spec.kind} reads it")


def pointwise(node: Node, flow: ChannelFlow) -> None:
    """Each element is computed from the same element of the input."""
    for name in node.writes():
        flow.set_axes(name, flow.axes(main_input(node)))


def copy(node: Node, flow: ChannelFlow) -> None:
    """The same tensor under another name; a copied weight still counts as the weight."""
    pointwise(node, flow)
    name = main_input(node)
    if flow.is_weight(name):
        flow.add_view(main_output(node), name, range(len(flow.shape(name))))


def spatial(node: Node, flow: ChannelFlow) -> None:
    """Pooling, interpolation, padding: each channel by itself, mixing places in the image."""
    axes, name = flow.axes(main_input(node)), main_output(node)
    if flow.shape(main_input(node))[1] != flow.shape(name)[1]:
        keep_all(node, flow)
        return
    for labels in axes[2:]:
        flow.fix(labels, f"{node.spec.kind} runs over it")
    for output in node.writes():
        flow.set_axes(output, (*axes[:2], *[None] * (len(flow.shape(output)) - 2)))


def count_places(node: Node, flow: ChannelFlow) -> None:
    """Only the extents of the image are read, and no values of its channels."""
    for name in node.reads():
        batch, _, *places = flow.axes(name)
        for labels in (batch, *places):
            flow.fix(labels, f"{node.spec.kind} counts it")


def elementwise(node: Node, flow: ChannelFlow) -> None:
    """Two tensors, each broadcast where an extent of it is 1."""
    first, second = tensor_in(node, "X"), tensor_in(node, "Y")
    rank = max(len(flow.shape(first)), len(flow.shape(second)))
    axis = node.spec.attributes.get("axis", -1)
    shift = int(axis) if isinstance(axis, int) else -1
    output = []
    sides = [_align_axes(flow, first, rank, shift), _align_axes(flow, second, rank, shift)]
    alone = flow.constants.intersection((first, second))
    why = "" if alone else f"{node.spec.kind} meets both"
    for (a, a_size), (b, b_size) in zip(*sides, strict=True):
        if a_size == 1 or b_size == 1:
            output.append(b if a_size == 1 else a)
            continue
        if a is not None or b is not None:
            flow.tie(a, b, why)
        output.append(a if b is not None else None)
    flow.set_axes(main_output(node), output)


def _align_axes(
    flow: ChannelFlow, name: str, rank: int, shift: int
) -> list[tuple[Labels | None, int]]:
    """Labels and extent of each axis, with axes of extent 1 added before and behind."""
    pairs: list[tuple[Labels | None, int]] = list(
        zip(flow.axes(name), flow.shape(name), strict=True)
    )
    missing = rank - len(pairs)
    before = missing if shift < 0 else min(shift, missing)
    return [(None, 1)] * before + pairs + [(None, 1)] * (missing - before)


def per_channel(node: Node, flow: ChannelFlow) -> None:
    """Batch and instance normalization: each channel by itself, with parameters for each."""
    axes = flow.axes(main_input(node))
    if len(node.inputs) > 1 or node.spec.attributes.get("data_layout", "NCHW") != "NCHW":
        keep_all(node, flow)
        return
    for names in node.weights.values():
        for name in names:
            flow.tie(axes[min(1, len(axes) - 1)], flow.axis(name, 0))
    if node.spec.kind == "instance_norm":
        for labels in axes[2:]:
            flow.fix(labels, "instance_norm runs over it")
    flow.set_axes(main_output(node), axes)


def across_axes(node: Node, flow: ChannelFlow) -> None:
    """Reductions and normalizations: axes that are mixed are kept, the others pass through."""
    name = main_input(node)
    axes, shape = flow.axes(name), flow.shape(name)
    mixed = _mixed_axes(node, len(shape))
    for place in mixed:
        flow.fix(axes[place], f"{node.spec.kind} mixes it")
    for output in node.writes():
        kept = len(flow.shape(output)) == len(shape)
        flow.set_axes(
            output,
            [
                None if place in mixed else labels
                for place, labels in enumerate(axes)
                if kept or place not in mixed
            ]
            or [None],
        )
    for slots in (node.weights, node.inputs):
        for other in (tensor for names in slots.values() for tensor in names if tensor != name):
            for labels in flow.axes(other):
                flow.fix(labels, f"{node.spec.kind} mixes it")


def _mixed_axes(node: Node, rank: int) -> set[int]:
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
    return {int(_number(axis)) % rank for axis in numbers}


def _number(value: object) -> int:
    return int(value) if isinstance(value, (int, float)) else 0


def prelu(node: Node, flow: ChannelFlow) -> None:
    """PReLU, with one slope for all, for each channel, or for each element."""
    axes, slope = flow.axes(main_input(node)), tensor_in(node, "Alpha")
    mode = node.spec.attributes.get("mode")
    if mode == "channel":
        place = int(np.argmax(flow.shape(slope)))
        flow.tie(axes[1], flow.axis(slope, place))
    elif mode == "element":
        for labels in (*axes, *flow.axes(slope)):
            flow.fix(labels, "prelu has a slope for each element")
    flow.set_axes(main_output(node), axes)


def reshape(node: Node, flow: ChannelFlow) -> None:
    """Elements in the same order under another shape.

    A weight with axes of one element more or fewer is a weight still: filters of
    one-dimensional convolutions get their fourth axis so.
    """
    name, output = main_input(node), main_output(node)
    before, after = flow.shape(name), flow.shape(output)
    flow.set_axes(output, reshape_axes(flow, flow.axes(name), before, after))
    places = match_axes(before, after)
    if flow.is_weight(name) and places is not None:
        flow.add_view(output, name, places)


def transpose(node: Node, flow: ChannelFlow) -> None:
    """Axes in another order."""
    axes = flow.axes(main_input(node))
    order = node.spec.attributes["axis"]
    assert isinstance(order, tuple)  # noqa: S101 - its default says so
    flow.set_axes(main_output(node), [axes[int(place)] for place in order])
    if flow.is_weight(main_input(node)):
        flow.add_view(main_output(node), main_input(node), [int(place) for place in order])


def _joined_tensors(node: Node) -> tuple[str, ...]:
    """Names of the tensors of a slot that takes several; the slot is of weights if all are."""
    return node.inputs.get("X") or node.weights.get("X") or ()


def concat(node: Node, flow: ChannelFlow) -> None:
    """Tensors one behind another along an axis."""
    names = _joined_tensors(node)
    rank = len(flow.shape(names[0]))
    axis = _number(node.spec.attributes.get("axis", 0)) % rank
    every = [flow.axes(name) for name in names]
    output = list(_tie_all(flow, every, f"{node.spec.kind} meets both", apart=axis))
    along = [axes[axis] for axes in every]
    if any(labels is not None for labels in along):
        output[axis] = np.concatenate(
            [
                labels
                if labels is not None
                else flow.new_fixed_labels(
                    flow.shape(name)[axis], "what stands beside it cannot go"
                )
                for name, labels in zip(names, along, strict=True)
            ]
        )
    else:
        output[axis] = None
    flow.set_axes(main_output(node), output)


def _tie_all(flow: ChannelFlow, every: Sequence[Axes], why: str, *, apart: int = -1) -> Axes:
    """Ties the axes of tensors of one shape, but for the axis ``apart``."""
    first = every[0]
    result: list[Labels | None] = []
    for place, labels in enumerate(first):
        column = [axes[place] for axes in every]
        if place != apart and any(other is not None for other in column):
            for other in column[1:]:
                flow.tie(labels, other, why)
            labels = None if any(other is None for other in column) else labels  # noqa: PLW2901
        result.append(labels)
    return tuple(result)


def stack(node: Node, flow: ChannelFlow) -> None:
    """Tensors of one shape along a new axis."""
    axes = _tie_all(flow, [flow.axes(name) for name in _joined_tensors(node)], "stack meets both")
    place = _number(node.spec.attributes.get("axis", 0)) % (len(axes) + 1)
    flow.set_axes(main_output(node), (*axes[:place], None, *axes[place:]))


def unstack(node: Node, flow: ChannelFlow) -> None:
    """An axis taken apart into tensors: it is kept."""
    axes = flow.axes(main_input(node))
    place = _number(node.spec.attributes.get("axis", 0)) % len(axes)
    flow.fix(axes[place], "unstack takes it apart")
    for name in node.writes():
        flow.set_axes(name, (*axes[:place], *axes[place + 1 :]))


def split(node: Node, flow: ChannelFlow) -> None:
    """Consecutive parts of an axis."""
    axes = flow.axes(main_input(node))
    place = _number(node.spec.attributes.get("axis", 0)) % len(axes)
    start, labels = 0, axes[place]
    for name in node.writes():
        end = start + flow.shape(name)[place]
        part = None if labels is None else labels[start:end]
        flow.set_axes(name, (*axes[:place], part, *axes[place + 1 :]))
        start = end


def slices(node: Node, flow: ChannelFlow) -> None:
    """Parts of axes, from a start to an end."""
    attributes, axes = node.spec.attributes, list(flow.axes(main_input(node)))
    dropped = attributes.get("decrease_axis")
    dropped = dropped if isinstance(dropped, tuple) else ()
    flags = attributes.get("infer_flags")
    if isinstance(flags, tuple) and min(flags, default=1) < 0:
        keep_all(node, flow)
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
    output = main_output(node)
    if len(flow.shape(output)) != len(axes):
        axes = [labels for place, labels in enumerate(axes) if place not in dropped]
    if len(flow.shape(output)) == len(axes):
        flow.set_axes(output, axes)
    else:
        keep_all(node, flow)


def _bounds(node: Node) -> list[tuple[int, ...]]:
    """Axes, starts, ends and steps of a slice."""
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
    """Axes repeated: of extent 1 freely; longer ones are kept as they are."""
    name, output = tensor_in(node, "X"), main_output(node)
    axes, before, after = flow.axes(name), flow.shape(name), flow.shape(output)
    missing = len(after) - len(before)
    result: list[Labels | None] = [None] * missing
    for labels, size, new in zip(axes, before, after[missing:], strict=True):
        if size != new:
            flow.fix(labels, f"{node.spec.kind} repeats it")
        result.append(labels if size == new else None)
    flow.set_axes(output, result)


def shuffle_channels(node: Node, flow: ChannelFlow) -> None:
    """Channel shuffle: ``(groups, rest)`` transposed to ``(rest, groups)``."""
    axes = list(flow.axes(main_input(node)))
    groups = _number(node.spec.attributes.get("group", 1))
    if axes[1] is not None:
        table = axes[1].reshape(groups, -1)
        for row in table[1:]:
            flow.tie(table[0], row, "shuffle_channel wants as many of each group")
        axes[1] = table.T.reshape(-1)
    flow.set_axes(main_output(node), axes)


def pixel_shuffle(node: Node, flow: ChannelFlow) -> None:
    """Several channels become neighbouring pixels of one."""
    axes, factor = flow.axes(main_input(node)), node.spec.attributes["upscale_factor"]
    assert isinstance(factor, int)  # noqa: S101 - its default says so
    channels = axes[1]
    for labels in axes[2:]:
        flow.fix(labels, "pixel_shuffle widens it")
    if channels is not None:
        table = channels.reshape(-1, factor**2)
        for column in table.T[1:]:
            flow.tie(table[:, 0], column, "pixel_shuffle makes one channel of them")
        channels = table[:, 0]
    flow.set_axes(main_output(node), (axes[0], channels, None, None))
