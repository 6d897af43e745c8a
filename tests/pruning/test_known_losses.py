"""Losses of groups from sensitivities, and from weights alone."""

from __future__ import annotations

import numpy as np
import pytest

from edgeslim.errors import BadFileError
from edgeslim.pruning.known_losses import importance_losses, measured_losses
from edgeslim.pruning.sensitivity_file import Sensitivities
from edgeslim.pruning.sensitivity_rows import point_of
from tests.pruning.points import CONTEXT


def found(**metrics: tuple[float, ...]) -> Sensitivities:
    """Groups of ten channels, of which 2, 4, … were gone."""
    points = [
        point_of(group, 0.2 * (place + 1), channels=10, metric=metric, baseline=0.8)
        for group, each in metrics.items()
        for place, metric in enumerate(each)
    ]
    return Sensitivities.of(CONTEXT, points)


def test_what_two_groups_leave_is_multiplied() -> None:
    losses = measured_losses(found(a=(0.4, 0.2), b=(0.8, 0.6)), ["a", "b"], "a file")
    together = float(losses.loss_at("a", 0.2) + losses.loss_at("b", 0.4))
    assert 0.8 * np.exp(-together) == pytest.approx(0.8 * 0.5 * 0.75)


def test_a_metric_that_got_better_costs_nothing_and_none_is_not_infinite() -> None:
    losses = measured_losses(found(a=(0.9, 0.0)), ["a"], "a file")
    assert float(losses.loss_at("a", 0.2)) == pytest.approx(0.0, abs=1e-12)
    assert float(losses.loss_at("a", 0.4)) == pytest.approx(-np.log(1e-3))


def test_a_group_of_which_nothing_is_known_is_named() -> None:
    with pytest.raises(BadFileError, match=r"known\.jsonl says nothing of b"):
        measured_losses(found(a=(0.4,)), ["a", "b"], "known.jsonl")


def test_importance_goes_from_nothing_to_all_and_the_least_first() -> None:
    losses = importance_losses({"a": np.array([4.0, 1.0, 3.0, 2.0]), "b": np.zeros(4)})
    assert losses.loss_at("a", [0.0, 0.25, 0.5, 1.0]).tolist() == pytest.approx(
        [0.0, 0.1, 0.3, 1.0]
    )
    assert losses.loss_at("b", [0.5, 1.0]).tolist() == [0.0, 0.0]
