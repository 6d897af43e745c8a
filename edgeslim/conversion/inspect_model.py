"""The whole of ``edgeslim inspect``: what a model is made of and what it costs."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

from edgeslim import ops
from edgeslim.channels.choice import check_pattern, groups_of, matching, not_prunable
from edgeslim.channels.groups import Channels, channels_of
from edgeslim.conversion.model_source import find_model
from edgeslim.conversion.prepare import prepare
from edgeslim.files import temporary_folder
from edgeslim.graph import Graph
from edgeslim.opspec import FLOAT_BYTES, Shape

__all__ = ["Inspection", "inspect", "trainable_parameters"]


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
        channels: What pruning could do to it.
        chosen: Names of the channel groups that the regular expression chooses.
        not_prunable: Why they cannot be pruned, of the parameters that were asked for.
        graph: The network itself.
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
    channels: Channels
    chosen: tuple[str, ...]
    not_prunable: Mapping[str, str]
    graph: Graph


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
        UnknownNameError: The regular expression matches no parameter.
    """
    check_pattern(match)
    source = find_model(model)
    with temporary_folder() as folder:
        prepared = prepare(source, folder, input_shapes=input_shapes)
    graph, channels = prepared.graph, channels_of(prepared.graph)
    asked = matching(graph.parameters, match)
    reasons = {name: not_prunable(channels, name) for name in asked} if match else {}
    kinds = [spec.kind for spec in graph.specs]
    return Inspection(
        name=prepared.name,
        inputs=graph.feeds,
        macs=ops.macs(graph.specs),
        paddleslim1_flops=ops.paddleslim1_flops(graph.specs),
        paddleslim1_flops_python3=ops.paddleslim1_flops(graph.specs, python=3),
        parameters=trainable_parameters(graph),
        size_bytes=FLOAT_BYTES * graph.elements,
        operators={kind: kinds.count(kind) for kind in sorted(set(kinds))},
        parameter_shapes={name: graph.parameters[name] for name in asked},
        changes=prepared.changes,
        channels=channels,
        chosen=groups_of(channels, asked) if match else (),
        not_prunable={name: reason for name, reason in reasons.items() if reason},
        graph=graph,
    )


def trainable_parameters(graph: Graph) -> int:
    """Elements of all persistent tensors of a network but the statistics of batch norms."""
    statistics = {
        name
        for node in graph.nodes
        if node.spec.kind == "batch_norm"
        for slot in ("Mean", "Variance")
        for name in node.weights.get(slot, ())
    }
    return sum(
        math.prod(shape) for name, shape in graph.parameters.items() if name not in statistics
    )
