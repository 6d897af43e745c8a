"""The networks that do the most work within a latency, by a table alone."""

from __future__ import annotations

import math
from itertools import product
from pathlib import Path

import pytest

from edgeslim.durations import LatencyShare
from edgeslim.errors import InfeasibleTargetError, MissingLatencyError, UsageError
from edgeslim.execution import Target
from edgeslim.latency_table import LatencyTable
from edgeslim.ops import macs
from edgeslim.prediction.predictor import Predictor
from edgeslim.resources import data_folder
from edgeslim.searching import largest as module
from edgeslim.searching.largest import largest
from edgeslim.searching.limits import resolve_limit_ms
from edgeslim.spaces import SPACES
from tests.searching.made_up import made_up_table, small_space

PHONE = data_folder("latency_tables") / "snapdragon-855" / "latency_855.jsonl"
OPTIONS = {"input_shape": (1, 1, 16, 16), "num_classes": 10}


@pytest.fixture(scope="module")
def table(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return made_up_table(tmp_path_factory.mktemp("largest") / "host.jsonl", small_space()).path


@pytest.mark.slow
def test_of_a_phones_whole_space_the_largest_within_the_limit_are_found() -> None:
    found = largest("blazeface-2022", 12.0, PHONE, count=5)
    assert found.whole_space
    assert found.left_out["pool2d"] == 3
    assert len(found.networks) == len({each.tokens for each in found.networks}) == 5
    work = [each.macs for each in found.networks]
    assert work == sorted(work, reverse=True)
    assert all(each.predicted_ms <= 12.0 for each in found.networks)
    # No neighbour of the best is larger and within the limit.
    predictor = Predictor(LatencyTable.read(PHONE))
    space = SPACES.get("blazeface-2022").space()
    best = found.networks[0].tokens
    for place, value in product(range(len(best)), range(max(space.ranges))):
        if value < space.ranges[place]:
            near = (*best[:place], value, *best[place + 1 :])
            specs = space.operators(near, Target.ARM)
            predicted_ms = predictor.predict(specs).total_ms
            assert macs(specs) <= work[0] or predicted_ms > 12.0


@pytest.mark.slow
def test_of_a_space_too_large_to_be_looked_at_the_best_are_nearly_found(
    table: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = largest("light-nas-small", 0.3, table, **OPTIONS)  # type: ignore[call-overload]
    for name, value in (("_ALL_OF", 0), ("_DRAWN", 20_000), ("_CHUNK", 10_000)):
        monkeypatch.setattr(module, name, value)
    drawn = largest("light-nas-small", 0.3, table, **OPTIONS)  # type: ignore[call-overload]
    assert not drawn.whole_space
    assert drawn.networks[0].predicted_ms <= 0.3
    assert 0.97 * whole.networks[0].macs <= drawn.networks[0].macs <= whole.networks[0].macs
    again = largest("light-nas-small", 0.3, table, **OPTIONS)  # type: ignore[call-overload]
    assert again == drawn, "the same seed gives the same networks"


def test_a_share_is_of_what_the_start_takes(table: Path) -> None:
    space = SPACES.get("light-nas-small").space((1, 1, 16, 16), 10)
    predictor = Predictor(LatencyTable.read(table))
    start_ms = predictor.total_ms(space.operators(space.initial_tokens, Target.X86))
    limit_ms = resolve_limit_ms(LatencyShare(0.6), space, predictor)
    assert limit_ms == pytest.approx(0.6 * start_ms, rel=1e-5)
    assert resolve_limit_ms(0.3, space, predictor) == 0.3


@pytest.mark.slow
def test_the_largest_within_a_share_are_those_within_what_it_comes_to(table: Path) -> None:
    found = largest("light-nas-small", LatencyShare(0.6), table, **OPTIONS)  # type: ignore[call-overload]
    space = SPACES.get("light-nas-small").space((1, 1, 16, 16), 10)
    limit_ms = resolve_limit_ms(LatencyShare(0.6), space, Predictor(LatencyTable.read(table)))
    assert found == largest("light-nas-small", limit_ms, table, **OPTIONS)  # type: ignore[call-overload]


@pytest.mark.slow
def test_out_of_reach_is_said_with_what_is_reachable(table: Path) -> None:
    with pytest.raises(InfeasibleTargetError, match=r"to run in 1\.00 us; the fastest takes \d"):
        largest("light-nas-small", 0.001, table, **OPTIONS)  # type: ignore[call-overload]
    assert math.prod(small_space().ranges) <= module._ALL_OF


def test_a_count_of_none_is_refused(table: Path) -> None:
    with pytest.raises(UsageError, match="count must be at least 1, not 0"):
        largest("light-nas-small", 1.0, table, count=0)


def test_a_table_that_knows_no_network_of_the_space_says_what_it_lacks() -> None:
    phone = data_folder("latency_tables") / "snapdragon-855" / "latency_855.jsonl"
    with pytest.raises(MissingLatencyError, match=r"knows too little .* and [0-9]+ more"):
        largest("resnet-small", 5.0, phone)
