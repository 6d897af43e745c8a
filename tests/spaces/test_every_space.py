"""What every space on the shelf must do; a new file in the folder is tested by being there."""

from __future__ import annotations

import importlib

import numpy as np
import pytest

from edgeslim.errors import UsageError
from edgeslim.execution import Target
from edgeslim.opspec import OpSpec
from edgeslim.spaces import SPACES, Space, Tokens, every_operator

NAMES = SPACES.names()


@pytest.fixture(params=NAMES)
def space(request: pytest.FixtureRequest) -> Space:
    return SPACES.get(request.param).space()


def random_tokens(space: Space, count: int, seed: int = 0) -> list[Tokens]:
    drawn = np.random.default_rng(seed).integers(0, space.ranges, (count, len(space.ranges)))
    return [tuple(map(int, tokens)) for tokens in drawn]


def test_the_published_space_and_a_small_one_are_there() -> None:
    assert {"light-nas", "light-nas-small"} <= set(NAMES)


@pytest.mark.parametrize("name", NAMES)
def test_its_name_is_its_files(name: str) -> None:
    module = importlib.import_module(f"edgeslim.spaces.{name.replace('-', '_')}")
    assert SPACES.get(name) is module.SPACE
    assert SPACES.get(name).space().name == name
    assert SPACES.get(name).summary


def test_it_has_choices_and_its_start_is_one_of_them(space: Space) -> None:
    assert all(size >= 1 for size in space.ranges)
    assert any(size > 1 for size in space.ranges)
    assert space.check(list(space.initial_tokens)) == space.initial_tokens
    assert isinstance(space.check(list(space.initial_tokens)), tuple)


def test_both_ends_of_every_range_are_valid(space: Space) -> None:
    for end in ([0 for _ in space.ranges], [size - 1 for size in space.ranges]):
        assert space.check(end) == tuple(end)


def test_a_wrong_number_of_tokens_is_said_so(space: Space) -> None:
    count = len(space.ranges)
    for wrong in ((), space.initial_tokens[:-1], (*space.initial_tokens, 0)):
        with pytest.raises(UsageError, match=rf"^there must be {count} tokens, not {len(wrong)}$"):
            space.check(wrong)


def test_a_token_out_of_its_range_is_named_with_position_value_and_range(space: Space) -> None:
    for position, size in enumerate(space.ranges):
        for value in (-1, size, size + 1000):
            tokens = list(space.initial_tokens)
            tokens[position] = value
            message = rf"^token {position} must be between 0 and {size - 1}, not {value} "
            with pytest.raises(UsageError, match=message):
                space.check(tokens)


def test_an_input_or_output_that_cannot_be_is_refused_with_the_value(space: Space) -> None:
    family = SPACES.get(space.name)
    with pytest.raises(UsageError, match=r"N,C,H,W, not \(3, 224, 224\)"):
        family.space((3, 224, 224), 10)
    with pytest.raises(UsageError, match="at least 2 classes, not 1"):
        family.space(None, 1)


@pytest.mark.slow
@pytest.mark.parametrize("target", Target)
def test_its_list_of_every_operator_has_those_of_any_network(space: Space, target: Target) -> None:
    listed = list(every_operator(space, target))
    assert len(listed) == len(set(listed))
    seen: set[OpSpec] = set()
    ends = [tuple(0 for _ in space.ranges), tuple(size - 1 for size in space.ranges)]
    for tokens in [space.initial_tokens, *ends, *random_tokens(space, 300)]:
        operators = space.operators(tokens, target)
        assert set(operators) <= set(listed), tokens
        seen |= set(operators)
    # 300 networks show a good part of what there is: the list is no catch-all.
    assert len(seen) > len(listed) / 3


@pytest.mark.slow
@pytest.mark.parametrize("target", Target)
def test_input_and_classes_are_those_asked_for(space: Space, target: Target) -> None:
    n, channels, height, width = space.input_shape
    asked = SPACES.get(space.name).space((n, channels, 2 * height, 2 * width), 7)
    assert (asked.input_shape, asked.num_classes) == ((n, channels, 2 * height, 2 * width), 7)
    operators = asked.operators(asked.initial_tokens, target)
    assert asked.input_shape in {spec.input_shape for spec in operators}
    # A detector says as much for each of many places.
    assert (n, 7) in {(spec.output_shape[0], spec.output_shape[-1]) for spec in operators}
    assert set(operators) <= set(every_operator(asked, target))
