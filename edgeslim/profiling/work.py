"""What a profile run measures: operators, and whole networks made ready for the device."""

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
from edgeslim.files import read_bytes
from edgeslim.measuring.networks import OptimizedNetwork
from edgeslim.opspec import OpSpec, decode_hook
from edgeslim.paddle_io.importing import load_paddle
from edgeslim.profiling.prunable_range import EVEN_VERSIONS, prunable_range, pruned_versions
from edgeslim.profiling.telling_networks import telling_tokens
from edgeslim.progress import SILENT, Progress
from edgeslim.spaces import Space, Tokens, operator_use
from edgeslim.targets import Place

__all__ = [
    "SpacePlan",
    "Work",
    "model_work",
    "network_name",
    "operator_work",
    "optimized_networks",
    "space_networks",
    "space_work",
]


@dataclass(frozen=True, kw_only=True, slots=True)
class Work:
    """What is to be measured.

    Args:
        uses: Operators, and how often each is used: its mean count in a network.
        networks: Whole networks, ready for the device.
        first: Operators that come before all others.
    """

    uses: Mapping[OpSpec, float]
    networks: tuple[OptimizedNetwork, ...] = ()
    first: tuple[OpSpec, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class SpacePlan:
    """Which networks of a space are measured.

    Args:
        count: How many.
        seed: Of the random networks that they are chosen from.
        known: Names of networks that are measured already.
    """

    count: int
    seed: int
    known: frozenset[str]


def network_name(space: Space, tokens: Tokens) -> str:
    """Name of a space's network in tables and files."""
    size = "x".join(map(str, space.input_shape))
    return f"{space.name}-{size}-c{space.num_classes}-{'.'.join(map(str, tokens))}"


def space_work(
    space: Space, place: Place, folder: Path, *, plan: SpacePlan, progress: Progress = SILENT
) -> Work:
    """Every operator of a space, and networks from its smallest to its largest."""
    wanted = [
        tokens
        for tokens in telling_tokens(space, plan.count, place.target, plan.seed)
        if network_name(space, tokens) not in plan.known
    ]
    return Work(
        uses=operator_use(space, place.target),
        networks=tuple(space_networks(space, wanted, place, folder, progress=progress)),
    )


def model_work(model: PreparedModel, place: Place, folder: Path, *, prunable: bool) -> Work:
    """The fused operators of a model, and the model itself and pruned versions of it.

    Args:
        model: The model.
        place: Where it runs.
        folder: Where its files go.
        prunable: Whether its pruned versions are wanted too: their operators, and some of
            them as whole networks, for without them nobody knows how well they are predicted.
    """
    if not prunable:
        (network,) = optimized_networks([model], place, folder)
        specs = network.graph.specs
        return Work(
            uses={spec: float(count) for spec, count in Counter(specs).items()},
            networks=(network,),
        )
    channels = channels_of(model.graph)
    models = [model, *pruned_versions(model, channels, folder)]
    networks = tuple(optimized_networks(models, place, folder))
    # The fit needs networks of which every operator is known: the model, and even versions.
    even = networks[: 1 + EVEN_VERSIONS]
    return Work(
        uses={
            **dict.fromkeys((spec for each in networks for spec in each.graph.specs), 1.0),
            **prunable_range(networks[0].graph, channels),
        },
        networks=networks,
        first=tuple(dict.fromkeys(spec for each in even for spec in each.graph.specs)),
    )


def operator_work(path: Path) -> Work:
    """Operators from a file with one to a line.

    Raises:
        BadFileError: Unreadable, or a line is no operator; the message has the place.
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
    return Work(uses=dict.fromkeys(specs, 1.0))


def space_networks(
    space: Space,
    wanted: Sequence[Tokens],
    place: Place,
    folder: Path,
    *,
    progress: Progress = SILENT,
) -> Iterator[OptimizedNetwork]:
    """Networks of a space, built with fresh weights and made ready for the device.

    Raises:
        ProgramError, ModelError: ``opt`` cannot convert one, or it has no fixed cost.
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
    yield from optimized_networks(models, place, folder)


def optimized_networks(
    models: Sequence[PreparedModel], place: Place, folder: Path
) -> Iterator[OptimizedNetwork]:
    """Prepared models made ready for the device; raises as `space_networks`."""
    results = optimize_and_fuse(models, place.target, folder, place=place) if models else []
    for model, result in zip(models, results, strict=True):
        if isinstance(result, EdgeslimError):
            raise result
        file, graph = result
        yield OptimizedNetwork(name=model.name, file=file, graph=graph)
