"""Losses of groups from sensitivities, and from weights alone."""

from __future__ import annotations

import numpy as np
import pytest

from edgeslim.errors import BadFileError
from edgeslim.pruning.known_losses import importance_losses, measured_losses
from edgeslim.runs.sensitivity_file import Sensitivities
from edgeslim.runs.sensitivity_rows import point_of
from tests.pruning.points import context


def found(examples: int = 397, **metrics: tuple[float, ...]) -> Sensitivities:
    """Groups of ten channels, of which 2, 4, … were gone."""
    points = [
        point_of(group, 0.2 * (place + 1), channels=10, metric=metric, baseline=0.8)
        for group, each in metrics.items()
        for place, metric in enumerate(each)
    ]
    return Sensitivities.of(context(examples=examples), points)


SO_MANY = 10**12
"""Examples that tell everything."""


def test_what_two_groups_leave_is_multiplied() -> None:
    losses = measured_losses(found(SO_MANY, a=(0.4, 0.2), b=(0.8, 0.6)), ["a", "b"], "a file")
    together = float(losses.loss_at("a", 0.2) + losses.loss_at("b", 0.4))
    assert 0.8 * np.exp(-together) == pytest.approx(0.8 * 0.5 * 0.75)


def test_a_metric_that_got_better_costs_nothing_and_none_is_not_infinite() -> None:
    losses = measured_losses(found(SO_MANY, a=(0.9, 0.0)), ["a"], "a file")
    assert float(losses.loss_at("a", 0.2)) == pytest.approx(0.0, abs=1e-9)
    assert float(losses.loss_at("a", 0.4)) == pytest.approx(-np.log(1e-3))


def test_what_shows_no_loss_costs_what_the_examples_cannot_rule_out() -> None:
    # None of 80 that were right got wrong: of all, up to 3.84 / 83.84 may (Wilson, 95 %).
    losses = measured_losses(found(100, a=(0.8, 0.8, 0.8, 0.8)), ["a"], "a file")
    assert 1 - np.exp(-losses.loss_at("a", 1.0)) == pytest.approx(3.8415 / 83.8415, rel=1e-4)
    known = losses.loss_at("a", [0.2, 0.4, 0.6, 0.8, 1.0])
    assert known == pytest.approx(float(known[-1]) * np.array([0.04, 0.16, 0.36, 0.64, 1.0]))
    assert float(losses.ratio_at("a", 0.0)) == 0.0
    many = measured_losses(found(10_000, a=(0.8,)), ["a"], "a file")
    assert float(many.loss_at("a", 1.0)) < float(losses.loss_at("a", 1.0)) / 90


def test_a_group_of_which_nothing_is_known_is_named() -> None:
    with pytest.raises(BadFileError, match=r"known\.jsonl says nothing of b"):
        measured_losses(found(a=(0.4,)), ["a", "b"], "known.jsonl")


def test_importance_goes_from_nothing_to_all_and_the_least_first() -> None:
    losses = importance_losses({"a": np.array([4.0, 1.0, 3.0, 2.0]), "b": np.zeros(4)})
    assert losses.loss_at("a", [0.0, 0.25, 0.5, 1.0]).tolist() == pytest.approx(
        [0.0, 0.1, 0.3, 1.0], abs=1e-3
    )
    # Even channels whose weights are nought are not cut for nothing.
    assert 0 < losses.loss_at("b", 0.5) < losses.loss_at("b", 1.0) <= 1e-3
