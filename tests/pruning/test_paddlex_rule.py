"""PaddleX 1.3's way from sensitivities to ratios, and its picture's numbers."""

from __future__ import annotations

import math

import numpy as np
import pytest

from edgeslim.channels.plan import Selection, keep_first
from edgeslim.channels.prune_graph import prune_graph
from edgeslim.pruning.paddlex_rule import THRESHOLDS, paddlex_ratios, trade_off
from edgeslim.runs.sensitivity_rows import SensitivityPoint
from tests.pruning.nets import residual
from tests.pruning.points import by_relative_loss


def ratio(losses: dict[float, float], allowed: float) -> float:
    return paddlex_ratios({"a": by_relative_loss("a", losses)}, allowed)["a"]


@pytest.mark.parametrize(
    ("losses", "allowed", "expected"),
    [
        # Between 0.2 (loss 0.04) and 0.3 (0.08), a quarter of the way.
        ({0.1: 0.01, 0.2: 0.04, 0.3: 0.08, 0.9: 0.5}, 0.05, 0.225),
        # The last ratio is taken as it is.
        ({0.1: 0.01, 0.5: 0.02, 0.9: 0.05}, 0.05, 0.9),
        ({0.1: 0.01, 0.5: 0.02, 0.9: -0.03}, 0.0, 0.9),
        # Nothing is allowed.
        ({0.1: 0.06, 0.9: 0.5}, 0.05, 0.0),
        # The largest allowed counts, though smaller ones lost more.
        ({0.1: 0.2, 0.2: 0.3, 0.3: 0.04, 0.4: 0.06}, 0.05, 0.35),
        # Exactly what is allowed, and then a step up.
        ({0.1: 0.05, 0.2: 0.3}, 0.05, 0.1),
        # A loss below nought is a gain.
        ({0.1: -0.05, 0.2: 0.05}, 0.0, 0.15),
    ],
)
def test_ratios_are_those_of_the_rule(
    losses: dict[float, float], allowed: float, expected: float
) -> None:
    assert ratio(losses, allowed) == pytest.approx(expected)


def test_groups_are_judged_each_by_itself() -> None:
    points = {
        "a": by_relative_loss("a", {0.1: 0.0, 0.9: 0.01}),
        "b": by_relative_loss("b", {0.1: 0.9, 0.9: 0.9}),
        "c": (),
    }
    assert paddlex_ratios(points, 0.05) == {"a": pytest.approx(0.9), "b": 0.0, "c": 0.0}


def sensitivities(channels: dict[str, int]) -> dict[str, tuple[SensitivityPoint, ...]]:
    return {
        name: by_relative_loss(name, {r / 10: r * weight / 10 for r in range(1, 10)})
        for weight, name in enumerate(channels, start=1)
    }


def test_the_trade_off_counts_what_would_be_left_of_all_parameters() -> None:
    net, out = residual()
    weights = net.weights(out)
    channels = weights.channels
    points = sensitivities({each.name: each.width for each in channels.groups})
    found = trade_off(points, weights.graph, channels)
    assert [allowed for allowed, _ in found] == pytest.approx(list(np.arange(1, 20) * 0.05))
    assert [allowed for allowed, _ in found] == list(THRESHOLDS)
    shares = [share for _, share in found]
    assert shares == sorted(shares)
    # 0.1 of any group costs more than 0.05.
    assert 0 == shares[0] < shares[1] < shares[-1] < 1
    # For a loss of 0.3 there go 0.3 of 8, 0.15 of 12 and 0.1 of 6 channels.
    left = prune_graph(
        weights.graph, Selection(channels, keep_first({"first": 6, "stage": 10, "hidden": 5}))
    )
    whole = sum(each.size for each in net.tensors.values())
    expected = 1 - sum(map(math.prod, left.parameters.values())) / whole
    assert dict(found)[0.3] == pytest.approx(expected)


def test_without_sensitivities_nothing_goes() -> None:
    net, out = residual()
    weights = net.weights(out)
    assert trade_off({}, weights.graph, weights.channels) == [(loss, 0.0) for loss in THRESHOLDS]
