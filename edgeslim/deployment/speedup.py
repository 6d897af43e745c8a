"""Speed-up of a model over another that was measured in the same rounds."""

from __future__ import annotations

import math
from collections.abc import Sequence
from enum import Enum

from edgeslim.deployment.statistics import (
    METHOD,
    Logs,
    estimate,
    log_median,
    log_shortest,
    paired_logs,
)
from edgeslim.runs.deployment_records import ModelRecord, ModelRound, SpeedupRecord

__all__ = [
    "Statistic",
    "latency_interval_ms",
    "paired_rounds",
    "round_logs",
    "speedup_of",
    "statistic_for",
]

_FEWEST = 3
"""Fewest undisturbed rounds that are used instead of all rounds."""


class Statistic(str, Enum):
    """Statistic of a round's samples that enters a ratio.

    On a machine where other programs always run, half of a model's runs or more wait for a core,
    and the median depends on how long they wait. Other programs make a run longer and never
    shorter, so the shortest is the model's own (Chen and Revels, "Robust benchmarking in noisy
    environments", arXiv:1608.04295, 2016). In 75 such rounds of one file beside itself here, the
    ratio of medians over twelve rounds had a standard deviation of 2.9 %, that of the shortest
    samples 0.8 %; which statistic to take was chosen on these rounds, so others will say more.
    """

    MEDIAN = "medians"
    SHORTEST = "shortest samples"


_LOG = {Statistic.MEDIAN: log_median, Statistic.SHORTEST: log_shortest}


def statistic_for(*models: ModelRecord) -> Statistic:
    """Medians where there are enough undisturbed rounds, the shortest samples elsewhere.

    Args:
        models: Models of one deployment; a round counts as undisturbed if it was for all of them.
    """
    quiet = _undisturbed_rounds(models)
    return Statistic.MEDIAN if _is_enough(quiet, models) else Statistic.SHORTEST


def round_logs(model: ModelRecord, statistic: Statistic = Statistic.MEDIAN) -> dict[int, float]:
    """The logarithm of a latency in ms of each round that counts, by the round's number.

    For medians the undisturbed rounds count, as for the latency itself; else all rounds.
    """
    rounds = model.counted_rounds if statistic is Statistic.MEDIAN else model.rounds
    return _logs(rounds, statistic)


def _logs(rounds: Sequence[ModelRound], statistic: Statistic) -> dict[int, float]:
    return {timed_round.round: _LOG[statistic](timed_round.samples_ns) for timed_round in rounds}


def latency_interval_ms(model: ModelRecord) -> tuple[float, float] | None:
    """Interval in ms in which as many more rounds of the same session would find a latency.

    None if there is one round only.
    """
    found = estimate(list(round_logs(model).values()))
    if found.rounds < 2:
        return None
    low, high = (end / found.value * model.latency_ms for end in found.interval)
    return low, high


def paired_rounds(
    model: ModelRecord, baseline: ModelRecord, statistic: Statistic | None = None
) -> Logs:
    """The logarithm of a baseline's latency over a model's, in each round that counts.

    Args:
        model: Record of the model.
        baseline: Record of the baseline in the same deployment.
        statistic: Statistic of a round; for medians only rounds count that are undisturbed for
            both. By default that of `statistic_for`.
    """
    chosen = statistic or statistic_for(model, baseline)
    above, below = (_logs(measured.rounds, chosen) for measured in (baseline, model))
    if chosen is Statistic.MEDIAN and (quiet := _undisturbed_rounds((model, baseline))):
        above = {number: above[number] for number in quiet}
    return paired_logs(above, below)


def speedup_of(model: ModelRecord, baseline: ModelRecord) -> SpeedupRecord | None:
    """Speed-up of a model over a baseline; None without two rounds of both."""
    statistic = statistic_for(model, baseline)
    logs = paired_rounds(model, baseline, statistic)
    if logs.size < 2:
        return None
    found = estimate(logs)
    return SpeedupRecord(
        model=model.id,
        baseline=baseline.id,
        ratio=found.value,
        interval=found.interval,
        level=found.level,
        rounds=found.rounds,
        method=METHOD.format(statistic.value),
    )


def _undisturbed_rounds(models: Sequence[ModelRecord]) -> set[int]:
    """Rounds in which nothing disturbed any of the models."""
    rounds = [
        {timed_round.round for timed_round in model.rounds if not timed_round.disturbed}
        for model in models
    ]
    return set.intersection(*rounds)


def _is_enough(quiet: set[int], models: Sequence[ModelRecord]) -> bool:
    wanted = min(len(model.rounds) for model in models)
    return len(quiet) >= min(wanted, max(_FEWEST, math.ceil(wanted / 2)))
