"""The limits of a search: which networks meet them, and a start that does."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from edgeslim.durations import LatencyShare, format_ms
from edgeslim.errors import InfeasibleTargetError
from edgeslim.execution import Target
from edgeslim.prediction.population import IntArray, PopulationPredictor
from edgeslim.prediction.population_sizes import PopulationSizes
from edgeslim.prediction.predictor import Predictor
from edgeslim.runs.search_run import SIZE_UNITS, SizeReached
from edgeslim.searching.start_limits import StartLimit
from edgeslim.spaces import Space, Tokens

__all__ = [
    "Array",
    "LatencyLimit",
    "Mask",
    "SearchLimits",
    "SizeLimit",
    "feasible_start",
    "resolve_limit_ms",
]

Array = np.ndarray[Any, np.dtype[np.float64]]
Mask = np.ndarray[Any, np.dtype[np.bool_]]

_LOG = logging.getLogger(__name__)

_RANDOM_NETWORKS = 4_000
"""Number of random networks to look at where walking from the start finds nothing feasible."""


@dataclass(frozen=True, kw_only=True, slots=True)
class LatencyLimit:
    """A limit on the predicted latency on one device.

    Args:
        device: Name of the device.
        predictor: Predicts latencies of the space's networks on it.
        target_ms: The limit in milliseconds.
        confidence: Least probability that the limit is met. At 0.5 the prediction itself is
            limited; above, the upper bound of an interval around it.
    """

    device: str
    predictor: PopulationPredictor
    target_ms: float
    confidence: float

    def latencies_ms(self, population: IntArray) -> Array:
        """Predicted latency of each network, nan where the table has nothing like an operator."""
        return self.predictor.latencies_ms(population)

    def limited_values(self, population: IntArray) -> Array:
        """Upper bounds on the networks' latencies at the asked confidence, in milliseconds.

        By a table that has too few whole networks for intervals, they are the latencies.
        """
        if not self.predictor.predictor.calibration.has_intervals:
            return self.latencies_ms(population)
        latencies_ms, half_widths_ms = self.predictor.intervals_ms(
            population, confidence=2 * self.confidence - 1
        )
        return latencies_ms + half_widths_ms

    def are_met(self, population: IntArray) -> Mask:
        """Whether each network is within the limit; without a prediction, it is not."""
        met: Mask = self.limited_values(population) <= self.target
        return met

    def format_value(self, value: float) -> str:
        """Formats a latency on the device, rounded up."""
        return f"{format_ms(value, round_up=True)} on {self.device}"

    @property
    def target(self) -> float:
        """The limit in milliseconds."""
        return self.target_ms

    @property
    def target_text(self) -> str:
        """The limit as text for people."""
        return f"{format_ms(self.target_ms)} on {self.device}"


@dataclass(frozen=True, kw_only=True, slots=True)
class SizeLimit:
    """A limit on one size of networks.

    Args:
        what: The size: ``macs``, ``paddleslim1-flops``, ``parameters`` or ``bytes``.
        sizes: Sizes of the space's networks.
        target: Largest size that is allowed.
    """

    what: str
    sizes: PopulationSizes
    target: float

    def limited_values(self, population: IntArray) -> Array:
        """The size of each network."""
        if self.what == "paddleslim1-flops":
            return self.sizes.paddleslim1_flops(population).astype(np.float64)
        sizes = self.sizes.of(population)
        known = {
            "macs": sizes.macs,
            "parameters": sizes.parameters,
            "bytes": sizes.file_bytes,
        }
        return known[self.what].astype(np.float64)

    def format_value(self, value: float) -> str:
        """Formats a size with its unit."""
        return f"{value:,.0f} {SIZE_UNITS.get(self.what, self.what)}"

    @property
    def target_text(self) -> str:
        """The limit as text for people."""
        return self.format_value(self.target)


AnyLimit = LatencyLimit | SizeLimit | StartLimit


@dataclass(frozen=True, kw_only=True, slots=True)
class SearchLimits:
    """All limits of a search, at least one.

    Args:
        space: Space that is searched.
        latencies: Limits on latencies, one for each device.
        sizes: Sizes of the space's networks.
        size_limits: Limits on sizes of networks.
        start_limits: Limits on memory, load and the first run, for any of the devices.
    """

    space: Space
    latencies: tuple[LatencyLimit, ...]
    sizes: PopulationSizes
    size_limits: tuple[SizeLimit, ...] = ()
    start_limits: tuple[StartLimit, ...] = ()

    def are_met(self, population: Sequence[Tokens]) -> Mask:
        """Whether each network is within all limits, ``(networks,)``."""
        if not len(population):
            return np.zeros(0, np.bool_)
        tokens = np.asarray(population, np.int64)
        # Starts are predicted network by network, and only of those that meet all else.
        met: Mask = _excess_of((*self.latencies, *self.size_limits), tokens) <= 0.0
        if self.start_limits:
            met[met] = _excess_of(self.start_limits, tokens[met]) <= 0.0
        return met

    def excess(self, population: Sequence[Tokens]) -> Array:
        """Largest violation of a limit by each network, relative to the limit.

        Zero or less is within all limits; it is infinite where a latency has no prediction.
        """
        return _excess_of(self._all(), np.asarray(population, np.int64))

    @property
    def target(self) -> Target:
        """Target for which the sizes of converted networks are counted."""
        return self.sizes.target

    def sizes_reached(self, tokens: Tokens) -> tuple[SizeReached, ...]:
        """Each limited size of a network, beside its limit."""
        one = np.array([tokens], np.int64)
        return tuple(
            SizeReached(
                what=limit.what,
                allowed=int(limit.target),
                reached=int(limit.limited_values(one)[0]),
            )
            for limit in self.size_limits
        )

    def costs(self, population: Sequence[Tokens]) -> Array:
        """Predicted latency on each device and the parameters, ``(networks, devices + 1)``."""
        tokens = np.asarray(population, np.int64)
        columns = [limit.latencies_ms(tokens) for limit in self.latencies]
        return np.column_stack([*columns, self.sizes.of(tokens).parameters])

    def predicted_ms(self, tokens: Tokens) -> tuple[float, ...]:
        """Predicted latency of a network on each device."""
        one = np.array([tokens], np.int64)
        return tuple(float(limit.latencies_ms(one)[0]) for limit in self.latencies)

    def describe_missed(self, tokens: Tokens) -> str:
        """Text that names the limits that a network misses; empty if it meets all."""
        return " and ".join(
            f"{limit.format_value(value)} where {limit.target_text} are allowed"
            for limit, value in self.values(tokens)
            if not value <= limit.target
        )

    def describe_values(self, tokens: Tokens) -> str:
        """Text with a network's value of everything that is limited."""
        return " and ".join(limit.format_value(value) for limit, value in self.values(tokens))

    def values(self, tokens: Tokens) -> Iterator[tuple[AnyLimit, float]]:
        """Each limit, with a network's value of what it limits."""
        one = np.array([tokens], np.int64)
        for limit in self._all():
            yield limit, float(limit.limited_values(one)[0])

    def _all(self) -> tuple[AnyLimit, ...]:
        return (*self.latencies, *self.size_limits, *self.start_limits)


def _excess_of(limits: Sequence[AnyLimit], tokens: IntArray) -> Array:
    """Largest violation of some limits by each network, as `SearchLimits.excess`."""
    shares = np.column_stack([limit.limited_values(tokens) / limit.target for limit in limits])
    worst: Array = shares.max(axis=1) - 1.0
    return np.where(np.isnan(worst), np.inf, worst)


def resolve_limit_ms(limit: float | LatencyShare, space: Space, predictor: Predictor) -> float:
    """A latency limit in milliseconds; a share is of what the space's start is predicted to take.

    Args:
        limit: The limit in milliseconds, or the share, of which a warning says what it comes to.
        space: The space whose start it is.
        predictor: Predicts latencies by the table of the limit's device.

    Raises:
        MissingLatencyError: The table has nothing like some operators of the start.
    """
    if not isinstance(limit, LatencyShare):
        return limit
    context = predictor.table.context
    start = space.operators(space.initial_tokens, context.fused_for)
    start_ms = predictor.total_ms(start)
    limit_ms = limit.of(start_ms)
    _LOG.warning(
        "%s of the %s that the start of %s is predicted to take on %s: the limit is %s",
        *(limit, format_ms(start_ms), space.name, context.device, format_ms(limit_ms)),
    )
    return limit_ms


def feasible_start(limits: SearchLimits, seed: int) -> Tokens:
    """The space's own start if it meets the limits, or else a network near it that does.

    Changes the token that lessens the largest violation most, again and again; where that ends
    outside the limits, it begins again at the best of some thousand random networks.

    Raises:
        InfeasibleTargetError: No network found is within all limits; the message has the nearest.
    """
    ranges = limits.space.ranges
    nearest = _walk_to_feasible(limits, limits.space.initial_tokens)
    if not limits.are_met([nearest])[0]:
        drawn = np.random.default_rng(seed).integers(0, ranges, (_RANDOM_NETWORKS, len(ranges)))
        tokens = [nearest, (0,) * len(ranges), *(tuple(map(int, row)) for row in drawn)]
        best = tokens[int(np.argmin(limits.excess(tokens)))]
        nearest = min(
            (nearest, _walk_to_feasible(limits, best)), key=lambda tokens: _excess(limits, tokens)
        )
    if not limits.are_met([nearest])[0]:
        raise InfeasibleTargetError(_infeasible_text(limits, nearest))
    return nearest


def _walk_to_feasible(limits: SearchLimits, start: Tokens) -> Tokens:
    """The network that a descent on the largest violation by single tokens ends at."""
    current, excess = start, _excess(limits, start)
    while excess > 0:
        neighbours = _neighbours(current, limits.space.ranges)
        found = limits.excess(neighbours) if neighbours else np.empty(0)
        if not found.size or not found.min() < excess:
            break
        current, excess = neighbours[int(np.argmin(found))], float(found.min())
    return current


def _excess(limits: SearchLimits, tokens: Tokens) -> float:
    return float(limits.excess([tokens])[0])


def _infeasible_text(limits: SearchLimits, nearest: Tokens) -> str:
    name = limits.space.name
    if len(limits.latencies) == 1 and not (limits.size_limits or limits.start_limits):
        (limit,) = limits.latencies
        (_, value), *_ = limits.values(nearest)
        sure = f" with confidence {limit.confidence:g}" if limit.confidence > 0.5 else ""
        return (
            f"no network of {name} is predicted to run in {format_ms(limit.target_ms)}{sure}; "
            f"the fastest takes {format_ms(value, round_up=True)}"
        )
    return (
        f"no network of {name} was found within all limits; the nearest takes "
        f"{limits.describe_values(nearest)}: that is {limits.describe_missed(nearest)}"
    )


def _neighbours(tokens: Tokens, ranges: Tokens) -> list[Tokens]:
    return [
        (*tokens[:place], value, *tokens[place + 1 :])
        for place, size in enumerate(ranges)
        for value in range(size)
        if value != tokens[place]
    ]
