"""The workload of a profile run: operators, and whole networks that are ready for the device.

Each pass times the operator hot, and after some megabytes of memory were touched, half written and
half read, with the input written anew as the operator before it would do. Whole networks are timed
before and after the operators; those of a space are its start, its smallest and largest, and
networks as unlike each other as can be found.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import msgspec

from edgeslim.channels.groups import channels_of
from edgeslim.conversion.optimized import optimize_and_fuse
from edgeslim.conversion.prepare import PreparedModel, prepare_layer
from edgeslim.errors import BadFileError, EdgeslimError
from edgeslim.execution import Precision
from edgeslim.files import read_bytes
from edgeslim.measuring.networks import OptimizedNetwork
from edgeslim.opspec import OpSpec, decode_hook
from edgeslim.paddle_io.importing import load_paddle
from edgeslim.paddle_io.quantized_program import is_quantized
from edgeslim.profiling.diverse_networks import diverse_tokens
from edgeslim.profiling.prunable_range import (
    EVEN_VERSIONS,
    prunable_operators,
    write_pruned_versions,
)
from edgeslim.progress import SILENT, Progress
from edgeslim.rewriting.choose import form_operators
from edgeslim.rewriting.network import Network
from edgeslim.spaces import Space, Tokens, operator_use
from edgeslim.targets import Place

__all__ = [
    "SpaceSample",
    "Workload",
    "build_networks",
    "model_workload",
    "network_name",
    "operator_workload",
    "optimize_networks",
    "space_workload",
]


@dataclass(frozen=True, kw_only=True, slots=True)
class Workload:
    """Everything that a profile run may measure.

    Args:
        uses: Mean count in a network of each operator.
        networks: Whole networks, ready for the device.
        first: Operators that are measured before all others.
    """

    uses: Mapping[OpSpec, float]
    networks: tuple[OptimizedNetwork, ...] = ()
    first: tuple[OpSpec, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class SpaceSample:
    """The choice of a space's networks that are measured.

    Args:
        count: Number of networks to measure.
        seed: Seed of the random networks that they are chosen from.
        known: Names of networks that are measured already.
    """

    count: int
    seed: int
    known: frozenset[str]


def network_name(space: Space, tokens: Tokens) -> str:
    """Name of a space's network in tables and files."""
    size = "x".join(map(str, space.input_shape))
    return f"{space.name}-{size}-c{space.num_classes}-{'.'.join(map(str, tokens))}"


def space_workload(
    space: Space, place: Place, folder: Path, *, plan: SpaceSample, progress: Progress = SILENT
) -> Workload:
    """The workload of a space: all its operators, and networks from its smallest to its largest."""
    wanted = [
        tokens
        for tokens in diverse_tokens(space, plan.count, place.target, plan.seed)
        if network_name(space, tokens) not in plan.known
    ]
    return Workload(
        uses=operator_use(space, place.target),
        networks=tuple(build_networks(space, wanted, place, folder, progress=progress)),
    )


def model_workload(
    model: PreparedModel, place: Place, folder: Path, *, prunable: bool, rewrites: bool = False
) -> Workload:
    """The workload of a model: its fused operators, itself, and other versions of it.

    Args:
        model: The model as it was prepared.
        place: Kernels, precision and threads that it runs with.
        folder: Folder that its files are written to.
        prunable: Whether its pruned versions are included: their operators, and some of them as
            whole networks, which show how well such versions are predicted.
        rewrites: Whether operators are included that other forms of the same function have.
    """
    if not prunable:
        (network,) = optimize_networks([model], place, folder)
        uses = {spec: float(count) for spec, count in Counter(network.graph.specs).items()}
        others = _form_operators(model, place) if rewrites else []
        return Workload(uses={**dict.fromkeys(others, 1.0), **uses}, networks=(network,))
    channels = channels_of(model.graph)
    models = [model, *write_pruned_versions(model, channels, folder)]
    networks = tuple(optimize_networks(models, place, folder))
    # The fit needs networks with all operators known: the model, and uniform versions.
    even = networks[: 1 + EVEN_VERSIONS]
    return Workload(
        uses={
            **dict.fromkeys((spec for network in networks for spec in network.graph.specs), 1.0),
            **prunable_operators(networks[0].graph, channels),
        },
        networks=networks,
        first=tuple(dict.fromkeys(spec for network in even for spec in network.graph.specs)),
    )


def _form_operators(model: PreparedModel, place: Place) -> list[OpSpec]:
    """Operators of other forms of a model, if it computes in 32-bit floats."""
    network = Network.read(model.prefix)
    if place.precision is not Precision.FP32 or is_quantized(network.program()):
        return []
    return form_operators(network, place.target)


def operator_workload(path: Path) -> Workload:
    """The workload of a file with one operator a line.

    Raises:
        BadFileError: The file cannot be read, or a line is no operator; the message has the place.
    """
    decoder = msgspec.json.Decoder(OpSpec, dec_hook=decode_hook)
    specs = []
    for number, line in enumerate(read_bytes(path).splitlines(), start=1):
        if not line.strip():
            continue
        try:
            specs.append(decoder.decode(line))
        except (msgspec.DecodeError, ValueError) as error:
            raise BadFileError(f"{path}:{number}: {error}") from error
    return Workload(uses=dict.fromkeys(specs, 1.0))


def build_networks(
    space: Space,
    wanted: Sequence[Tokens],
    place: Place,
    folder: Path,
    *,
    progress: Progress = SILENT,
) -> Iterator[OptimizedNetwork]:
    """Builds networks of a space with fresh weights, and optimizes them for the device.

    Raises:
        ProgramError, ModelError: ``opt`` cannot convert one, or its cost is not fixed.
    """
    models = []
    with progress.stage("networks built", len(wanted)) as stage:
        for tokens in wanted:
            load_paddle()
            name = network_name(space, tokens)
            models.append(
                prepare_layer(space.build(tokens), space.input_shape, folder / name, name=name)
            )
            stage.advance()
    yield from optimize_networks(models, place, folder)


def optimize_networks(
    models: Sequence[PreparedModel], place: Place, folder: Path
) -> Iterator[OptimizedNetwork]:
    """Optimizes prepared models for the device; raises as `build_networks`."""
    results = optimize_and_fuse(models, place.target, folder, place=place) if models else []
    for model, result in zip(models, results, strict=True):
        if isinstance(result, EdgeslimError):
            raise result
        file, graph = result
        yield OptimizedNetwork(name=model.name, file=file, graph=graph)
