"""Program descriptions as graphs of typed operators."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

from edgeslim.errors import ModelError
from edgeslim.frozen import freeze
from edgeslim.graph import Graph, Names, Node
from edgeslim.ops import OperatorKind, known_kinds
from edgeslim.opspec import OPEN_SHAPE, Attribute, Attributes, OpSpec, Shape, Shapes
from edgeslim.paddle_io.block_edits import shapes_of
from edgeslim.paddle_io.feed_values import feed_bounds, feed_types
from edgeslim.paddle_io.parameters import persistent_tensors, stored_shapes
from edgeslim.paddle_io.proto import attribute_value, read_program
from edgeslim.paddle_io.quantized_program import without_rounding

__all__ = ["feed_shapes", "fetch_names", "graph_of", "read_graph"]


def read_graph(path: Path, parameters: Path | None = None) -> Graph:
    """Reads the graph in a file with a program description.

    Args:
        path: Path of the program's description.
        parameters: File of parameters, whose shapes replace those in the description.
    """
    program = read_program(path)
    if parameters is not None:
        stored = stored_shapes(parameters, program)
        for variable in program.blocks[0].vars:
            if variable.name in stored:
                variable.type.dense_tensor.tensor.dims[:] = stored[variable.name]
    return graph_of(program, path)


def feed_shapes(program: Any) -> dict[str, Shape]:  # noqa: ANN401 - a ProgramDesc
    """The saved shape of each input by name; an open extent is -1."""
    block = program.blocks[0]
    shapes = shapes_of(block)
    names = [op.outputs[0].arguments[0] for op in _in_order(block, "feed")]
    return {name: shapes.get(name, ()) for name in names}


def fetch_names(program: Any) -> tuple[str, ...]:  # noqa: ANN401 - a ProgramDesc
    """Names of the outputs, in order."""
    return tuple(op.inputs[0].arguments[0] for op in _in_order(program.blocks[0], "fetch"))


def _in_order(block: Any, plumbing: str) -> list[Any]:  # noqa: ANN401
    """The operators that feed or fetch, in the order in which the runtime numbers them."""
    found = [op for op in block.ops if op.type == plumbing]
    return sorted(found, key=lambda op: sum(attr.i for attr in op.attrs if attr.name == "col"))


def graph_of(program: Any, path: Path) -> Graph:  # noqa: ANN401 - a ProgramDesc
    """The graph of a program's first block, without the operators of simulated quantization.

    An operator with a tensor of open shape is in it as one of unknown cost (`OpSpec.is_open`).

    Raises:
        ModelError: An input has an open shape, a shape does not fit, or the program branches.
    """
    if len(program.blocks) > 1:
        raise ModelError(f"{path} has control flow (loops or branches), which has no fixed cost")
    # The optimizer removes these operators as well.
    block = without_rounding(program).blocks[0]
    shapes = shapes_of(block)
    for op in block.ops:
        if op.type == "calib":  # put in by the optimizer between floats and int8, without shapes
            (source,), (result,) = op.inputs[0].arguments, op.outputs[0].arguments
            shapes[result] = shapes.get(result) or shapes.get(source, ())
    feeds = {name: _closed_input(shape, name, path) for name, shape in feed_shapes(program).items()}
    parameters = persistent_tensors(program)
    read = {name for op in block.ops for slot in op.inputs for name in slot.arguments}
    nodes = [
        _node(op, shapes, parameters, read, path)
        for op in block.ops
        if op.type not in {"feed", "fetch"}
    ]
    return Graph(
        nodes=tuple(nodes),
        feeds=feeds,
        fetches=fetch_names(program),
        parameters=_in_order_of_use(parameters, nodes),
        feed_types=feed_types(program, tuple(feeds)),
        feed_bounds=feed_bounds(program, tuple(feeds)),
    )


def _in_order_of_use(parameters: dict[str, Shape], nodes: list[Node]) -> dict[str, Shape]:
    """Parameters in the order in which operators read them; unread ones come last."""
    kinds, read = known_kinds(), list[str]()
    for node in nodes:
        kind = kinds.get(node.spec.kind)
        for slot in node.weights if kind is None else kind.slots:
            read += node.weights.get(slot, ())
    return {name: parameters[name] for name in dict.fromkeys((*read, *parameters))}


def _node(
    op: Any,  # noqa: ANN401
    shapes: dict[str, Shape],
    parameters: dict[str, Shape],
    read: set[str],
    path: Path,
) -> Node:
    kind = known_kinds().get(op.type)
    inputs = _slots(op.inputs, kind.slots if kind else None)
    outputs = _slots(op.outputs, kind.outputs if kind else _read_slots(op, read))
    activations: dict[str, tuple[str, ...]] = {}
    weights: dict[str, tuple[str, ...]] = {}
    for slot, names in inputs.items():
        (weights if all(name in parameters for name in names) else activations)[slot] = names

    def slot_shapes(slots: dict[str, tuple[str, ...]]) -> Shapes:
        return Shapes(
            {
                slot: tuple(_close_shape(shapes.get(name, ())) for name in names)
                for slot, names in slots.items()
            }
        )

    input_shapes, weight_shapes = slot_shapes(activations), slot_shapes(weights)
    attributes = _attributes(op, kind, input_shapes, weight_shapes)
    if kind and kind.row_limit:
        rows = attributes[kind.row_limit]
        assert isinstance(rows, int)  # noqa: S101 - its default says so
        shapes = {**shapes, **_with_rows(outputs, shapes, rows)}
    if any(
        min(shapes.get(name, ()), default=1) < 1
        for slots in (activations, outputs)
        for names in slots.values()
        for name in names
    ):
        attributes = Attributes({**attributes, OPEN_SHAPE: True})
    spec = OpSpec(
        kind=op.type,
        inputs=input_shapes,
        outputs=slot_shapes(outputs),
        weights=weight_shapes,
        attributes=attributes,
    )
    _check_channels(spec, path)
    return Node(
        spec=spec, inputs=Names(activations), outputs=Names(outputs), weights=Names(weights)
    )


def _with_rows(
    slots: dict[str, tuple[str, ...]], shapes: dict[str, Shape], rows: int
) -> dict[str, Shape]:
    """Shapes of tensors with an open first extent, closed by a number of rows."""
    names = [
        name for names in slots.values() for name in names if shapes.get(name, ())[:1] == (-1,)
    ]
    return {name: (max(rows, 1), *shapes[name][1:]) for name in names}


def _check_channels(spec: OpSpec, path: Path) -> None:
    """Checks the number of channels of a convolution, which Paddle checks only in a run."""
    if spec.kind not in {"conv2d", "depthwise_conv2d"} or "Filter" not in spec.weights:
        return
    groups = spec.attributes["groups"]
    assert isinstance(groups, int)  # noqa: S101 - its default says so
    read, wanted = spec.input_shape[1], spec.weights["Filter"][0][1] * groups
    if read != wanted:
        raise ModelError(
            f"{path}: the input shape does not fit the model: a {spec.kind} for {wanted} "
            f"channels is given {read}"
        )


def _slots(given: Any, wanted: tuple[str, ...] | None) -> dict[str, tuple[str, ...]]:  # noqa: ANN401
    return {
        slot.parameter: tuple(slot.arguments)
        for slot in given
        if slot.arguments and (wanted is None or slot.parameter in wanted)
    }


def _read_slots(op: Any, read: set[str]) -> tuple[str, ...]:  # noqa: ANN401
    """Output slots that another operator reads; the rest is scratch space."""
    return tuple(slot.parameter for slot in op.outputs if read.intersection(slot.arguments))


def _closed_input(shape: Shape, name: str, path: Path) -> Shape:
    if any(extent <= 0 for extent in shape):
        raise ModelError(
            f"{path}: the shape {list(shape)} of input {name!r} is open; "
            "give it with --input-shape, such as 1,3,224,224"
        )
    return shape or (1,)


def _close_shape(shape: Shape) -> Shape:
    """A shape with 1 for open extents."""
    return tuple(max(extent, 1) for extent in shape) or (1,)


def _attributes(
    op: Any,  # noqa: ANN401
    kind: OperatorKind | None,
    inputs: Shapes,
    weights: Shapes,
) -> Attributes:
    if kind is None:
        return Attributes()
    values: dict[str, Attribute] = dict(kind.attributes)
    for attribute in op.attrs:
        if attribute.name in values:
            values[attribute.name] = _value(attribute)
    return kind.normal_form(Attributes(values), inputs, weights)


def _value(attribute: Any) -> Attribute:  # noqa: ANN401
    """The value of an attribute by its declared type."""
    value = attribute_value(attribute)
    if isinstance(value, list):
        result: Attribute = freeze([_finite(item) for item in value])
        return result
    finite: Attribute = _finite(value)
    return finite


def _finite(value: Any) -> Any:  # noqa: ANN401 - one of the types of attributes
    return 0.0 if isinstance(value, float) and not math.isfinite(value) else value
