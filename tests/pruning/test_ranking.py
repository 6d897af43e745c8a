"""Rankings and the plans that follow from them."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgeslim.channels.plan import Selection
from edgeslim.errors import UnknownNameError, UsageError
from edgeslim.pruning.criteria import CRITERIA
from edgeslim.pruning.ranking import mean_scores, plan_for, rank_groups, rank_scores
from tests.pruning.nets import Net, residual


@given(scores=st.lists(st.sampled_from([0.0, 0.5, 1.0, 2.5]), min_size=1, max_size=12))
def test_orders_are_by_falling_score_and_of_equals_by_place(scores: list[float]) -> None:
    order = rank_scores({"group": np.array(scores)})["group"].tolist()
    assert order == sorted(range(len(scores)), key=lambda place: (-scores[place], place))


def test_a_plan_keeps_the_most_important_in_rising_order() -> None:
    rankings = {"a": np.array([3, 0, 2, 1]), "b": np.array([1, 0])}
    assert plan_for({"a": 3}, rankings).kept == {"a": (0, 2, 3)}
    assert plan_for({"a": 1, "b": 2}, rankings).kept == {"a": (3,), "b": (0, 1)}


@pytest.mark.parametrize("width", [0, 5, -1])
def test_a_plan_keeps_some_and_not_more_than_there_are(width: int) -> None:
    with pytest.raises(UsageError, match=f"of the 4 channels of a, {width} cannot be kept"):
        plan_for({"a": width}, {"a": np.arange(4)})


def test_a_plan_of_an_unknown_group_is_refused() -> None:
    with pytest.raises(UnknownNameError, match=r"unknown channel group 'stages'.*mean 'stage'"):
        plan_for({"stages": 1}, {"stage": np.arange(4)})


def test_what_goes_is_what_a_criterion_says_matters_least() -> None:
    net, out = residual()
    net.tensors["stage"][[1, 4, 7]] *= 1e-3
    net.tensors["back"][[1, 4, 7]] *= 1e-3
    weights = net.weights(out)
    rankings = rank_groups(weights, CRITERIA.get("l1"))
    plan = plan_for({"stage": 9}, rankings)
    assert set(range(12)) - set(plan.kept["stage"]) == {1, 4, 7}
    selection = Selection(weights.channels, plan)
    assert selection.cut("back.scale", net.tensors["back.scale"]).shape == (9,)


def test_channels_that_lie_at_two_places_are_ranked_once() -> None:
    net = Net()
    first = net.convolution("first", "x", 4)
    twice = net.concatenation(first, first)
    scaled = net.norm("scale", twice)
    out = net.convolution("last", scaled, 2)
    net.tensors["scale"] = np.array([1.0, 5, 2, 2, 1, 3, 9, 1])
    weights = net.weights(out)
    (group,) = weights.channels.groups
    assert group.width == 4
    np.testing.assert_array_equal(weights.rows("scale", 0, 0), [[1, 1], [5, 3], [2, 9], [2, 1]])
    order = rank_groups(weights, CRITERIA.get("batch-norm-scale"))["first"]
    assert order.tolist() == [2, 1, 3, 0]


def test_the_mean_over_batches_is_of_scores_and_not_of_gradients() -> None:
    some, others = {"a": np.array([4.0, 0.0])}, {"a": np.array([0.0, 2.0])}
    assert mean_scores([some, others])["a"].tolist() == [2.0, 1.0]
    assert mean_scores([some])["a"].tolist() == [4.0, 0.0]
