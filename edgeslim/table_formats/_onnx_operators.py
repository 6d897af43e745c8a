"""Operators of ONNX, as they ran in ONNX Runtime, as operators of edgeslim."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from edgeslim.opspec import Attribute, OpSpec, Shape
from edgeslim.table_formats._format import RowRefusedError
from edgeslim.table_formats._onnx_chains import BLOCKED, Chain
from edgeslim.table_formats._onnx_file import OnnxModel, OnnxNode, OnnxValue
from edgeslim.table_formats._runtime_operators import (
    ELEMENTWISE,
    FUSED_IN_PADDLE_LITE,
    UNARY,
    fully_connected,
    guess_window,
    plain_operator,
    windowed_convolution,
)

__all__ = ["RanOperator", "groups_of_shuffle", "operator_that_ran"]

_PADDED = "its channels are padded in the profile"
_DIGITS = 7
"""Decimals of attributes: ONNX keeps them in 32 bits."""


@dataclass(frozen=True, kw_only=True, slots=True)
class RanOperator:
    """What a profile says of an operator.

    Args:
        name: Name of the event.
        kind: Operator as the runtime calls it, such as ``FusedConv``.
        inputs: Shapes that it read; some are padded to the processor's blocks.
        outputs: Shapes that it wrote; likewise.
        chain: Nodes of the model that it is; None if the model does not have it.
        model: The model; None if there is none.
        activation: Activation behind it that was joined to it; empty if there is none.
    """

    name: str
    kind: str
    inputs: tuple[Shape, ...]
    outputs: tuple[Shape, ...]
    chain: Chain | None
    model: OnnxModel | None
    activation: str = ""

    @property
    def attributes(self) -> Mapping[str, OnnxValue]:
        """Attributes of the node; none if it is not known."""
        return self.chain.node.attributes if self.chain else {}

    def parameter(self, place: int) -> Shape | None:
        """Shape of an input that is a parameter of the model; None if it is not."""
        if self.chain is None or self.model is None or place >= len(self.chain.node.inputs):
            return None
        return self.model.parameters.get(self.chain.node.inputs[place])


def operator_that_ran(ran: RanOperator) -> OpSpec:
    """The operator in edgeslim's form.

    Raises:
        RowRefusedError: It has no counterpart, or the profile and the model do not say what is
            needed; the text has why.
    """
    kind = ran.kind.removeprefix("Fused")
    if kind != "Conv" and ran.name.endswith(BLOCKED) and ran.chain is None:
        raise _lacking(ran, _PADDED)
    if kind in ELEMENTWISE and len(ran.inputs) == 2:
        return _arithmetic(ran, ELEMENTWISE[kind])
    if kind in UNARY or kind == "Clip":
        name, attributes = _activation(kind, ran.attributes, _limits(ran))
        return plain_operator(name, ran.inputs[:1], ran.outputs, attributes=attributes)
    reader = _READERS.get(kind)
    if reader is None:
        raise RowRefusedError("it has no counterpart among the kinds of edgeslim")
    return reader(ran, kind)


def _lacking(ran: RanOperator, what: str) -> RowRefusedError:
    """The refusal of an operator of which something is not known."""
    if ran.model is None:
        return RowRefusedError(f"{what}; give the model by --model")
    return RowRefusedError(f"{what}, and the model has no node of its name ({ran.name})")


def _convolution(ran: RanOperator, _: str) -> OpSpec:
    """A convolution of logical channels: the model has them, the profile pads them."""
    filters = ran.parameter(1)
    if filters is None:
        if ran.name.endswith(BLOCKED):
            raise _lacking(ran, _PADDED)
        if len(ran.inputs) < 2 or len(ran.inputs[1]) != 4:
            raise _lacking(ran, "its filter is not in the profile")
        filters = ran.inputs[1]
    if len(filters) != 4:
        raise RowRefusedError(f"a convolution of {len(filters) - 2} axes has no counterpart")
    attributes = ran.attributes
    groups = attributes.get("group", 1)
    image, out = ran.inputs[0], (ran.outputs[0][0], filters[0], *ran.outputs[0][2:])
    if ran.chain is not None and isinstance(groups, int):
        image = (image[0], filters[1] * groups, *image[2:])
    activation: dict[str, Attribute] = {}
    if ran.chain is not None and ran.chain.activation is not None:
        found = ran.chain.activation
        name, own = _activation(found.kind, found.attributes, _limits_of(found, ran.model))
        # Others are computed by themselves in Paddle-Lite: here they are in the operator's time.
        if name in FUSED_IN_PADDLE_LITE:
            activation = {"act_type": name, **_in_convolution(name, own)}
    elif ran.activation:
        activation = {"act_type": ran.activation}
    elif ran.kind == "FusedConv" and ran.chain is None:
        raise _lacking(ran, "its activation is not in the profile")
    window = _window(ran, image, filters[2:], out)
    has_bias = len(ran.inputs) > 2
    return windowed_convolution(
        (image, filters, out), has_bias=has_bias, window=window, activation=activation
    )


def _in_convolution(name: str, own: Mapping[str, Attribute]) -> dict[str, Attribute]:
    """The parameters of an activation under their names in a convolution."""
    if name == "leaky_relu":
        return {"leaky_relu_alpha": own["alpha"]}
    return {}


def _window(
    ran: RanOperator, image: Shape, window: Sequence[int], out: Shape
) -> dict[str, Attribute]:
    """Strides, paddings and dilations: the model's, or those that the shapes allow."""
    attributes = ran.attributes
    if ran.chain is None:
        guess = guess_window(image[2:], window, out[2:])
        if guess is None:
            raise _lacking(ran, "its strides are not in the profile")
        return guess
    found: dict[str, Attribute] = {"strides": _pair(attributes, "strides")}
    if attributes.get("dilations"):
        found["dilations"] = _pair(attributes, "dilations")
    padding = attributes.get("auto_pad", "NOTSET")
    if padding in {"SAME_UPPER", "VALID"}:
        found["padding_algorithm"] = "SAME" if padding == "SAME_UPPER" else "VALID"
    elif padding == "NOTSET":
        top, left, bottom, right = _whole_numbers(attributes, "pads", (0, 0, 0, 0))
        found["paddings"] = (top, bottom, left, right)
    else:
        raise RowRefusedError(f"padding {padding} has no counterpart")
    return found


def _pair(attributes: Mapping[str, OnnxValue], name: str) -> tuple[int, int]:
    first, second = _whole_numbers(attributes, name, (1, 1))
    return first, second


def _whole_numbers(
    attributes: Mapping[str, OnnxValue], name: str, default: tuple[int, ...]
) -> tuple[int, ...]:
    """A list of whole numbers.

    Raises:
        RowRefusedError: The attribute is something else.
    """
    value = attributes.get(name, default)
    if not isinstance(value, tuple):
        raise RowRefusedError(f"its {name} are {value!r} in the model, and no list")
    return tuple(map(int, value))


def _pooling(ran: RanOperator, kind: str) -> OpSpec:
    image, out = ran.inputs[0], ran.outputs[0]
    if len(image) != 4:
        raise RowRefusedError(f"a pooling of {len(image) - 2} axes has no counterpart")
    average = "Average" in kind
    if kind.startswith("Global"):
        return plain_operator(
            "pool2d",
            [image],
            [out],
            attributes={"pooling_type": "avg" if average else "max", "global_pooling": True},
        )
    if ran.chain is None:
        raise _lacking(ran, "its window is not in the profile")
    attributes = dict(ran.attributes)
    size = _pair(attributes, "kernel_shape")
    window = _window(ran, image, size, out)
    window.pop("dilations", None)
    sides = window.get("paddings", ())
    if isinstance(sides, tuple) and sides[::2] == sides[1::2]:
        window["paddings"] = sides[::2]
    return plain_operator(
        "pool2d",
        [image],
        [out],
        attributes={
            "pooling_type": "avg" if average else "max",
            "ksize": size,
            "ceil_mode": bool(attributes.get("ceil_mode", 0)),
            "exclusive": not attributes.get("count_include_pad", 0),
            **window,
        },
    )


def _product(ran: RanOperator, kind: str) -> OpSpec:
    """A fully connected layer where the second factor is a parameter; it may be packed away."""
    first, out = ran.inputs[0], ran.outputs[0]
    node_inputs = ran.chain.node.inputs if ran.chain else ()
    second_is_activation = (
        ran.chain is not None and len(node_inputs) > 1 and ran.parameter(1) is None
    )
    if second_is_activation or (ran.chain is None and len(ran.inputs) > 1 and kind == "MatMul"):
        return plain_operator("matmul_v2", ran.inputs[:2], ran.outputs)
    if len(first) == 2 or first[2:] == (1, 1):
        has_bias = kind == "Gemm" and (
            len(node_inputs) > 2 if ran.chain else any(len(s) == 1 for s in ran.inputs[1:])
        )
        return fully_connected(first, out[-1], out, has_bias=has_bias)
    return plain_operator("matmul_v2", [first], ran.outputs, weights=[(first[-1], out[-1])])


def _reshaping(ran: RanOperator, kind: str) -> OpSpec:
    """A view under its own name, if the model has its axes; otherwise a reshaping."""
    image = ran.inputs[0]
    if kind == "Flatten" and ran.attributes.get("axis", 1) == 1:
        axes = {"start_axis": 1, "stop_axis": len(image) - 1}
        return plain_operator("flatten_contiguous_range", [image], ran.outputs, attributes=axes)
    if kind in {"Squeeze", "Unsqueeze"} and ran.chain is not None:
        given = ran.attributes.get("axes") or _short_values(ran.chain.node, ran.model, 1)
        if isinstance(given, tuple) and given:
            name = "squeeze2" if kind == "Squeeze" else "unsqueeze2"
            places = {"axes": tuple(int(axis) for axis in given)}
            return plain_operator(name, [image], ran.outputs, attributes=places)
    shape = {"shape": ran.outputs[0]}
    return plain_operator("reshape2", [image], ran.outputs, attributes=shape)


def _shuffle(ran: RanOperator, _: str) -> OpSpec:
    """A shuffle of channels, of whose pieces the last is known."""
    group = groups_of_shuffle(ran.chain.node, ran.model) if ran.chain and ran.model else 0
    if not group:
        raise RowRefusedError("its groups are not in the model")
    attributes = {"group": group}
    return plain_operator("shuffle_channel", ran.inputs[:1], ran.outputs, attributes=attributes)


def groups_of_shuffle(last: OnnxNode, model: OnnxModel) -> int:
    """How many groups the reshaping, two nodes before the last of a shuffle, makes; 0 if unknown.

    Args:
        last: Reshaping that ends the shuffle.
        model: Model that it is in.
    """
    producers = {name: node for node in model.nodes for name in node.outputs}
    turn = producers.get(last.inputs[0]) if last.inputs else None
    first = producers.get(turn.inputs[0]) if turn is not None and turn.inputs else None
    if first is None or first.kind != "Reshape":
        return 0
    target = _short_values(first, model, 1)
    return int(target[1]) if len(target) == 5 and target[1] > 0 else 0


def _batch_norm(ran: RanOperator, _: str) -> OpSpec:
    channels = ((ran.inputs[0][1],),) * 4
    return plain_operator("batch_norm", ran.inputs[:1], ran.outputs, weights=channels)


def _arithmetic(ran: RanOperator, kind: str) -> OpSpec:
    left, right = ran.inputs
    if ran.parameter(1) is not None:
        return plain_operator(kind, [left], ran.outputs, weights=[right])
    if len(left) < len(right):  # Paddle has the larger one first
        left, right = right, left
    return plain_operator(kind, [left, right], ran.outputs)


def _along_axes(ran: RanOperator, kind: str) -> OpSpec:
    if ran.chain is None:
        raise _lacking(ran, "its axis is not in the profile")
    attributes, image = ran.attributes, ran.inputs[0]
    axis = attributes.get("axis", 0 if kind == "Split" else -1)
    if not isinstance(axis, int):
        raise RowRefusedError(f"its axis is {axis!r} in the model")
    if kind == "Concat":
        return plain_operator(
            "concat", ran.inputs, ran.outputs, attributes={"axis": axis % len(image)}
        )
    if kind == "Split":
        axis %= len(image)
        parts = tuple(shape[axis] for shape in ran.outputs)
        even = len(set(parts)) == 1
        return plain_operator(
            "split",
            [image],
            ran.outputs,
            attributes={
                "axis": axis,
                "num": len(parts) if even else 0,
                "sections": () if even else parts,
            },
        )
    if kind == "Transpose":
        order = attributes.get("perm", tuple(reversed(range(len(image)))))
        return plain_operator("transpose2", [image], ran.outputs, attributes={"axis": order})
    if kind == "ReduceMean":
        axes = attributes.get("axes") or _short_values(ran.chain.node, ran.model, 1)
        if not isinstance(axes, tuple) or not axes:
            raise RowRefusedError("its axes are not in the model")
        return plain_operator(
            "reduce_mean",
            [image],
            ran.outputs,
            attributes={
                "dim": tuple(int(one) for one in axes),
                "keep_dim": bool(attributes.get("keepdims", 1)),
            },
        )
    name = "softmax" if kind == "Softmax" else "log_softmax"
    return plain_operator(name, [image], ran.outputs, attributes={"axis": axis})


def _activation(
    kind: str, attributes: Mapping[str, OnnxValue], limits: tuple[float, float] | None
) -> tuple[str, dict[str, Attribute]]:
    """Kind and parameters of an activation; a clip from 0 to 6 is a relu6."""
    if kind == "Clip":
        if limits is None:
            raise RowRefusedError("its limits are not in the model")
        low, high = limits
        if low == 0 and 0 < high < float("inf"):
            return "relu6", {"threshold": high}
        if low == 0:
            return "relu", {}
        return "clip", {"min": max(low, -3.4e38), "max": min(high, 3.4e38)}
    name = UNARY[kind]
    if name == "leaky_relu":
        return name, {"alpha": _round_number(attributes.get("alpha", 0.01))}
    if name == "hard_sigmoid":
        slope, offset = attributes.get("alpha", 0.2), attributes.get("beta", 0.5)
        return name, {"slope": _round_number(slope), "offset": _round_number(offset)}
    return name, {}


def _round_number(value: OnnxValue) -> float:
    if not isinstance(value, float | int):
        raise RowRefusedError(f"its parameter is {value!r} in the model")
    return round(float(value), _DIGITS)


def _limits(ran: RanOperator) -> tuple[float, float] | None:
    return _limits_of(ran.chain.node, ran.model) if ran.chain else None


def _limits_of(node: OnnxNode, model: OnnxModel | None) -> tuple[float, float] | None:
    """Lower and upper limit of a clip: attributes, or inputs that are constants."""
    if node.kind != "Clip" or model is None:
        return None
    found = []
    for place, name, open_end in ((1, "min", float("-inf")), (2, "max", float("inf"))):
        value = node.attributes.get(name)
        values = _short_values(node, model, place)
        if isinstance(value, float):
            found.append(value)
        elif place >= len(node.inputs) or not node.inputs[place]:
            found.append(open_end)
        elif len(values) == 1:
            found.append(float(values[0]))
        else:
            return None
    return found[0], found[1]


def _short_values(node: OnnxNode, model: OnnxModel | None, place: int) -> tuple[float, ...]:
    if model is None or place >= len(node.inputs):
        return ()
    return tuple(model.values.get(node.inputs[place], ()))


_READERS: Mapping[str, Callable[[RanOperator, str], OpSpec]] = {
    "Conv": _convolution,
    "Gemm": _product,
    "MatMul": _product,
    "ShuffleChannels": _shuffle,
    "BatchNormalization": _batch_norm,
    **dict.fromkeys(("MaxPool", "AveragePool", "GlobalAveragePool", "GlobalMaxPool"), _pooling),
    **dict.fromkeys(
        ("Concat", "Split", "Transpose", "Softmax", "LogSoftmax", "ReduceMean"), _along_axes
    ),
    **dict.fromkeys(("Reshape", "Flatten", "Squeeze", "Unsqueeze"), _reshaping),
}
"""By operator of ONNX, what makes an operator of edgeslim of it."""
