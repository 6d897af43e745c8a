from __future__ import annotations

import pytest

from edgeslim.errors import UsageError
from edgeslim.families.light_nas.published import PUBLISHED_TOKENS
from edgeslim.families.light_nas.tokens import RANGES, architecture
from edgeslim.families.tokens import check_tokens

INIT = PUBLISHED_TOKENS["mobilenet-v2"]


def test_ranges_are_the_published_ones() -> None:
    assert RANGES == (4, 3, 3, 2, 2, 2) * 5


def test_start_of_the_search_is_mobilenet_v2() -> None:
    groups = architecture(INIT).groups
    assert [(g.expansion, g.channels, g.layers, g.stride) for g in groups] == [
        (1, 16, 1, 1),
        (6, 24, 2, 2),
        (6, 32, 3, 2),
        (6, 64, 4, 2),
        (6, 96, 3, 1),
        (6, 160, 3, 2),
        (6, 320, 1, 1),
    ]
    assert {group.kernel for group in groups} == {3}
    assert not any(group.squeeze_excitation for group in groups)


def test_every_place_in_a_group_means_what_it_should() -> None:
    groups = architecture((*INIT[:6], 1, 2, 0, 1, 0, 1, *INIT[12:])).groups
    changed = groups[2]
    assert (changed.expansion, changed.channels, changed.layers) == (4, 40, 2)
    assert (changed.kernel, changed.shortcut, changed.squeeze_excitation) == (5, False, True)
    assert groups[:2] + groups[3:] == architecture(INIT).groups[:2] + architecture(INIT).groups[3:]


def test_published_vectors_are_six_different_networks() -> None:
    assert len({architecture(tokens) for tokens in PUBLISHED_TOKENS.values()}) == 6


@pytest.mark.parametrize("count", [0, 29, 31])
def test_wrong_number_of_tokens(count: int) -> None:
    with pytest.raises(UsageError, match=f"must be 30 tokens, not {count}"):
        architecture([0] * count)


@pytest.mark.parametrize(
    ("position", "token", "highest"), [(0, 4, 3), (1, 3, 2), (9, 2, 1), (29, -1, 1)]
)
def test_wrong_token_is_named(position: int, token: int, highest: int) -> None:
    tokens = list(INIT)
    tokens[position] = token
    with pytest.raises(
        UsageError, match=f"token {position} must be between 0 and {highest}, not {token}"
    ):
        architecture(tokens)


def test_ranges_of_another_space_can_be_checked() -> None:
    check_tokens([0, 4], (1, 5))
    with pytest.raises(UsageError, match="token 1 must be between 0 and 4, not 5"):
        check_tokens([0, 5], (1, 5))
