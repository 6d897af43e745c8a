"""What a user asks for, checked and made into settings."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import msgspec
import pytest

from edgeslim.algorithms import Algorithm
from edgeslim.durations import LatencyShare
from edgeslim.errors import InfeasibleTargetError, UnknownNameError, UsageError
from edgeslim.execution import Target
from edgeslim.latency_table import LatencyTable
from edgeslim.runs.search_settings import SearchSettings, space_fingerprint
from edgeslim.searching.prefilter import Prefilter, PrefilteredAlgorithm, parse_prefilter
from edgeslim.searching.request import SearchRequest
from edgeslim.spaces import SPACES, Tokens
from edgeslim.training.tasks import find_task
from tests.searching.made_up import made_up_table
from tests.searching.searches import SPACE, limits_of
from tests.values import CONTEXT


@pytest.fixture(scope="module")
def table(tmp_path_factory: pytest.TempPathFactory) -> LatencyTable:
    return made_up_table(tmp_path_factory.mktemp("request") / "host.jsonl", SPACE)


@pytest.fixture
def request_(table: LatencyTable) -> SearchRequest:
    return SearchRequest(
        1.0,
        space=SPACE.name,
        table=table.path,
        algorithm="random",
        input_shape=SPACE.input_shape,
        candidates=8,
    )


def made(asked: SearchRequest, *tables: LatencyTable) -> SearchSettings:
    return asked.resolve(SPACES.get(asked.space_name), find_task("digits"), list(tables)).settings


def test_settings_say_what_was_asked_and_where_it_starts(
    request_: SearchRequest, table: LatencyTable
) -> None:
    settings = made(request_, table)
    assert settings.starts == (SPACE.initial_tokens,)
    assert settings.most_candidates == 16
    assert settings.space_fingerprint == space_fingerprint(SPACE, Target.X86)
    (target,) = settings.targets
    assert (target.device, target.target_ms, target.table) == ("host", 1.0, table.digest)
    assert target.measurable


def test_a_share_is_of_what_the_start_is_predicted_to_take(
    request_: SearchRequest, table: LatencyTable, caplog: pytest.LogCaptureFixture
) -> None:
    (start_ms,) = limits_of(table, targets_ms=(1e3,)).predicted_ms(SPACE.initial_tokens)
    half = replace(request_, target_ms=(LatencyShare(0.5),))
    (target,) = made(half, table).targets
    assert target.target_ms == pytest.approx(0.5 * start_ms, rel=1e-5)
    assert "50% of the" in caplog.text
    assert made(half, table) == made(replace(request_, target_ms=(target.target_ms,)), table)


@pytest.mark.slow
def test_starts_are_tokens_within_the_limits(request_: SearchRequest, table: LatencyTable) -> None:
    small = (0,) * len(SPACE.ranges)
    text = ",".join(map(str, small))
    assert made(replace(request_, starts=(text, text)), table).starts == (small,)
    largest = ",".join(str(size - 1) for size in SPACE.ranges)
    with pytest.raises(InfeasibleTargetError, match=r"the start 1,2,2.* takes "):
        made(replace(request_, starts=(largest,), target_ms=(0.2,)), table)
    with pytest.raises(UsageError, match="18 tokens, not 2"):
        made(replace(request_, starts=("1,2",)), table)
    with pytest.raises(UsageError, match="nobody has published networks of light-nas-small"):
        made(replace(request_, starts=("published",)), table)


@pytest.mark.slow
def test_published_networks_are_starts_as_far_as_the_limits_allow(
    request_: SearchRequest, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    family = SPACES.get("light-nas")
    space = family.space((1, 3, 32, 32), 10)
    big = made_up_table(tmp_path / "host.jsonl", space)
    asked = replace(request_, space="light-nas", input_shape=space.input_shape)
    wide = replace(asked, starts=("published",), target_ms=(1e3,))
    assert made(wide, big).starts == tuple(family.published.values())
    one = replace(asked, starts=("tokens2",), target_ms=(1e3,))
    assert made(one, big).starts == (family.published["tokens2"],)
    # One that nobody can meet leaves the first network that the limits allow.
    tight = replace(asked, starts=("published",), target_ms=(0.45,))
    (start,) = made(tight, big).starts
    assert start not in family.published.values()
    for name in family.published:
        assert f"the published network {name} is left out: it takes " in caplog.text


# The limit of the original `light_nas/compress.yaml`, which is what MobileNetV2 has.
TARGET_FLOPS = 592_948_064


def by_work(request_: SearchRequest, **changed: Any) -> SearchRequest:
    """At the size and with the classes that the original's limit is about."""
    none = {"target_ms": (), "table": (), "input_shape": (1, 3, 224, 224), "space": "light-nas"}
    return replace(request_, **{**none, "max_paddleslim1_flops": TARGET_FLOPS, **changed})


class ThousandClasses:
    """Digits among as many classes as the original's task has, so that networks are its own."""

    num_classes = 1000
    metric_name = "accuracy"
    data = find_task("digits").data


def starts_of(asked: SearchRequest) -> tuple[Tokens, ...]:
    task = ThousandClasses()
    return asked.resolve(SPACES.get(asked.space_name), task, []).settings.starts


@pytest.mark.slow
def test_the_originals_limit_on_work_allows_what_it_was_made_for(request_: SearchRequest) -> None:
    published = SPACES.get("light-nas").published
    asked = by_work(request_)
    asked.check()
    assert starts_of(replace(asked, starts=("published",))) == tuple(published.values())
    with pytest.raises(InfeasibleTargetError, match="the start mobilenet-v2 takes 592,948,064 Pad"):
        starts_of(replace(asked, starts=("mobilenet-v2",), max_paddleslim1_flops=TARGET_FLOPS - 1))


@pytest.mark.slow
def test_starts_that_are_left_out_are_said_with_the_reason(
    request_: SearchRequest, caplog: pytest.LogCaptureFixture
) -> None:
    published = SPACES.get("light-nas").published
    less = TARGET_FLOPS - 1
    asked = by_work(request_, starts=("published",), max_paddleslim1_flops=less, candidates=2)
    assert starts_of(asked) == tuple(published.values())[1:3]
    left_out, too_many = caplog.messages
    assert left_out == (
        "the published network mobilenet-v2 is left out: it takes 592,948,064 PaddleSlim 1.x "
        "FLOPs where 592,948,063 PaddleSlim 1.x FLOPs are allowed"
    )
    assert too_many == "5 networks to start with and 2 candidates: the last 3 are left out"


def test_each_limit_needs_a_table_and_all_tables_one_kind_of_device(
    request_: SearchRequest, table: LatencyTable, tmp_path: Path
) -> None:
    request_.check()
    with pytest.raises(UsageError, match="2 latency limits and 1 tables: each limit needs"):
        replace(request_, target_ms=(1.0, 2.0)).check()
    arm = msgspec.structs.replace(CONTEXT.execution, target=Target.ARM)
    other = made_up_table(
        tmp_path / "phone.jsonl", SPACE, msgspec.structs.replace(CONTEXT, execution=arm)
    )
    two = replace(request_, target_ms=(1.0, 2.0), table=(table.path, other.path))
    with pytest.raises(UsageError, match=r"phone\.jsonl is for arm, and .*host\.jsonl for x86"):
        made(two, table, other)


def test_a_prefilter_is_a_proxy_and_a_number() -> None:
    assert parse_prefilter("") is None
    assert parse_prefilter("macs:8") == Prefilter(proxy="macs", among=8)
    with pytest.raises(UnknownNameError, match="unknown proxy 'mac'; did you mean 'macs'"):
        parse_prefilter("mac:8")
    for text in ("macs", "macs:", "macs:1", "macs:x", "macs:-3"):
        with pytest.raises(UsageError, match=r"is not a prefilter; write it like macs:8"):
            parse_prefilter(text)


class Counting:
    """Proposes 0, 1, 2 … up to five, and remembers what it is told."""

    def __init__(self) -> None:
        self.told: list[Tokens] = []
        self._next = iter(range(5))

    def ask(self) -> Tokens | None:
        number = next(self._next, None)
        return None if number is None else (number,)

    def tell(self, tokens: Tokens, reward: float) -> None:
        self.told.append(tokens)


def test_behind_a_prefilter_the_best_of_several_is_proposed_and_only_that_is_told() -> None:
    counting = Counting()
    filtered: Algorithm = PrefilteredAlgorithm(
        counting, lambda tokens: -abs(tokens[0] - 1), among=3
    )
    assert filtered.ask() == (1,)
    filtered.tell((1,), 0.5)
    assert filtered.ask() == (3,)
    assert filtered.ask() is None
    assert counting.told == [(1,)]
