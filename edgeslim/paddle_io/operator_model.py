"""Models of a single fused operator, written directly as a program.

Tracing and saving a network of one layer takes Paddle a quarter of a second; writing its
description takes a millisecond, and only a description can have the operator as the optimizer
leaves it, with its activation fused.
"""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import numpy as np

from edgeslim.errors import ModelError
from edgeslim.files import write_bytes
from edgeslim.ops import OperatorKind, known_kinds
from edgeslim.opspec import OpSpec, Shape
from edgeslim.paddle_io.parameters import write_parameters
from edgeslim.paddle_io.proto import add_attribute, framework
from edgeslim.paddle_io.unused_parameters import UNUSED_PARAMETER

__all__ = ["write_operator_model"]

_TYPES = {
    "bool": "BOOL",
    "int8": "INT8",
    "int16": "INT16",
    "int32": "INT32",
    "int64": "INT64",
    "uint8": "UINT8",
    "float16": "FP16",
    "float32": "FP32",
    "float64": "FP64",
}
"""Paddle's name of each type of elements, by NumPy's name."""


def write_operator_model(spec: OpSpec, prefix: Path, *, seed: int = 0) -> None:
    """Writes ``prefix.pdmodel`` and ``prefix.pdiparams``.

    Weights are random and of a size that keeps outputs finite: infinities and denormal
    numbers would change the time. Whole numbers that an operator reads, such as the rows
    to choose, are kept in the model: noise would choose rows that are not there.

    Raises:
        ModelError: There is no file in ``edgeslim/ops`` for this kind of operator, or its
            shapes depend on its data.
    """
    kind = known_kinds().get(spec.kind)
    if kind is None:
        raise ModelError(f"no operator kind {spec.kind!r} is known to edgeslim")
    if spec.is_open:
        raise ModelError(f"{spec} cannot be timed alone")
    proto = framework()
    program = proto.ProgramDesc()
    block = program.blocks.add(idx=0, parent_idx=-1)
    _add_plumbing_variable(block, "feed", proto.VarType.FEED_MINIBATCH)
    _add_plumbing_variable(block, "fetch", proto.VarType.FETCH_LIST)
    fed = {slot: shapes for slot, shapes in spec.inputs.items() if slot not in kind.constants}
    inputs = {slot: _names(slot, len(shapes)) for slot, shapes in fed.items()}
    outputs = {slot: _names(slot, len(shapes)) for slot, shapes in spec.outputs.items()}
    for slots, described, element_type in (
        (inputs, fed, kind.element_type(spec)),
        (outputs, spec.outputs, "float32"),
    ):
        for slot, names in slots.items():
            for name, shape in zip(names, described[slot], strict=True):
                _add_tensor(block, name, shape, element_type=element_type)
    for slot in kind.scratch:
        _add_tensor(block, f"scratch_{slot}", (0, *spec.input_shape))
    tensors = _weights(spec, kind, np.random.default_rng(seed))
    weights = {slot: f"w_{slot}" for slot in tensors}
    stored = {weights[slot]: tensor for slot, tensor in tensors.items()} or {
        UNUSED_PARAMETER: np.ones((1,), np.float32)
    }
    for name, tensor in stored.items():
        _add_tensor(block, name, tensor.shape, element_type=tensor.dtype.name, persistable=True)
    _add_operators(block, spec, inputs, outputs, weights)
    write_bytes(prefix.with_suffix(".pdmodel"), program.SerializeToString())
    write_parameters(prefix.with_suffix(".pdiparams"), stored)


def _weights(
    spec: OpSpec, kind: OperatorKind, generator: np.random.Generator
) -> dict[str, np.ndarray[Any, Any]]:
    """The model's parameters by slot."""
    constants: dict[str, np.ndarray[Any, Any]] = {
        slot: np.full(shapes[0], kind.constants[slot], np.int32)
        for slot, shapes in {**spec.inputs, **spec.weights}.items()
        if slot in kind.constants
    }
    random = {
        slot: _random_weight(slot, shapes[0], generator)
        for slot, shapes in spec.weights.items()
        if slot not in kind.constants
    }
    return {**random, **constants}


def _names(slot: str, count: int) -> list[str]:
    return [f"{slot.lower()}_{index}" for index in range(count)]


def _random_weight(
    slot: str, shape: Shape, generator: np.random.Generator
) -> np.ndarray[Any, np.dtype[np.float32]]:
    if slot in {"Variance", "Scale"}:
        return generator.uniform(0.5, 1.5, shape).astype(np.float32)
    fan_in = max(1, math.prod(shape[1:]))
    return (generator.standard_normal(shape, dtype=np.float32)) / np.float32(math.sqrt(fan_in))


def _add_plumbing_variable(block: Any, name: str, kind: int) -> None:  # noqa: ANN401
    variable = block.vars.add(name=name, persistable=True)
    variable.type.type = kind


def _add_tensor(
    block: Any,  # noqa: ANN401
    name: str,
    shape: Shape,
    *,
    element_type: str = "float32",
    persistable: bool = False,
) -> None:
    types = framework().VarType
    variable = block.vars.add(name=name, persistable=persistable)
    variable.type.type = types.DENSE_TENSOR
    variable.type.dense_tensor.tensor.data_type = getattr(types, _TYPES[element_type])
    variable.type.dense_tensor.tensor.dims.extend(shape)


def _add_operators(
    block: Any,  # noqa: ANN401
    spec: OpSpec,
    inputs: dict[str, list[str]],
    outputs: dict[str, list[str]],
    weights: dict[str, str],
) -> None:
    kind = known_kinds()[spec.kind]
    fed = [name for names in inputs.values() for name in names]
    fetched = [name for names in outputs.values() for name in names]
    if kind.is_identity(spec):
        fetched += fed  # a second reader of the input keeps it there
    for column, name in enumerate(fed):
        op = block.ops.add(type="feed")
        op.inputs.add(parameter="X", arguments=["feed"])
        op.outputs.add(parameter="Out", arguments=[name])
        add_attribute(op, "col", column)
    op = block.ops.add(type=spec.kind)
    for slot, names in inputs.items():
        op.inputs.add(parameter=slot, arguments=names)
    for slot, name in weights.items():
        op.inputs.add(parameter=slot, arguments=[name])
    for slot, names in outputs.items():
        op.outputs.add(parameter=slot, arguments=names)
    for slot in kind.scratch:
        op.outputs.add(parameter=slot, arguments=[f"scratch_{slot}"])
    for name, value in {
        **kind.required_attributes,
        **kind.placeholder_attributes(spec),
        **spec.attributes,
    }.items():
        like = kind.attributes.get(name, value)
        add_attribute(op, name, value, like=like, long=name in kind.long_attributes)
    for column, name in enumerate(fetched):
        op = block.ops.add(type="fetch")
        op.inputs.add(parameter="X", arguments=[name])
        op.outputs.add(parameter="Out", arguments=["fetch"])
        add_attribute(op, "col", column)
