"""The largest networks of a space that are predicted to run within a limit.

No network is built or trained: among networks of one space, multiply-accumulates are a rough
proxy of accuracy, and only a latency table is needed, also of a device that is not here.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated

import numpy as np

from edgeslim.conversion.find_space import find_space
from edgeslim.conversion.shape_options import SPACE_SHAPE
from edgeslim.durations import LatencyShare, format_ms, parse_latency
from edgeslim.errors import InfeasibleTargetError, UsageError
from edgeslim.latency_table import LatencyTable
from edgeslim.opspec import Shape
from edgeslim.options import ARGUMENT, OPTION, called_with
from edgeslim.prediction.population import IntArray, PopulationPredictor
from edgeslim.prediction.predictor import Predictor
from edgeslim.progress import SILENT, Progress
from edgeslim.searching.limits import resolve_limit_ms
from edgeslim.spaces import Space, Tokens, every_operator

__all__ = ["LargestNetworks", "LargestRequest", "SizedNetwork", "largest"]

_ALL_OF = 50_000_000
"""Spaces up to this size are enumerated; larger ones are sampled, and the best are mutated."""
_CHUNK = 200_000
_DRAWN = 1_000_000
_KEPT = 1_000
_ROUNDS = 40


@dataclass(frozen=True, kw_only=True, slots=True)
class SizedNetwork:
    """A network with its predicted latency and its multiply-accumulate operations."""

    tokens: Tokens
    predicted_ms: float
    macs: int


@dataclass(frozen=True, kw_only=True, slots=True)
class LargestNetworks:
    """The largest networks within a latency limit.

    Args:
        networks: The networks, largest first.
        whole_space: Whether every network of the space was evaluated.
        left_out: How many operators of each kind the table's convention leaves out of the
            first network's latency.
    """

    networks: tuple[SizedNetwork, ...]
    whole_space: bool
    left_out: dict[str, int]


@dataclass(frozen=True, kw_only=True, slots=True)
class LargestRequest:
    """What can be asked of `largest`."""

    space: Annotated[str, ARGUMENT] = field(kw_only=False)
    """The search space: a name, or space.py of your own."""
    target_ms: Annotated[float | LatencyShare, OPTION("--target-latency", parse=parse_latency)] = (
        field(kw_only=False)
    )
    """The limit: 15ms, or 75% of what the space's start is predicted to take."""
    table: Annotated[Path, OPTION] = field(kw_only=False)
    """Latency table of the device, which need not be here."""
    count: Annotated[int, OPTION] = 10
    """How many networks to list."""
    input_shape: Annotated[Shape | None, SPACE_SHAPE] = None
    """Input shape of the networks, if not the space's own: 1,3,224,224."""
    num_classes: Annotated[int | None, OPTION("--classes")] = None
    """Width of their output, if not the space's own."""
    seed: int = 0
    """Seed of what is drawn from a space that is too large to be looked at whole."""
    progress: Progress = SILENT
    """Shows how far it is."""


@called_with(LargestRequest)
def largest(request: LargestRequest) -> LargestNetworks:
    """Finds the networks of a space that do the most work within a latency.

    Raises:
        UsageError: An unknown space, or a count below one.
        BadFileError: The table is none.
        MissingLatencyError: The table lacks operators of every network.
        InfeasibleTargetError: No network that was looked at is within the limit.
    """
    count, progress = request.count, request.progress
    if count < 1:
        raise UsageError(f"count must be at least 1, not {count}")
    family = find_space(request.space, progress=progress)
    chosen = family.space(request.input_shape, request.num_classes)
    predictor = Predictor(LatencyTable.read(request.table))
    target_ms = resolve_limit_ms(request.target_ms, chosen, predictor)
    population = PopulationPredictor(predictor, chosen)
    size = math.prod(chosen.ranges)
    whole = size <= _ALL_OF
    generator = np.random.default_rng(request.seed)
    best, fastest_ms = np.empty((0, len(chosen.ranges)), np.int64), math.inf
    with progress.stage("networks", size if whole else _DRAWN + _ROUNDS * _KEPT) as stage:
        for tokens in _all_networks(chosen) if whole else _draw_networks(chosen, generator):
            best, fastest = _keep_best(population, np.vstack([best, tokens]), target_ms)
            fastest_ms = min(fastest_ms, fastest)
            stage.advance(len(tokens))
        for _ in range(0 if whole or not len(best) else _ROUNDS):
            best, _ = _keep_best(
                population, np.vstack([best, _mutate(best, chosen, generator)]), target_ms
            )
            stage.advance(_KEPT)
    if not len(best) and math.isinf(fastest_ms):
        known = predictor.table
        operators = every_operator(chosen, known.context.fused_for)
        raise predictor.missing_error(predictor.rows.missing_of(operators))
    if not len(best):
        raise InfeasibleTargetError(
            f"no network of {chosen.name} is predicted to run in {format_ms(target_ms)}; "
            f"the fastest takes {format_ms(fastest_ms, round_up=True)}"
        )
    latencies_ms, macs = population.latencies_and_macs(best[:count])
    networks = tuple(
        SizedNetwork(tokens=tuple(map(int, tokens)), predicted_ms=float(ms), macs=round(work))
        for tokens, ms, work in zip(best, latencies_ms, macs, strict=False)
    )
    target = predictor.table.context.fused_for
    first = predictor.predict(chosen.operators(networks[0].tokens, target))
    return LargestNetworks(networks=networks, whole_space=whole, left_out=first.excluded_kinds)


def _all_networks(space: Space) -> Iterator[IntArray]:
    size = math.prod(space.ranges)
    for first in range(0, size, _CHUNK):
        indices = np.arange(first, min(first + _CHUNK, size))
        yield np.stack(np.unravel_index(indices, space.ranges), axis=1)


def _draw_networks(space: Space, generator: np.random.Generator) -> Iterator[IntArray]:
    for _ in range(0, _DRAWN, _CHUNK):
        yield generator.integers(0, space.ranges, (_CHUNK, len(space.ranges)))


def _mutate(tokens: IntArray, space: Space, generator: np.random.Generator) -> IntArray:
    """Each network with one or two tokens replaced by random ones."""
    changed = tokens.copy()
    for _ in range(2):
        places = generator.integers(0, len(space.ranges), len(tokens))
        values = generator.integers(0, np.array(space.ranges)[places])
        changed[np.arange(len(tokens)), places] = values
    return changed


def _keep_best(
    population: PopulationPredictor, tokens: IntArray, target_ms: float
) -> tuple[IntArray, float]:
    """The largest networks within the limit, without repetition, and the lowest latency."""
    latencies_ms, macs = population.latencies_and_macs(tokens)
    within = np.flatnonzero(latencies_ms <= target_ms)
    order = within[np.lexsort((latencies_ms[within], -macs[within]))][: 2 * _KEPT]
    _, first = np.unique(tokens[order], axis=0, return_index=True)
    known = latencies_ms[np.isfinite(latencies_ms)]
    return tokens[order[np.sort(first)]][:_KEPT], float(known.min(initial=math.inf))
