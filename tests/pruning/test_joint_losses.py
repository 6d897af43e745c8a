"""Losses of several groups together: groups that stand in for each other cost nothing alone."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest

from edgeslim.progress import SILENT
from edgeslim.pruning.joint_losses import WidthEvaluator, choose_with_joint_losses
from edgeslim.pruning.loss_curves import LossCurve, LossCurves
from edgeslim.pruning.subject import Widths

WHOLE = {"a": 8, "b": 8, "c": 8}
RATIOS = np.linspace(0, 1, 9)


def alone() -> LossCurves:
    """Neither of the first two costs anything alone, the third a little."""
    nothing = LossCurve.fit(RATIOS, 0 * RATIOS, floor=0.01)
    return LossCurves(
        curves={"a": nothing, "b": nothing, "c": LossCurve.fit(RATIOS, 0.2 * RATIOS**2)}
    )


def narrowest(losses: LossCurves) -> dict[str, int]:
    """Eight channels must go; of all ways the one that loses least."""
    every = (dict(zip(WHOLE, each, strict=True)) for each in product(range(1, 9), repeat=3))
    return min(
        (each for each in every if sum(each.values()) <= 16),
        key=lambda each: sum(
            float(losses.loss_at(name, 1 - width / 8)) for name, width in each.items()
        ),
    )


class Network:
    """A made-up metric: one of the first two must keep its channels; what was asked for."""

    def __init__(self, floor: float = 0.0) -> None:
        self.asked: list[Widths] = []
        self._floor = floor

    def metric(self, widths: Widths) -> float:
        self.asked.append(widths)
        gone = {name: 1 - width / 8 for name, width in widths.items()}
        lost = 3.0 * gone["a"] * gone["b"] + 0.2 * gone["c"] ** 2
        return max(0.9 * float(np.exp(-lost)), self._floor)


def judge(network: Network, examples: int = 400, chance: float = 0.0) -> WidthEvaluator:
    return WidthEvaluator(
        network.metric, whole=WHOLE, baseline=0.9, examples=examples, chance=chance
    )


def test_groups_that_cost_more_together_are_not_both_cut() -> None:
    network = Network()
    first = narrowest(alone())
    assert first["a"] < 6 > first["b"]
    widths, losses, tried = choose_with_joint_losses(narrowest, alone(), judge(network), SILENT)
    assert tried[0].widths == first
    assert not tried[0].is_as_expected
    assert tried[0].expected > 0.88
    best = max(tried, key=lambda each: each.found)
    assert widths == best.widths
    assert best.found > tried[0].found + 0.2
    assert max(widths["a"], widths["b"]) >= 7
    assert sum(widths.values()) == 16
    # What the losses say of the first network now is what was found.
    gone = {name: 1 - width / 8 for name, width in first.items()}
    said = sum(float(losses.loss_at(name, ratio)) for name, ratio in gone.items())
    assert 0.9 * np.exp(-said) <= tried[0].found + 1e-9
    assert len(network.asked) <= 4 + 3 * 3


def test_losses_that_add_up_are_left_as_they_are() -> None:
    asked: list[Widths] = []

    def metric(widths: Widths) -> float:
        asked.append(widths)
        lost = sum(float(alone().loss_at(name, 1 - w / 8)) for name, w in widths.items())
        return 0.9 * float(np.exp(-lost))

    known = WidthEvaluator(metric, whole=WHOLE, baseline=0.9, examples=400)
    widths, _, (only,) = choose_with_joint_losses(narrowest, alone(), known, SILENT)
    assert widths == narrowest(alone())
    assert only.found == pytest.approx(only.expected)
    assert len(asked) == 1


def test_what_so_few_examples_cannot_tell_corrects_nothing() -> None:
    network = Network(floor=0.6)
    _, _, tried = choose_with_joint_losses(narrowest, alone(), judge(network, examples=3), SILENT)
    assert len(tried) == len(network.asked) == 1


def test_a_network_that_guesses_says_nothing_of_its_groups() -> None:
    network = Network(floor=0.6)
    widths, _, (only,) = choose_with_joint_losses(
        narrowest, alone(), judge(network, chance=0.6), SILENT
    )
    assert only.is_guess
    assert widths == narrowest(alone())
    assert len(network.asked) == 1
