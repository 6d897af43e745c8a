"""Which of the models that were tried is chosen, and what is said of it."""

from __future__ import annotations

import pytest

from edgeslim.errors import InfeasibleTargetError
from edgeslim.runs.slim_run import SlimCandidate, SlimSettings
from edgeslim.slimming.candidates import advise, choose, is_good
from edgeslim.training.metric_value import MetricValue

SETTINGS = SlimSettings(
    model="net",
    task="digits",
    limit="60%",
    max_loss=0.01,
    device={"name": "host"},
    table=None,
    budget=60,
    means=("pruning",),
    epochs=5,
    batch_size=64,
    learning_rate=None,
    seed=0,
)


def candidate(
    name: str, value: float, *, measured_ms: float = 1.0, met: bool = True
) -> SlimCandidate:
    metric = MetricValue(value=value, examples=100)
    return SlimCandidate(
        name=name,
        model=name,
        measured_ms=measured_ms,
        met=met,
        metric=metric,
        lost=0.9 - value,
    )


def test_the_most_accurate_within_the_limit_is_chosen() -> None:
    tried = [
        candidate("nothing", 0.9, met=False),
        candidate("int8", 0.7),
        candidate("pruning", 0.89, measured_ms=1.5),
    ]
    assert choose(tried, 2.0).name == "pruning"


def test_where_nothing_is_within_the_limit_the_fastest_is_named() -> None:
    tried = [
        candidate("nothing", 0.9, measured_ms=3.0, met=False),
        candidate("int8", 0.7, measured_ms=2.5, met=False),
    ]
    with pytest.raises(InfeasibleTargetError, match=r"2\.00 ms: .* int8 with 2\.50 ms"):
        choose(tried, 2.0)


@pytest.mark.parametrize(
    ("value", "met", "good"), [(0.895, True, True), (0.895, False, False), (0.85, True, False)]
)
def test_a_good_model_is_fast_enough_and_loses_little(value: float, met: bool, good: bool) -> None:
    assert is_good(candidate("pruning", value, met=met), 0.01) is good


def test_advice_names_what_was_missed() -> None:
    assert advise(candidate("pruning", 0.895), SETTINGS, met_in_the_end=True) == ()
    (loss,) = advise(candidate("pruning", 0.85), SETTINGS, met_in_the_end=True)
    assert "loses 5.00%" in loss
    assert "--epochs 20" in loss
    (missed,) = advise(candidate("pruning", 0.9), SETTINGS, met_in_the_end=False)
    assert "above the limit" in missed
