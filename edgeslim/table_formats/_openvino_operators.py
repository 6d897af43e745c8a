"""Layers of OpenVINO, as they ran, as operators of edgeslim."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

from edgeslim.opspec import Attribute, OpSpec, Shape
from edgeslim.table_formats._format import RowRefusedError
from edgeslim.table_formats._onnx_chains import WINDOWS, Chain
from edgeslim.table_formats._onnx_file import OnnxModel, OnnxNode
from edgeslim.table_formats._onnx_operators import (
    RanOperator,
    groups_of_shuffle,
    operator_that_ran,
)
from edgeslim.table_formats._openvino_graph import ExecutedLayer
from edgeslim.table_formats._runtime_operators import (
    ELEMENTWISE,
    FUSED_IN_PADDLE_LITE,
    UNARY,
    fully_connected,
    guess_window,
    plain_operator,
    windowed_convolution,
)

__all__ = ["find_chain", "operator_of_layer"]

_CONVOLUTIONS = {"Convolution", "GroupConvolution"}
_KNOWN_BY_MODEL = {
    *("MaxPool", "AvgPool", "Transpose", "ReduceMean", "Subgraph", "Softmax", "Concat"),
    *("LeakyRelu", "PReLU", "FullyConnected", "MatMul"),
}
"""Types with a counterpart, of which the counters do not say enough."""
_ASKS_FOR_MODEL = "the counters do not say its attributes; give the ONNX model by --model"


def find_chain(layer: ExecutedLayer, kind: str, model: OnnxModel) -> Chain | None:
    """The nodes of an ONNX model that a layer consists of; None if they cannot be told.

    A convolution into which a norm was folded has a new name; what is behind it has the model's.

    Args:
        layer: Layer of the runtime model.
        kind: Its type by the counters.
        model: The model that was compiled.
    """
    named = {name: node for node in model.nodes for name in (*node.outputs, node.name) if name}
    found: list[OnnxNode] = []
    for name in layer.origins:
        node = named.get(name)
        if node is not None and node not in found:
            found.append(node)
    if kind in _CONVOLUTIONS:
        convolution = next((before for node in found if (before := _window(node, model))), None)
        if convolution is None or not _has_filter(convolution, layer, model):
            return None
        found = [convolution, *(node for node in found if node is not convolution)]
    return Chain(node=found[0], absorbed=tuple(found[1:])) if found else None


def _window(node: OnnxNode, model: OnnxModel) -> OnnxNode | None:
    """The node itself or the nearest one before it that is a convolution."""
    producers = {name: node for node in model.nodes for name in node.outputs}
    found: OnnxNode | None = node
    while found is not None and found.kind not in WINDOWS:
        before = [producers[name] for name in found.inputs if name in producers]
        found = before[0] if before else None
    return found


def _has_filter(node: OnnxNode, layer: ExecutedLayer, model: OnnxModel) -> bool:
    """Whether a convolution of the model has as large a filter as a layer."""
    filters = model.parameters.get(node.inputs[1], ()) if len(node.inputs) > 1 else ()
    return bool(layer.parameters) and math.prod(filters) == math.prod(layer.parameters[0])


def operator_of_layer(
    layer: ExecutedLayer,
    kind: str,
    fused: Sequence[str],
    chain: Chain | None,
    model: OnnxModel | None,
) -> OpSpec:
    """The operator in edgeslim's form.

    Args:
        layer: Layer of the runtime model.
        kind: Its type by the counters.
        fused: Types of the layers that were fused into it.
        chain: Nodes of the model that it consists of, if they are known.
        model: The model that was compiled, if the user gave it.

    Raises:
        RowRefusedError: It has no counterpart, or it is not known what is needed; the text has
            why.
    """
    if kind == "Subgraph" and len(layer.origins) != 1:
        raise RowRefusedError(f"it is a chain of {len(layer.origins)} elementwise layers")
    if kind in {"Reduce", "ReduceMean"} and _is_global_average(layer):
        average: dict[str, Attribute] = {"pooling_type": "avg", "global_pooling": True}
        return plain_operator("pool2d", layer.inputs[:1], layer.outputs, attributes=average)
    if kind in {"Split", "VariadicSplit"}:
        return _split(layer)
    if kind == "ShuffleChannels":
        return _shuffle(layer, chain, model)
    if kind in _CONVOLUTIONS and chain is None:
        return _guess_convolution(layer, fused)
    if chain is None or kind == "FullyConnected" or (kind not in _CONVOLUTIONS and chain.absorbed):
        return _plain_layer(layer, kind, fused)
    parameters = () if chain.node.kind in ELEMENTWISE else layer.parameters
    return operator_that_ran(
        RanOperator(
            name=layer.name,
            kind=chain.node.kind,
            inputs=(*layer.inputs[:1], *parameters, *layer.inputs[1:])
            if kind in _CONVOLUTIONS
            else (*layer.inputs, *parameters),
            outputs=layer.outputs,
            chain=chain,
            model=model,
        )
    )


def _split(layer: ExecutedLayer) -> OpSpec:
    axis = _joined_axis((*layer.outputs, layer.inputs[0]))
    if axis is None:
        raise RowRefusedError("its axis does not follow from its shapes")
    parts = tuple(shape[axis] for shape in layer.outputs)
    even = len(set(parts)) == 1
    attributes: dict[str, Attribute] = {
        "axis": axis,
        "num": len(parts) if even else 0,
        "sections": () if even else parts,
    }
    return plain_operator("split", layer.inputs[:1], layer.outputs, attributes=attributes)


def _shuffle(layer: ExecutedLayer, chain: Chain | None, model: OnnxModel | None) -> OpSpec:
    """A shuffle of channels, which is called after its last reshaping."""
    groups = groups_of_shuffle(chain.node, model) if chain is not None and model is not None else 0
    if not groups:
        raise RowRefusedError(_ASKS_FOR_MODEL)
    group: dict[str, Attribute] = {"group": groups}
    return plain_operator("shuffle_channel", layer.inputs[:1], layer.outputs, attributes=group)


def _is_global_average(layer: ExecutedLayer) -> bool:
    image, out = layer.inputs[0], layer.outputs[0]
    return len(image) == 4 and out == (*image[:2], 1, 1)


def _guess_convolution(layer: ExecutedLayer, fused: Sequence[str]) -> OpSpec:
    """A convolution whose strides and paddings follow from its shapes."""
    if not layer.parameters or len(layer.inputs[0]) != 4:
        raise RowRefusedError("its filter is not in the runtime model")
    filters, image, out = layer.parameters[0], layer.inputs[0], layer.outputs[0]
    if len(filters) == 5:  # groups stand before
        filters = (filters[0] * filters[1], *filters[2:])
    window = guess_window(image[2:], filters[2:], out[2:])
    if window is None:
        raise RowRefusedError(_ASKS_FOR_MODEL)
    names = [UNARY.get(kind, "") for kind in fused]
    activation: Mapping[str, Attribute] = next(
        ({"act_type": name} for name in names if name in FUSED_IN_PADDLE_LITE), {}
    )
    shapes: tuple[Shape, Shape, Shape] = (image, filters, out)
    has_bias = len(layer.parameters) > 1
    return windowed_convolution(shapes, has_bias=has_bias, window=window, activation=activation)


def _plain_layer(layer: ExecutedLayer, kind: str, fused: Sequence[str]) -> OpSpec:
    """A layer of which the counters say enough."""
    image, out = layer.inputs[0], layer.outputs
    if kind == "FullyConnected" and (len(image) == 2 or image[2:] == (1, 1)):
        names = [UNARY.get(name, "") for name in fused]
        activation = next((name for name in names if name in {"relu", "relu6"}), "")
        has_bias = len(layer.parameters) > 1
        return fully_connected(image, out[0][-1], out[0], has_bias=has_bias, activation=activation)
    name, attributes = "", dict[str, Attribute]()
    if kind in ELEMENTWISE and len(layer.inputs) == 2:
        name = ELEMENTWISE[kind]
    elif kind in UNARY and kind not in {"PReLU", "LeakyRelu"}:
        name = UNARY[kind]
    elif kind == "MatMul" and len(layer.inputs) == 2:
        name = "matmul_v2"
    elif kind == "Softmax" and len(image) == 2:
        name = "softmax"
    elif kind == "Reshape":
        name, attributes = "reshape2", {"shape": out[0]}
    elif kind == "Concat" and (axis := _joined_axis((*layer.inputs, out[0]))) is not None:
        name, attributes = "concat", {"axis": axis}
    if name:
        return plain_operator(name, layer.inputs, out, attributes=attributes)
    if kind in _KNOWN_BY_MODEL:
        raise RowRefusedError(_ASKS_FOR_MODEL)
    raise RowRefusedError("it has no counterpart among the kinds of edgeslim")


def _joined_axis(shapes: Sequence[Shape]) -> int | None:
    """The only axis along which shapes differ; None if there is another or none."""
    extents = list(zip(*shapes, strict=True))
    differing = [axis for axis, found in enumerate(extents) if len(set(found)) > 1]
    return differing[0] if len(differing) == 1 else None
