"""What makes an operator impossible: tensors that it lacks, and shapes that contradict.

Only what no operator can be is found: a kind without a rule here, and attributes that an old table
does not have, are taken as they are.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping

from edgeslim.opspec import Attribute, OpSpec, Shape, Shapes
from edgeslim.window_sides import window_sides

__all__ = ["find_contradiction", "find_missing_tensor"]

_NEEDED: Mapping[str, tuple[str, ...]] = {
    "conv2d": ("Input", "Filter"),
    "depthwise_conv2d": ("Input", "Filter"),
    "conv2d_transpose": ("Input", "Filter"),
    "fc": ("Input", "W"),
    "matmul": ("X", "Y"),
    "matmul_v2": ("X", "Y"),
    "mul": ("X", "Y"),
    "prelu": ("X", "Alpha"),
    "batch_norm": ("X", "Scale", "Bias", "Mean", "Variance"),
    "gather": ("X", "Index"),
}
"""Slots that an operator cannot be without; of other kinds it is the first one."""

_RANKS: Mapping[tuple[str, str], int] = {
    (kind, slot): 4
    for kind in ("conv2d", "depthwise_conv2d", "conv2d_transpose")
    for slot in ("Input", "Filter")
} | {("pool2d", "X"): 4, ("fc", "W"): 2}
"""How many extents a tensor has, where there is only one possibility."""

_WORDS = {"Filter": "filter", "W": "weights", "Alpha": "slopes"}
"""What a slot is called where Paddle's name says little."""


def find_missing_tensor(
    kind: str, slots: tuple[str, ...], read: Mapping[str, tuple[Shape, ...]], out: Shapes
) -> str:
    """Text on the first tensor that an operator lacks or that has another rank.

    Args:
        kind: Kind of the operator.
        slots: Input slots of the kind, in order.
        read: Shapes that it reads, weights included, by slot.
        out: Shapes that it writes, by slot.

    Returns:
        The text, or nothing.
    """
    elementwise = "elementwise_" in kind
    needed = ("X", "Y") if elementwise else _NEEDED.get(kind, slots[:1])
    if kind not in {"fill_constant", "assign_value"}:
        for slot in needed:
            if not read.get(slot):
                return f"a {kind} has no {_WORDS.get(slot, slot)} ({slot})"
    if not any(out.values()):
        return f"a {kind} has no output"
    for slot, shapes in read.items():
        rank = _RANKS.get((kind, slot))
        for shape in shapes:
            if rank is not None and len(shape) != rank:
                return f"{slot} of a {kind} has {rank} extents, not {_text(shape)}"
    return ""


def find_contradiction(spec: OpSpec) -> str:
    """Text on what contradicts in the shapes of an operator; empty if nothing does.

    Args:
        spec: Operator that lacks no tensor (`find_missing_tensor`).
    """
    if spec.is_open:
        return ""
    rule = _RULES.get(spec.kind)
    if rule is not None:
        return rule(spec)
    if "elementwise_" in spec.kind:
        return _elementwise(spec)
    return ""


def _convolution(spec: OpSpec) -> str:
    read = {**spec.inputs, **spec.weights}
    (n, c_in, *places), (c_out, per_group, *window) = read["Input"][0], read["Filter"][0]
    groups = spec.attributes.get("groups", 1)
    if not isinstance(groups, int) or groups < 1:
        return f"{groups} groups"
    if per_group * groups != c_in:
        return (
            f"a filter {_text(read['Filter'][0])} in {groups} group(s) reads "
            f"{per_group * groups} channels, and the input has {c_in}"
        )
    if c_out % groups:
        return f"{groups} groups do not divide {c_out} channels"
    bias = read.get("Bias", ())
    if bias and math.prod(bias[0]) not in {1, c_out}:
        return f"a bias {_text(bias[0])} does not fit {c_out} filters"
    strides, dilations = _pair(spec, "strides"), _pair(spec, "dilations")
    sides = spec.attributes.get("paddings", (0, 0))
    if strides is None or dilations is None or not isinstance(sides, tuple):
        return ""
    padding = window_sides("EXPLICIT", [int(side) for side in sides], places, window, strides)
    whole = [dilation * (size - 1) + 1 for size, dilation in zip(window, dilations, strict=True)]
    wanted = (n, c_out, *_window_places(places, whole, strides, padding, ceil=False))
    return _differs(spec, wanted)


def _transposed_convolution(spec: OpSpec) -> str:
    read = {**spec.inputs, **spec.weights}
    c_in, filters = read["Input"][0][1], read["Filter"][0]
    groups = spec.attributes.get("groups", 1)
    if filters[0] != c_in:
        return f"a filter {_text(filters)} reads {filters[0]} channels, and the input has {c_in}"
    if isinstance(groups, int) and spec.output_shape[1:2] != (filters[1] * groups,):
        return (
            f"a filter {_text(filters)} in {groups} group(s) writes {filters[1] * groups} "
            f"channels, and the output is {_text(spec.output_shape)}"
        )
    return ""


def _pooling(spec: OpSpec) -> str:
    (n, channels, *places), attributes = spec.input_shape, spec.attributes
    if attributes.get("global_pooling"):
        return _differs(spec, (n, channels, 1, 1))
    size = _pair(spec, "ksize")
    if attributes.get("adaptive"):
        return _differs(spec, (n, channels, *size)) if size else ""
    strides, sides = _pair(spec, "strides"), attributes.get("paddings", (0, 0))
    if attributes.get("padding_algorithm", "EXPLICIT") != "EXPLICIT":
        return ""
    if size is None or strides is None or not isinstance(sides, tuple):
        return ""
    padding = window_sides("EXPLICIT", [int(side) for side in sides], places, size, strides)
    ceil = bool(attributes.get("ceil_mode"))
    return _differs(spec, (n, channels, *_window_places(places, size, strides, padding, ceil=ceil)))


def _elementwise(spec: OpSpec) -> str:
    """Each extent of the output is one of those that meet there, of which one may be 1."""
    read = {**spec.inputs, **spec.weights}
    left, right, out = read["X"][0], read["Y"][0], spec.output_shape
    if max(math.prod(left), math.prod(right)) > math.prod(out):
        return f"of {_text(left)} and {_text(right)} cannot come {_text(out)}"
    if spec.attributes.get("axis", -1) != -1 or max(len(left), len(right)) != len(out):
        return ""  # the second one stands along axes of the user's
    for place in range(1, len(out) + 1):
        met = {shape[-place] for shape in (left, right) if place <= len(shape)}
        if met - {1, out[-place]}:
            return f"{_text(left)} and {_text(right)} do not fit each other"
    return ""


def _same_shape(spec: OpSpec) -> str:
    return _differs(spec, spec.input_shape)


def _same_elements(spec: OpSpec) -> str:
    if math.prod(spec.input_shape) == math.prod(spec.output_shape):
        return ""
    return f"{_text(spec.input_shape)} and {_text(spec.output_shape)} do not have as many elements"


def _batch_norm(spec: OpSpec) -> str:
    channels = spec.input_shape[1:2]
    if spec.attributes.get("data_layout", "NCHW") == "NCHW" and channels:
        for slot, shapes in spec.weights.items():
            if math.prod(shapes[0]) != channels[0]:
                return f"{slot} {_text(shapes[0])} does not fit {channels[0]} channels"
    return _same_shape(spec)


def _fully_connected(spec: OpSpec) -> str:
    shape, matrix = spec.input_shape, {**spec.inputs, **spec.weights}["W"][0]
    columns = spec.attributes.get("in_num_col_dims", 1)
    if not isinstance(columns, int):
        return ""
    return _product(spec, math.prod(shape[columns:]), matrix)


def _mul(spec: OpSpec) -> str:
    read, columns = {**spec.inputs, **spec.weights}, spec.attributes.get("x_num_col_dims", 1)
    if not isinstance(columns, int) or len(read["Y"][0]) != 2:
        return ""
    return _product(spec, math.prod(read["X"][0][columns:]), read["Y"][0])


def _matmul(spec: OpSpec) -> str:
    read = {**spec.inputs, **spec.weights}
    left, right = read["X"][0], read["Y"][0]
    if min(len(left), len(right)) < 2:
        return ""
    turned = [
        bool(spec.attributes.get(new) or spec.attributes.get(old))
        for new, old in (("trans_x", "transpose_X"), ("trans_y", "transpose_Y"))
    ]
    length = left[-2 if turned[0] else -1]
    matrix = right[:-3:-1] if turned[1] else right[-2:]
    return _product(spec, length, matrix)


def _product(spec: OpSpec, length: int, matrix: Shape) -> str:
    """A product of sums of a length with a matrix: what meets, and what comes out."""
    if length != matrix[0]:
        return (
            f"{matrix[0]} rows of the second factor meet {length} elements of the first "
            f"({_text(spec.input_shape)})"
        )
    if spec.output_shape[-1:] != (matrix[1],):
        return f"{matrix[1]} columns do not come out as {_text(spec.output_shape)}"
    return ""


def _concat(spec: OpSpec) -> str:
    shapes = [shape for slots in (spec.inputs, spec.weights) for shape in slots.get("X", ())]
    return _parts_of(shapes, spec.output_shape, spec.attributes.get("axis", 0))


def _split(spec: OpSpec) -> str:
    return _parts_of(
        list(spec.outputs.get("Out", ())), spec.input_shape, spec.attributes.get("axis", 0)
    )


def _parts_of(parts: list[Shape], whole: Shape, axis: Attribute) -> str:
    """Whether tensors, one behind the other along an axis, are as large as the whole."""
    if not isinstance(axis, int) or not -len(whole) <= axis < len(whole):
        return f"{_text(whole)} has no axis {axis}"
    for shape in parts:
        if len(shape) != len(whole) or _without(shape, axis) != _without(whole, axis):
            return f"{_text(shape)} is not a part of {_text(whole)} along axis {axis}"
    found = sum(shape[axis] for shape in parts)
    if found != whole[axis]:
        return f"along axis {axis} the parts have {found} elements, and the whole {whole[axis]}"
    return ""


def _without(shape: Shape, axis: int) -> Shape:
    axis %= len(shape)
    return shape[:axis] + shape[axis + 1 :]


def _resizing(spec: OpSpec) -> str:
    if spec.attributes.get("data_layout", "NCHW") != "NCHW":
        return ""
    if spec.input_shape[:2] == spec.output_shape[:2]:
        return ""
    return f"{_text(spec.input_shape)} and {_text(spec.output_shape)} differ in channels"


def _transposing(spec: OpSpec) -> str:
    axis, shape = spec.attributes.get("axis", ()), spec.input_shape
    if not isinstance(axis, tuple) or sorted(axis) != list(range(len(shape))):
        return _same_elements(spec)
    return _differs(spec, tuple(shape[int(place)] for place in axis))


def _window_places(
    extents: list[int],
    windows: list[int] | tuple[int, ...],
    strides: tuple[int, ...],
    sides: tuple[int, ...],
    *,
    ceil: bool,
) -> tuple[int, ...]:
    found = []
    for axis, (extent, window, stride) in enumerate(zip(extents, windows, strides, strict=True)):
        rest = extent + sides[2 * axis] + sides[2 * axis + 1] - window
        found.append((rest + (stride - 1 if ceil else 0)) // stride + 1)
    return tuple(found)


def _pair(spec: OpSpec, name: str) -> tuple[int, int] | None:
    """Two whole numbers above 0, one for each axis; None if the attribute is something else."""
    value = spec.attributes.get(name, (1, 1))
    if not isinstance(value, tuple) or len(value) != 2:
        return None
    first, second = int(value[0]), int(value[1])
    return (first, second) if min(first, second) > 0 else None


def _differs(spec: OpSpec, wanted: Shape) -> str:
    if spec.output_shape == wanted:
        return ""
    return (
        f"a {spec.kind} of {_text(spec.input_shape)} comes out as {_text(wanted)}, not as "
        f"{_text(spec.output_shape)}"
    )


def _text(shape: Shape) -> str:
    return "x".join(map(str, shape)) or "a single element"


_RULES: Mapping[str, Callable[[OpSpec], str]] = {
    "conv2d": _convolution,
    "depthwise_conv2d": _convolution,
    "conv2d_transpose": _transposed_convolution,
    "pool2d": _pooling,
    "batch_norm": _batch_norm,
    "fc": _fully_connected,
    "mul": _mul,
    "matmul": _matmul,
    "matmul_v2": _matmul,
    "concat": _concat,
    "split": _split,
    "transpose2": _transposing,
    "bilinear_interp_v2": _resizing,
    "nearest_interp_v2": _resizing,
    **dict.fromkeys(
        ("reshape2", "flatten_contiguous_range", "squeeze2", "unsqueeze2"), _same_elements
    ),
    **dict.fromkeys(
        (
            *("abs", "exp", "floor", "log", "reciprocal", "rsqrt", "sqrt", "square", "pow"),
            *("assign", "cast", "clip", "dropout", "scale", "shuffle_channel", "flip"),
            *("elu", "gelu", "hard_sigmoid", "hard_swish", "leaky_relu", "mish", "relu", "relu6"),
            *("prelu", "sigmoid", "silu", "softplus", "swish", "tanh", "softmax", "log_softmax"),
            *("group_norm", "instance_norm", "layer_norm"),
        ),
        _same_shape,
    ),
}
"""By kind, what finds a contradiction."""
