"""Groups by regular expressions and by ratios of parameters."""

from __future__ import annotations

import math

import pytest

from edgeslim.channels.choice import (
    choose_groups,
    match_parameters,
    ratios_of_groups,
    why_not_prunable,
)
from edgeslim.channels.groups import Channels, channels_of
from edgeslim.errors import UnknownNameError, UsageError
from edgeslim.graph import Graph
from tests.channels.sketch import Sketch


@pytest.fixture
def graph() -> Graph:
    """A residual of ``b_sep_weights`` and ``c_sep_weights``, behind ``a_sep_weights``."""
    net = Sketch()
    a = net.conv("x", "a_sep_weights", 8)
    b, c = (net.conv(a, f"{name}_sep_weights", 6) for name in "bc")
    total = net.add("elementwise_add", {"X": b, "Y": c})
    net.add("elementwise_add", {"X": total, "Y": net.parameter("offset", 6)}, axis=1)
    return net.graph()


@pytest.fixture
def channels(graph: Graph) -> Channels:
    return channels_of(graph)


def test_a_group_is_chosen_by_any_of_its_producers(graph: Graph, channels: Channels) -> None:
    for pattern, names in {
        ".*_sep_weights": ("a_sep_weights", "b_sep_weights"),
        "c_": ("b_sep_weights",),
        "a_sep_weights|c_sep_weights": ("a_sep_weights", "b_sep_weights"),
        "a|last": ("a_sep_weights",),
    }.items():
        assert choose_groups(channels, graph.parameters, pattern) == names


def test_an_expression_of_paddleslim_chooses_layers_by_number() -> None:
    net, x = Sketch(), "x"
    for number in range(20):
        x = net.conv(x, f"conv2d_{number}.w_0", 4)
    graph = net.graph()
    found = choose_groups(
        channels_of(graph), graph.parameters, "conv2d_[1-9].w_0|conv2d_1[0-2].w_0"
    )
    assert found == tuple(f"conv2d_{number}.w_0" for number in range(1, 13))


def test_a_match_is_from_the_start_of_a_name(graph: Graph, channels: Channels) -> None:
    assert match_parameters(graph.parameters, "a") == ("a_sep_weights",)
    with pytest.raises(UnknownNameError):
        choose_groups(channels, graph.parameters, "sep")


def test_what_matches_nothing_is_offered_something_near(graph: Graph, channels: Channels) -> None:
    with pytest.raises(
        UnknownNameError, match="unknown parameter 'a_sep_wieghts'; did you mean 'a_sep_weights'"
    ):
        choose_groups(channels, graph.parameters, "a_sep_wieghts")


@pytest.mark.parametrize(
    ("pattern", "offered"),
    [
        ("weights", ".*weights"),
        ("b_sep|weights", ".*(b_sep|weights)"),
        ("(?i)SEP_weights$", "(?i).*SEP_weights$"),
    ],
)
def test_what_matches_inside_of_names_is_offered_from_their_start(
    graph: Graph, pattern: str, offered: str
) -> None:
    names = [f"x{name}" for name in graph.parameters if name.endswith("weights")]
    with pytest.raises(UnknownNameError) as caught:
        match_parameters(names, pattern)
    assert f"did you mean {offered!r}, which matches 3?" in str(caught.value)
    assert match_parameters(names, offered) == tuple(names)


def test_names_are_listed_in_the_networks_order() -> None:
    with pytest.raises(UnknownNameError, match=r"known: stem, block, a_last$"):
        match_parameters(["stem", "block", "a_last"], "none of them")


def test_of_many_names_the_nearest_are_offered() -> None:
    names = [f"conv{number}_weights" for number in range(200)]
    with pytest.raises(UnknownNameError) as caught:
        match_parameters(names, "conv17_wheights")
    text = str(caught.value)
    assert "the nearest of 200: conv17_weights, " in text
    assert len(text) < 200


def test_what_is_no_regular_expression_is_refused(graph: Graph, channels: Channels) -> None:
    with pytest.raises(UsageError, match=r"'\[' is not a regular expression: unterminated"):
        choose_groups(channels, graph.parameters, "[")


@pytest.mark.parametrize(
    ("pattern", "reason"),
    [
        ("last", "'last' matches nothing that can be pruned: last: it is an output of the network"),
        ("off", "offset: no channels come out of it, it follows those of others"),
    ],
)
def test_what_cannot_be_pruned_is_refused_with_the_reason(
    graph: Graph, channels: Channels, pattern: str, reason: str
) -> None:
    with pytest.raises(UsageError, match=reason):
        choose_groups(channels, graph.parameters, pattern)


def test_reasons_of_parameters(channels: Channels) -> None:
    assert why_not_prunable(channels, "a_sep_weights") == ""
    assert why_not_prunable(channels, "last") == "it is an output of the network"


def test_ratios_are_those_of_the_groups(channels: Channels) -> None:
    given = {"c_sep_weights": 0.5, "a_sep_weights": 0.25, "b_sep_weights": 0.5}
    assert ratios_of_groups(channels, given) == {"a_sep_weights": 0.25, "b_sep_weights": 0.5}
    assert ratios_of_groups(channels, {}) == {}


@pytest.mark.parametrize("ratio", [0, 1, 1.5, -0.1, math.nan, math.inf])
def test_a_ratio_is_between_zero_and_one(channels: Channels, ratio: float) -> None:
    with pytest.raises(
        UsageError, match=f"ratio of a_sep_weights must be above 0 and below 1, not {ratio:g}"
    ):
        ratios_of_groups(channels, {"a_sep_weights": ratio})


@pytest.mark.parametrize("name", ["a_sep_weihgts", "offse"])
def test_a_ratio_of_something_unknown_is_refused(channels: Channels, name: str) -> None:
    with pytest.raises(UnknownNameError, match=f"unknown parameter '{name}'; "):
        ratios_of_groups(channels, {name: 0.5})


def test_a_ratio_of_what_must_stay_is_refused(channels: Channels) -> None:
    with pytest.raises(UsageError, match="last cannot be pruned: it is an output of the network"):
        ratios_of_groups(channels, {"last": 0.5})
    with pytest.raises(UsageError, match="offset cannot be pruned: no channels come out of it"):
        ratios_of_groups(channels, {"offset": 0.5})


def test_two_ratios_of_one_group_are_refused(channels: Channels) -> None:
    with pytest.raises(
        UsageError,
        match=r"b_sep_weights \(0.5\) and c_sep_weights \(0.3\) are pruned together, so their "
        "ratios must be equal: elementwise_add meets both",
    ):
        ratios_of_groups(channels, {"b_sep_weights": 0.5, "c_sep_weights": 0.3})
