"""The limits of a search: what they allow, where they are met, and what is out of reach."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from edgeslim.durations import format_ms
from edgeslim.errors import InfeasibleTargetError
from edgeslim.execution import Target
from edgeslim.prediction.population import IntArray, PopulationPredictor
from edgeslim.prediction.population_sizes import PopulationSizes
from edgeslim.runs.search_run import SIZE_UNITS, SizeReached
from edgeslim.spaces import Space, Tokens

__all__ = [
    "Array",
    "LatencyLimit",
    "Limits",
    "Mask",
    "SizeLimit",
    "feasible_start",
]

Array = np.ndarray[Any, np.dtype[np.float64]]
Mask = np.ndarray[Any, np.dtype[np.bool_]]

_DRAWN = 4_000
"""Random networks that are looked at where walking down from the start leads nowhere."""


@dataclass(frozen=True, kw_only=True, slots=True)
class LatencyLimit:
    """Predicted latency on one device, against a target.

    Args:
        device: Name of the device.
        predictor: Of the space's networks on it.
        target_ms: The limit.
        confidence: How likely the prediction must make it that the limit is met. At 0.5 the
            prediction itself is held to it, above that so much more as its interval says.
    """

    device: str
    predictor: PopulationPredictor
    target_ms: float
    confidence: float

    def latencies_ms(self, population: IntArray) -> Array:
        """Predicted latency of each network, nan where the table knows nothing of it."""
        return self.predictor.latencies_ms(population)

    def held(self, population: IntArray) -> Array:
        """What is held to the target: at most this, with the confidence asked for."""
        latencies_ms, half_widths_ms = self.predictor.intervals_ms(
            population, confidence=2 * self.confidence - 1
        )
        return latencies_ms + half_widths_ms

    def hold(self, population: IntArray) -> Mask:
        """Whether each network is within it; what the table knows nothing of is not."""
        met: Mask = self.held(population) <= self.target
        return met

    def said(self, value: float) -> str:
        """A latency on the device, for people; never less than it is."""
        return f"{format_ms(value, round_up=True)} on {self.device}"

    @property
    def target(self) -> float:
        """The limit."""
        return self.target_ms

    @property
    def allowed(self) -> str:
        """The limit, for people."""
        return f"{format_ms(self.target_ms)} on {self.device}"


@dataclass(frozen=True, kw_only=True, slots=True)
class SizeLimit:
    """How large a network may be in one way.

    Args:
        what: ``macs``, ``paddleslim1-flops``, ``parameters`` or ``bytes``.
        sizes: Of the space's networks.
        target: The most that is allowed.
    """

    what: str
    sizes: PopulationSizes
    target: float

    def held(self, population: IntArray) -> Array:
        """The number that is limited, of each network."""
        if self.what == "paddleslim1-flops":
            return self.sizes.paddleslim1_flops(population).astype(np.float64)
        sizes = self.sizes.of(population)
        known = {
            "macs": sizes.macs,
            "parameters": sizes.parameters,
            "bytes": sizes.file_bytes,
        }
        return known[self.what].astype(np.float64)

    def said(self, value: float) -> str:
        """A size for people."""
        return f"{value:,.0f} {SIZE_UNITS.get(self.what, self.what)}"

    @property
    def allowed(self) -> str:
        """The limit, for people."""
        return self.said(self.target)


@dataclass(frozen=True, kw_only=True, slots=True)
class Limits:
    """Everything that a network must meet.

    Args:
        space: The space.
        latencies: Limits on latencies.
        sizes: Of the space's networks.
        others: Limits on sizes; there is at least one limit of either kind.
    """

    space: Space
    latencies: tuple[LatencyLimit, ...]
    sizes: PopulationSizes
    others: tuple[SizeLimit, ...] = ()

    def hold(self, population: Sequence[Tokens]) -> Mask:
        """Whether each network is within all limits, ``(networks,)``."""
        if not len(population):
            return np.zeros(0, np.bool_)
        return self.excess(population) <= 0.0

    def excess(self, population: Sequence[Tokens]) -> Array:
        """By how much each network misses the limit that it misses most, relative to that.

        Zero or less is within all; infinite where a table knows nothing of a network.
        """
        worst: Array = self._shares(population).max(axis=1) - 1.0
        return np.where(np.isnan(worst), np.inf, worst)

    @property
    def target(self) -> Target:
        """What networks are counted as converted for."""
        return self.sizes.target

    def sizes_reached(self, tokens: Tokens) -> tuple[SizeReached, ...]:
        """What a network has of each size that is limited."""
        one = np.array([tokens], np.int64)
        return tuple(
            SizeReached(what=limit.what, allowed=int(limit.target), reached=int(limit.held(one)[0]))
            for limit in self.others
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

    def missed(self, tokens: Tokens) -> str:
        """The limits that a network misses, for people; nothing if it meets all."""
        return " and ".join(
            f"{limit.said(value)} where {limit.allowed} are allowed"
            for limit, value in self.values(tokens)
            if not value <= limit.target
        )

    def reached(self, tokens: Tokens) -> str:
        """What a network has of everything limited, for people."""
        return " and ".join(limit.said(value) for limit, value in self.values(tokens))

    def values(self, tokens: Tokens) -> Iterator[tuple[LatencyLimit | SizeLimit, float]]:
        """Each limit, and what a network has of what it limits."""
        one = np.array([tokens], np.int64)
        for limit in self._all():
            yield limit, float(limit.held(one)[0])

    def _all(self) -> tuple[LatencyLimit | SizeLimit, ...]:
        return (*self.latencies, *self.others)

    def _shares(self, population: Sequence[Tokens]) -> Array:
        """Of each limit that each network takes, ``(networks, limits)``."""
        tokens = np.asarray(population, np.int64)
        return np.column_stack([limit.held(tokens) / limit.target for limit in self._all()])


def feasible_start(limits: Limits, seed: int) -> Tokens:
    """The space's own start if the limits allow it, or the first network near it that they do.

    Walks by the token that lessens the worst miss most, again and again; from the best of
    some thousand random networks where that leads nowhere.

    Raises:
        InfeasibleTargetError: No network found is within all limits; says what the nearest has.
    """
    ranges = limits.space.ranges
    nearest = _walked(limits, limits.space.initial_tokens)
    if not limits.hold([nearest])[0]:
        drawn = np.random.default_rng(seed).integers(0, ranges, (_DRAWN, len(ranges)))
        tokens = [nearest, (0,) * len(ranges), *(tuple(map(int, row)) for row in drawn)]
        best = tokens[int(np.argmin(limits.excess(tokens)))]
        nearest = min((nearest, _walked(limits, best)), key=lambda each: _excess(limits, each))
    if not limits.hold([nearest])[0]:
        raise InfeasibleTargetError(_out_of_reach(limits, nearest))
    return nearest


def _walked(limits: Limits, start: Tokens) -> Tokens:
    """Where single changes lead that each lessen the worst miss."""
    current, excess = start, _excess(limits, start)
    while excess > 0:
        neighbours = _neighbours(current, limits.space.ranges)
        found = limits.excess(neighbours) if neighbours else np.empty(0)
        if not found.size or not found.min() < excess:
            break
        current, excess = neighbours[int(np.argmin(found))], float(found.min())
    return current


def _excess(limits: Limits, tokens: Tokens) -> float:
    return float(limits.excess([tokens])[0])


def _out_of_reach(limits: Limits, nearest: Tokens) -> str:
    name = limits.space.name
    if len(limits.latencies) == 1 and not limits.others:
        (limit,) = limits.latencies
        (_, value), *_ = limits.values(nearest)
        sure = f" with confidence {limit.confidence:g}" if limit.confidence > 0.5 else ""
        return (
            f"no network of {name} is predicted to run in {format_ms(limit.target_ms)}{sure}; "
            f"the fastest takes {format_ms(value, round_up=True)}"
        )
    return (
        f"no network of {name} was found within all limits; the nearest takes "
        f"{limits.reached(nearest)}: that is {limits.missed(nearest)}"
    )


def _neighbours(tokens: Tokens, ranges: Tokens) -> list[Tokens]:
    return [
        (*tokens[:place], value, *tokens[place + 1 :])
        for place, size in enumerate(ranges)
        for value in range(size)
        if value != tokens[place]
    ]
