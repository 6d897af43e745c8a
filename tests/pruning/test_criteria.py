"""What every criterion must do; a new file in the folder is tested by being there."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgeslim.errors import ModelError, UsageError
from edgeslim.pruning.criteria import CRITERIA, check_criterion, find_criterion
from edgeslim.pruning.ranking import group_scores, rank_groups
from edgeslim.pruning.weights import Weights
from tests.pruning.nets import Array, Net, residual

NAMES = CRITERIA.names()
SEEDS = st.integers(0, 2**32 - 1)


def weighted(seed: int = 0, scale: float = 1.0) -> Weights:
    """The residual network with random weights and gradients."""
    net, out = residual()
    random = np.random.default_rng(seed)
    for name, each in net.tensors.items():
        net.tensors[name] = scale * random.normal(size=each.shape)
    gradients = {name: random.normal(size=each.shape) for name, each in net.tensors.items()}
    return net.weights(out, gradients=gradients)


def reordered(weights: Weights, order: np.ndarray[Any, Any], group: int) -> Weights:
    """The same network with the channels of a group in another order."""
    values: list[dict[str, Array]] = []
    for arrays in (weights.tensors, weights.gradients or {}):
        moved = dict(arrays)
        for name, axes in weights.channels.axes.items():
            for axis in range(len(axes) if name in moved else 0):
                places, units = weights.channels.positions(name, axis, group)
                source = places[np.argsort(units)][order[units]]
                taken = np.arange(moved[name].shape[axis])
                taken[places] = source
                moved[name] = np.take(moved[name], taken, axis)
        values.append(moved)
    return Weights(
        graph=weights.graph, channels=weights.channels, tensors=values[0], gradients=values[1]
    )


def test_the_criteria_of_the_brief_are_there() -> None:
    expected = {"l1", "l2", "geometric-median", "batch-norm-scale", "taylor"}
    assert expected <= set(NAMES)


def test_the_network_has_the_groups_that_the_tests_are_about() -> None:
    groups = weighted().channels.groups
    assert {each.name: (each.width, each.producers) for each in groups} == {
        "first": (8, ("first",)),
        "stage": (12, ("stage", "back")),
        "hidden": (6, ("hidden",)),
    }


@pytest.mark.parametrize("name", NAMES)
@given(seed=SEEDS)
def test_every_channel_has_a_score_that_is_not_below_nought(name: str, seed: int) -> None:
    weights = weighted(seed)
    found = group_scores(weights, CRITERIA.get(name))
    assert {group: each.shape for group, each in found.items()} == {
        each.name: (each.width,) for each in weights.channels.groups
    }
    assert all((each >= 0).all() and each.max() > 0 for each in found.values())


@pytest.mark.parametrize("name", NAMES)
@given(seed=SEEDS, group=st.integers(0, 2))
def test_scores_go_with_their_channels(name: str, seed: int, group: int) -> None:
    weights = weighted(seed)
    order = np.random.default_rng(seed).permutation(weights.group(group).width)
    criterion = CRITERIA.get(name)
    for place in range(3):
        before = criterion.scores(weights, place)
        after = criterion.scores(reordered(weights, order, group), place)
        np.testing.assert_allclose(after, before[order] if place == group else before, rtol=1e-9)


@pytest.mark.parametrize("name", NAMES)
@given(seed=SEEDS, factor=st.sampled_from([0.01, 3.0, 1e4]))
def test_the_scale_of_all_weights_changes_no_order(name: str, seed: int, factor: float) -> None:
    # Both networks have the same random numbers.
    some = rank_groups(weighted(seed), CRITERIA.get(name))
    others = rank_groups(weighted(seed, factor), CRITERIA.get(name))
    for group, order in some.items():
        np.testing.assert_array_equal(order, others[group])


@pytest.mark.parametrize("name", [each for each in NAMES if each != "geometric-median"])
@given(seed=SEEDS, unit=st.integers(0, 11))
def test_a_channel_of_noughts_is_the_least_important(name: str, seed: int, unit: int) -> None:
    weights = weighted(seed)
    for tensor, axes in weights.channels.axes.items():
        if tensor in weights.tensors and axes[0] is not None:
            places, units = weights.channels.positions(tensor, 0, 1)
            weights.tensors[tensor][places[units == unit]] = 0
    scores = CRITERIA.get(name).scores(weights, 1)
    assert scores[unit] == 0
    assert (np.delete(scores, unit) > 0).all()


@pytest.mark.parametrize("name", NAMES)
def test_weights_that_are_no_numbers_are_refused_by_the_name_of_their_group(name: str) -> None:
    weights = weighted()
    for tensor in ("hidden", "hidden.scale"):
        weights.tensors[tensor][2] = np.nan
    with pytest.raises(ModelError, match="the channels of hidden cannot be ranked"):
        rank_groups(weights, CRITERIA.get(name))


@pytest.mark.parametrize("name", NAMES)
def test_only_those_that_say_so_need_gradients(name: str) -> None:
    net, out = residual()
    criterion = CRITERIA.get(name)
    if criterion.needs_gradients:
        with pytest.raises(UsageError, match="needs gradients"):
            rank_groups(net.weights(out), criterion)
    else:
        assert set(rank_groups(net.weights(out), criterion)) == {"first", "stage", "hidden"}


def test_each_weight_has_the_criterion_of_its_name() -> None:
    """A weight's own name goes before patterns, these in their order, and ``*`` comes last."""
    weights = weighted(3)
    found = find_criterion("*=taylor, st?ge=l2, back=geometric_median, f*=l1")
    some = group_scores(weights, found)
    taylor, l1 = (group_scores(weights, CRITERIA.get(name)) for name in ("taylor", "l1"))
    np.testing.assert_array_equal(some["first"], l1["first"])
    np.testing.assert_array_equal(some["hidden"], taylor["hidden"])
    stage, back = weights.producers(1)
    distances = np.linalg.norm(back[:, None] - back[None, :], axis=2).sum(1)
    expected = mean_is_one(np.linalg.norm(stage, axis=1)) + mean_is_one(distances)
    np.testing.assert_allclose(some["stage"], expected)
    assert found.needs_gradients
    assert not find_criterion("stage=l2").needs_gradients
    np.testing.assert_array_equal(  # what no pattern is for
        group_scores(weights, find_criterion("stage=l2"))["hidden"], l1["hidden"]
    )
    with pytest.raises(
        UsageError, match=r"stage go together.*stage l2, back taylor; give them one"
    ):
        group_scores(weights, find_criterion("stage=l2,back=taylor"))


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("conv*=l2", "criterion: 'conv.' is the name of no weight"),
        ("first=l3", "unknown criterion 'l3'; did you mean 'l"),
        ("first=", "'first=' is not a criterion; write l1, or"),
        ("first=l1,first=l2", "is not a criterion"),
    ],
)
def test_names_in_a_criterion_are_proved(text: str, says: str) -> None:
    with pytest.raises(UsageError, match=says):
        check_criterion(text, weighted().tensors)


def mean_is_one(values: Array) -> Array:
    return values / values.mean()


def test_all_weights_of_a_group_count_alike_whatever_their_size() -> None:
    weights = weighted()
    weights.tensors["back"][:] *= 1000
    wide, narrow = (weights.tensors[name].reshape(12, -1) for name in ("back", "stage"))
    expected = sum(mean_is_one(np.abs(each).sum(1)) for each in (narrow, wide))
    np.testing.assert_allclose(CRITERIA.get("l1").scores(weights, 1), expected)
    expected = sum(mean_is_one(np.linalg.norm(each, axis=1)) for each in (narrow, wide))
    np.testing.assert_allclose(CRITERIA.get("l2").scores(weights, 1), expected)


def test_batch_norm_scale_adds_the_scales_of_a_group() -> None:
    weights = weighted()
    expected = sum(
        mean_is_one(np.abs(weights.tensors[name])) for name in ("stage.scale", "back.scale")
    )
    np.testing.assert_allclose(CRITERIA.get("batch-norm-scale").scores(weights, 1), expected)


def test_without_batch_norm_a_group_goes_by_l1_and_a_network_is_refused() -> None:
    net = Net()
    bare = net.convolution("bare", net.norm("scale", net.convolution("first", "x", 4)), 6)
    out = net.convolution("last", bare, 2)
    criterion = CRITERIA.get("batch-norm-scale")
    weights = net.weights(out)
    l1 = CRITERIA.get("l1")
    np.testing.assert_array_equal(criterion.scores(weights, 1), l1.scores(weights, 1))
    assert (criterion.scores(weights, 0) != l1.scores(weights, 0)).any()
    net = Net()
    out = net.convolution("last", net.convolution("bare", "x", 6), 2)
    with pytest.raises(ModelError, match="no batch norm to tell its channels apart by"):
        criterion.scores(net.weights(out), 0)


def test_geometric_median_finds_the_filter_that_the_others_surround() -> None:
    net = Net()
    out = net.convolution("last", net.convolution("filters", "x", 5), 2)
    corners = [[1, 1, 0], [1, -1, 0], [-1, 1, 0], [-1, -1, 0], [0.1, 0, 0]]
    net.tensors["filters"] = 7.0 + np.array(corners)[:, :, None, None]
    scores = CRITERIA.get("geometric-median").scores(net.weights(out), 0)
    # The longest filter by far from nought is the one nearest to all others.
    assert scores.argmin() == 4
    filters = np.array(corners)
    expected = [sum(np.linalg.norm(each - other) for other in filters) for each in filters]
    np.testing.assert_allclose(scores, mean_is_one(np.array(expected)))


@given(seed=SEEDS)
def test_geometric_median_is_the_sum_of_distances(seed: int) -> None:
    weights = weighted(seed)
    filters = weights.tensors["hidden"].reshape(6, -1)
    expected = [sum(np.linalg.norm(each - other) for other in filters) for each in filters]
    scores = CRITERIA.get("geometric-median").scores(weights, 2)
    np.testing.assert_allclose(scores, mean_is_one(np.array(expected)))


def test_taylor_is_the_square_of_the_gradient_of_a_gate() -> None:
    weights = weighted()
    tensors, gradients = weights.tensors, weights.gradients
    assert gradients is not None
    expected = sum(
        (tensors[name] * gradients[name] + tensors[f"{name}.shift"] * gradients[f"{name}.shift"])
        ** 2
        for name in ("stage.scale", "back.scale")
    )
    np.testing.assert_allclose(CRITERIA.get("taylor").scores(weights, 1), expected)


def test_taylor_goes_by_filters_where_there_is_no_batch_norm_and_counts_what_no_loss_reaches() -> (
    None
):
    net = Net()
    out = net.convolution("last", net.convolution("bare", "x", 6), 2)
    gradient = np.random.default_rng(1).normal(size=net.tensors["bare"].shape)
    expected = (net.tensors["bare"] * gradient).sum(axis=(1, 2, 3)) ** 2
    taylor = CRITERIA.get("taylor")
    found = taylor.scores(net.weights(out, gradients={"bare": gradient}), 0)
    np.testing.assert_allclose(found, expected)
    assert (taylor.scores(net.weights(out, gradients={}), 0) == 0).all()
