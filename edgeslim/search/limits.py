"""The latency limit of a search: what it allows, where it is met, what is out of reach."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from edgeslim.durations import format_ms
from edgeslim.errors import InfeasibleTargetError
from edgeslim.prediction.population import PopulationPredictor
from edgeslim.spaces import Space, Tokens

__all__ = ["LatencyLimit", "feasible_start"]


@dataclass(slots=True)
class LatencyLimit:
    """Predicted latency of a space's networks, against a target.

    Args:
        space: The space.
        predictor: Of its networks on a device.
        target_ms: The limit.
    """

    space: Space
    predictor: PopulationPredictor
    target_ms: float
    _known: dict[Tokens, float] = field(default_factory=dict)

    def latency_ms(self, tokens: Tokens) -> float:
        """Predicted latency."""
        return self.latencies_ms([tokens])[0]

    def latencies_ms(self, population: Sequence[Tokens]) -> list[float]:
        """Predicted latency of each of several networks."""
        new = [tokens for tokens in dict.fromkeys(population) if tokens not in self._known]
        if new:
            predicted = self.predictor.latencies_ms(np.array(new, np.int64))
            self._known.update(zip(new, predicted.tolist(), strict=True))
        return [self._known[tokens] for tokens in population]

    def holds(self, tokens: Tokens) -> bool:
        """Whether the prediction is within the limit."""
        return self.latency_ms(tokens) <= self.target_ms


def feasible_start(limit: LatencyLimit) -> Tokens:
    """The space's own start if the limit allows it, or the first feasible vector below it.

    Walks down by the token that saves most, again and again.

    Raises:
        InfeasibleTargetError: Not even the fastest network found meets the limit.
    """
    current = limit.space.initial_tokens
    while not limit.holds(current):
        neighbours = _neighbours(current, limit.space.ranges)
        latencies_ms = limit.latencies_ms([current, *neighbours])
        fastest = int(np.argmin(latencies_ms))
        if fastest == 0:
            raise InfeasibleTargetError(
                f"no network of {limit.space.name} is predicted to run in "
                f"{format_ms(limit.target_ms)}; the fastest takes "
                f"{format_ms(limit.latency_ms(current), round_up=True)}"
            )
        current = neighbours[fastest - 1]
    return current


def _neighbours(tokens: Tokens, ranges: Tokens) -> list[Tokens]:
    return [
        (*tokens[:place], value, *tokens[place + 1 :])
        for place, size in enumerate(ranges)
        for value in range(size)
        if value != tokens[place]
    ]
