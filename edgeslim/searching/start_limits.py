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

__all__ = ["StartLimit", "start_limits"]


def _load(start: StartPrediction) -> Quantity | None:
    """From the disk where the device can drop its page cache, as `deploy` judges it."""
    return start.cold_load_ms or start.load_ms


_QUANTITIES: dict[str, Callable[[StartPrediction], Quantity | None]] = {
    "max_memory_mb": lambda start: start.memory_mb,
    "max_load_ms": _load,
    "max_first_ms": lambda start: start.first_run_ms,
}
_WORDS: dict[str, tuple[Callable[[float], str], str]] = {
    "max_memory_mb": ("{:.1f} MB of memory".format, "--max-memory"),
    "max_load_ms": (lambda ms: f"{format_ms(ms, round_up=True)} for loading", "--max-load"),
    "max_first_ms": (lambda ms: f"{format_ms(ms, round_up=True)} for its first run", "--max-first"),
}


@dataclass(frozen=True, kw_only=True, slots=True)
class StartLimit:
    """A limit on what a start takes on one device.

    Args:
        device: Name of the device.
        what: Name of the limit in `LatencyTarget`.
        space: Space whose networks are limited.
        predictor: Predicts latencies by the device's table.
        starts: Predicts starts by the same table, from operators alone.
        target: The largest value that is allowed, in ms or MB.
        confidence: Least probability that the limit is met; at 0.5 the prediction itself is
            limited, above that the upper end of an interval around it.
    """

    device: str
    what: str
    space: Space
    predictor: Predictor
    starts: StartPredictor
    target: float
    confidence: float
    _values: dict[Tokens, float] = field(default_factory=dict)

    def limited_values(self, population: IntArray) -> Array:
        """Upper bounds at the asked confidence, nan where nothing is predicted, ``(networks,)``."""
        return np.array([self._value(tuple(row)) for row in population.tolist()], np.float64)

    def format_value(self, value: float) -> str:
        """Formats a value with what it is of."""
        write, _ = _WORDS[self.what]
        return f"{write(value)} on {self.device}"

    @property
    def target_text(self) -> str:
        """The limit as text for people."""
        return self.format_value(self.target)

    def _value(self, tokens: Tokens) -> float:
        if tokens not in self._values:
            specs = self.space.operators(tokens, self.starts.target)
            latency_ms = None
            if self.what == "max_first_ms":
                prediction = self.predictor.predict(specs)
                latency_ms = None if prediction.missing else prediction.total_ms
            start = self.starts.predict(specs, latency_ms, confidence=2 * self.confidence - 1)
            quantity = _QUANTITIES[self.what](start)
            self._values[tokens] = float("nan") if quantity is None else quantity.interval[1]
        return self._values[tokens]


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
    found = []
    for what, (_, option) in _WORDS.items():
        maximum: float | None = getattr(target, what)
        if maximum is None:
            continue
        known = starts.predict(space.operators(space.initial_tokens, starts.target), 1.0)
        if _QUANTITIES[what](known) is None:
            raise UsageError(f"{option} cannot be predicted: {known.reason or starts.reason}")
        found.append(
            StartLimit(
                device=target.device,
                what=what,
                space=space,
                predictor=predictor,
                starts=starts,
                target=maximum,
                confidence=confidence,
            )
        )
    return tuple(found)
