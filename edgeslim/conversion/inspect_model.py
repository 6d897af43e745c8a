"""The whole of ``edgeslim inspect``: the operators, parameters and costs of a model."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated

from edgeslim import ops
from edgeslim.channels.choice import check_pattern, groups_of, match_parameters, why_not_prunable
from edgeslim.channels.groups import Channels, channels_of
from edgeslim.conversion.model_source import find_model
from edgeslim.conversion.precisions import model_for_precision, precisions_of, rewrite_for_place
from edgeslim.conversion.prepare import PreparedModel, prepare
from edgeslim.conversion.shape_options import INPUT_SHAPES
from edgeslim.errors import UsageError
from edgeslim.execution import Target
from edgeslim.files import new_folder, temporary_folder
from edgeslim.graph import Graph
from edgeslim.opspec import FLOAT_BYTES, Shape
from edgeslim.options import ARGUMENT, OPTION, called_with, parse_names
from edgeslim.paddle_io.program_operators import operators_of
from edgeslim.paddle_io.proto import read_program
from edgeslim.targets import Law, Operator, Place, read_laws

__all__ = ["InspectRequest", "Inspection", "MetLaw", "inspect", "trainable_parameters"]


@dataclass(frozen=True, kw_only=True, slots=True)
class MetLaw:
    """An operator that kernels of a place compute wrongly.

    Args:
        place: Kernels, precision and threads that it would run with.
        law: The law about these kernels.
        operator: The operator that meets it.
        is_rewritten: Whether it is rewritten in a form that is right; else the model is refused.
    """

    place: Place
    law: Law
    operator: Operator
    is_rewritten: bool


@dataclass(frozen=True, kw_only=True, slots=True)
class Inspection:
    """Facts of a model before any fusion.

    Args:
        name: Short name of the model.
        inputs: Shape of each input by name.
        macs: Multiply-accumulate operations for one image.
        paddleslim1_flops: The count of PaddleSlim 1.x that published numbers are in; see
            `edgeslim.ops.paddleslim1_flops`.
        paddleslim1_flops_python3: The same counter under Python 3.
        parameters: Number of trainable parameters: batch norm statistics are not.
        size_bytes: Size of all persistent tensors, the statistics included.
        operators: How often each kind of operator occurs.
        parameter_shapes: Shape of each listed persistent tensor, by name.
        changes: Phrases that say what is rewritten for Paddle-Lite.
        channels: Channel groups, which pruning could narrow.
        chosen: Names of the channel groups that the regular expression chooses.
        not_prunable: Listed parameters that cannot be pruned, with the reason.
        graph: Graph of the network before any fusion.
        met: Laws of the requested places that its operators meet; see `edgeslim.targets`.
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
    met: tuple[MetLaw, ...] = ()

    @property
    def refusals(self) -> tuple[MetLaw, ...]:
        """Met laws that keep it from being converted for one of the places."""
        return tuple(law for law in self.met if not law.is_rewritten)


@dataclass(frozen=True, kw_only=True, slots=True)
class InspectRequest:
    """What can be asked of `inspect`."""

    model: Annotated[str, ARGUMENT] = field(kw_only=False)
    """Saved model, file.py:function, or a name."""
    match: Annotated[str, OPTION] = ""
    """Regular expression: list the parameters whose names it matches."""
    input_shapes: Annotated[Mapping[str, Shape] | None, INPUT_SHAPES] = None
    """Shape of an open input: 1,3,224,224 or name=..."""
    targets: Annotated[Sequence[Target], OPTION("--target")] = ()
    """List its operators that this target's kernels get wrong; repeatable."""
    precisions: Annotated[Sequence[str], OPTION(parse=parse_names)] = ()
    """Precisions for --target: fp32,fp16; by default its own."""
    threads: Annotated[int | None, OPTION] = None
    """Number of threads for --target; by default several."""
    laws: Annotated[Path | None, OPTION] = None
    """TOML file with laws of another version of Paddle-Lite's kernels."""

    def check(self) -> None:
        """Checks what can be checked before the model is looked at.

        Raises:
            UsageError: Something is said of a target, and there is none; or a wrong expression.
        """
        if not self.targets and (self.precisions or (self.threads, self.laws) != (None, None)):
            raise UsageError(
                "--precisions, --threads and --laws say more of --target; give it as well"
            )
        check_pattern(self.match)


@called_with(InspectRequest)
def inspect(request: InspectRequest) -> Inspection:
    """Inspects a model.

    Raises:
        UsageError, BadFileError, ModelError: The model cannot be found, read or prepared.
        UnknownNameError: The regular expression matches no parameter.
    """
    request.check()
    source, match = find_model(request.model), request.match
    book = None if request.laws is None else read_laws(request.laws)
    with temporary_folder() as folder:
        prepared = prepare(source, folder / "model", input_shapes=request.input_shapes)
        places = [
            Place.of(target, precision, request.threads, book)
            for target in dict.fromkeys(request.targets)
            for precision in precisions_of(request.precisions, prepared, target)
        ]
        met = tuple(law for place in places for law in _met_laws(prepared, place, folder))
    graph, channels = prepared.graph, channels_of(prepared.graph)
    asked = match_parameters(graph.parameters, match)
    reasons = {name: why_not_prunable(channels, name) for name in asked} if match else {}
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
        met=met,
    )


def _met_laws(model: PreparedModel, place: Place, folder: Path) -> list[MetLaw]:
    """Laws of a place that operators of a model meet."""
    scratch = folder / f"{place.target.value}.{place.precision.value}"
    source = model_for_precision(model, place.precision, scratch / "floats")
    written = rewrite_for_place(source, place, new_folder(scratch))
    refusals = place.violations(operators_of(read_program(written.program)))
    return [
        MetLaw(
            place=place, law=violation.law, operator=violation.operator, is_rewritten=is_rewritten
        )
        for found, is_rewritten in ((refusals, False), (written.rewritten, True))
        for violation in found
        if violation.law.is_about(place)
    ]


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
