"""Limits on memory, load and the first run of a search's networks, by their prediction."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np

from edgeslim.durations import format_ms
from edgeslim.errors import UsageError
from edgeslim.prediction.network_features import Array
from edgeslim.prediction.predictor import Predictor
from edgeslim.prediction.segment_sums import IntArray
from edgeslim.prediction.start_predictor import Quantity, StartPrediction, StartPredictor
from edgeslim.runs.search_settings import LatencyTarget
from edgeslim.spaces import Space, Tokens

__all__ = ["START_OPTIONS", "StartLimit", "start_limits"]


def _load(start: StartPrediction) -> Quantity | None:
    """From the disk where the device can drop its page cache, as `deploy` judges it."""
    return start.cold_load_ms or start.load_ms


_QUANTITIES: dict[str, Callable[[StartPrediction], Quantity | None]] = {
    "max_memory_mb": lambda start: start.memory_mb,
    "max_load_ms": _load,
    "max_first_ms": lambda start: start.first_run_ms,
}
_WORDS: dict[str, Callable[[float], str]] = {
    "max_memory_mb": "{:.1f} MB of memory".format,
    "max_load_ms": lambda ms: f"{format_ms(ms, round_up=True)} for loading",
    "max_first_ms": lambda ms: f"{format_ms(ms, round_up=True)} for its first run",
}

START_OPTIONS = {
    "max_memory_mb": "--max-memory",
    "max_load_ms": "--max-load",
    "max_first_ms": "--max-first",
}
"""Options of limits on starts, by their names in `LatencyTarget`."""


@dataclass(frozen=True, slots=True)
class _NetworkStarts:
    """How networks start on one device, each predicted once for all limits there.

    Args:
        space: Space of the networks.
        predictor: Predicts latencies by the device's table.
        starts: Predicts starts by the same table, from operators alone.
        confidence: Least probability that what is measured is within an interval's upper end.
        has_first_run: Whether the first run is wanted too, which takes the latency to predict.
        known: What was predicted so far, by tokens.
    """

    space: Space
    predictor: Predictor
    starts: StartPredictor
    confidence: float
    has_first_run: bool
    known: dict[Tokens, StartPrediction] = field(default_factory=dict)

    def predict(self, tokens: Tokens) -> StartPrediction:
        """How a network starts."""
        if tokens not in self.known:
            specs = self.space.operators(tokens, self.starts.target)
            latency_ms = None
            if self.has_first_run:
                prediction = self.predictor.predict(specs)
                latency_ms = None if prediction.missing else prediction.total_ms
            self.known[tokens] = self.starts.predict(
                specs, latency_ms, confidence=2 * self.confidence - 1
            )
        return self.known[tokens]


@dataclass(frozen=True, kw_only=True, slots=True)
class StartLimit:
    """A limit on what a start takes on one device.

    Args:
        device: Name of the device.
        what: Name of the limit in `LatencyTarget`.
        starts: Predicts how networks start there. With a confidence of 0.5 the prediction itself
            is limited, above that the upper end of an interval around it.
        target: The largest value that is allowed, in ms or MB.
    """

    device: str
    what: str
    starts: _NetworkStarts
    target: float

    def limited_values(self, population: IntArray) -> Array:
        """Upper bounds at the asked confidence, nan where nothing is predicted, ``(networks,)``."""
        return np.array([self._value(tuple(row)) for row in population.tolist()], np.float64)

    def format_value(self, value: float) -> str:
        """Formats a value with what it is of."""
        return f"{_WORDS[self.what](value)} on {self.device}"

    @property
    def target_text(self) -> str:
        """The limit as text for people."""
        return self.format_value(self.target)

    def _value(self, tokens: Tokens) -> float:
        quantity = _QUANTITIES[self.what](self.starts.predict(tokens))
        return float("nan") if quantity is None else quantity.interval[1]


def start_limits(
    target: LatencyTarget, space: Space, predictor: Predictor, confidence: float
) -> tuple[StartLimit, ...]:
    """The limits of one device on starts.

    Args:
        target: The device with its limits.
        space: Space whose networks are limited.
        predictor: Predicts by the device's table.
        confidence: Least probability that each limit is met.

    Raises:
        UsageError: The table cannot predict what is limited.
    """
    starts = StartPredictor(predictor.table, wired=False)
    networks = _NetworkStarts(
        space, predictor, starts, confidence, has_first_run=target.max_first_ms is not None
    )
    found = []
    for what, option in START_OPTIONS.items():
        maximum: float | None = getattr(target, what)
        if maximum is None:
            continue
        known = starts.predict(space.operators(space.initial_tokens, starts.target), 1.0)
        if _QUANTITIES[what](known) is None:
            raise UsageError(f"{option} cannot be predicted: {known.reason or starts.reason}")
        found.append(StartLimit(device=target.device, what=what, starts=networks, target=maximum))
    return tuple(found)
