"""The latency limit of a search: what it allows, where it is met, what is out of reach."""

from __future__ import annotations

from dataclasses import dataclass, field

from edgeslim.durations import format_ms
from edgeslim.errors import InfeasibleTargetError
from edgeslim.execution import Target
from edgeslim.prediction.predictor import Predictor
from edgeslim.spaces import Space, Tokens

__all__ = ["LatencyLimit", "feasible_start"]


@dataclass(slots=True)
class LatencyLimit:
    """Predicted latency of a space's networks, against a target.

    Args:
        space: The space.
        predictor: Of the device's table.
        target_ms: The limit.
    """

    space: Space
    predictor: Predictor
    target_ms: float
    _known: dict[Tokens, float] = field(default_factory=dict)

    @property
    def target(self) -> Target:
        """What the table's device runs."""
        return self.predictor.table.context.execution.target

    def latency_ms(self, tokens: Tokens) -> float:
        """Predicted latency.

        Raises:
            MissingLatencyError: The table lacks operators of the network.
        """
        known = self._known.get(tokens)
        if known is None:
            specs = self.space.operators(tokens, self.target)
            known = self._known[tokens] = self.predictor.total_ms(specs)
        return known

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
        fastest = min(neighbours, key=limit.latency_ms, default=current)
        if limit.latency_ms(fastest) >= limit.latency_ms(current):
            raise InfeasibleTargetError(
                f"no network of {limit.space.name} is predicted to run in "
                f"{format_ms(limit.target_ms)}; the fastest takes "
                f"{format_ms(limit.latency_ms(current), round_up=True)}"
            )
        current = fastest
    return current


def _neighbours(tokens: Tokens, ranges: Tokens) -> list[Tokens]:
    return [
        (*tokens[:place], value, *tokens[place + 1 :])
        for place, size in enumerate(ranges)
        for value in range(size)
        if value != tokens[place]
    ]
