"""The whole of ``edgeslim inspect``: what a model is made of and what it costs."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass

from edgeslim import ops
from edgeslim.conversion.model_source import find_model
from edgeslim.conversion.prepare import prepare
from edgeslim.errors import UsageError
from edgeslim.files import temporary_folder
from edgeslim.opspec import FLOAT_BYTES, Shape

__all__ = ["Inspection", "inspect"]


@dataclass(frozen=True, kw_only=True, slots=True)
class Inspection:
    """A model before any fusion.

    Args:
        name: Short name.
        inputs: Shape of each input by name.
        macs: Multiply-accumulate operations for one image.
        paddleslim1_flops: The count of PaddleSlim 1.x that published numbers are in; see
            `edgeslim.ops.paddleslim1_flops`.
        paddleslim1_flops_python3: The same counter under Python 3.
        parameters: Number of trainable parameters: batch norm statistics are not.
        size_bytes: Size of all persistent tensors, the statistics included.
        operators: How often each kind of operator occurs.
        parameter_shapes: Shape of each persistent tensor that was asked for, by name.
        changes: What is rewritten for Paddle-Lite, a phrase each.
    """

    name: str
    inputs: Mapping[str, Shape]
    macs: int
    paddleslim1_flops: int
    paddleslim1_flops_python3: int
    parameters: int
    size_bytes: int
    operators: Mapping[str, int]
    parameter_shapes: Mapping[str, Shape]
    changes: tuple[str, ...]


def inspect(
    model: str, *, match: str = "", input_shapes: Mapping[str, Shape] | None = None
) -> Inspection:
    """Looks into a model.

    Args:
        model: A model, as on the command line.
        match: Regular expression; only parameters whose names it matches from their start
            are listed, as in PaddleSlim 1.x.
        input_shapes: Shapes of open inputs by name, or under an empty name.

    Raises:
        UsageError, BadFileError, ModelError: The model is not what it should be.
    """
    try:
        pattern = re.compile(match)
    except re.error as error:
        raise UsageError(f"{match!r} is not a regular expression: {error}") from error
    source = find_model(model)
    with temporary_folder() as folder:
        prepared = prepare(source, folder, input_shapes=input_shapes)
    graph = prepared.graph
    statistics = {
        name
        for node in graph.nodes
        if node.spec.kind == "batch_norm"
        for slot in ("Mean", "Variance")
        for name in node.weights.get(slot, ())
    }
    kinds = [spec.kind for spec in graph.specs]
    sizes = {name: math.prod(shape) for name, shape in graph.parameters.items()}
    return Inspection(
        name=prepared.name,
        inputs=graph.feeds,
        macs=ops.macs(graph.specs),
        paddleslim1_flops=ops.paddleslim1_flops(graph.specs),
        paddleslim1_flops_python3=ops.paddleslim1_flops(graph.specs, python=3),
        parameters=sum(size for name, size in sizes.items() if name not in statistics),
        size_bytes=FLOAT_BYTES * sum(sizes.values()),
        operators={kind: kinds.count(kind) for kind in sorted(set(kinds))},
        parameter_shapes={
            name: shape for name, shape in graph.parameters.items() if pattern.match(name)
        },
        changes=prepared.changes,
    )
