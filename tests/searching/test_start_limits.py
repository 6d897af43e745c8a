"""Limits on memory, load and the first run of a search's networks."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import msgspec
import numpy as np
import pytest

from edgeslim.errors import UsageError
from edgeslim.execution import Target
from edgeslim.latency_rows import StartRow
from edgeslim.latency_table import LatencyTable
from edgeslim.prediction.predictor import Predictor
from edgeslim.prediction.start_features import start_features
from edgeslim.runs.search_settings import LatencyTarget
from edgeslim.searching.limits import SearchLimits, feasible_start
from edgeslim.searching.request import SearchRequest
from edgeslim.searching.run_limits import make_limits
from edgeslim.searching.start_limits import StartLimit
from edgeslim.spaces import SPACES, Tokens
from edgeslim.training.tasks import find_task
from tests.searching.made_up import made_up_networks, made_up_table
from tests.searching.searches import SPACE, settings

SMALLEST = tuple(0 for _ in SPACE.ranges)
LARGEST = tuple(size - 1 for size in SPACE.ranges)


@pytest.fixture(scope="module")
def table(tmp_path_factory: pytest.TempPathFactory) -> LatencyTable:
    """A table whose networks start by planted numbers."""
    table = made_up_table(tmp_path_factory.mktemp("starts") / "host.jsonl", SPACE)
    for row in made_up_networks(SPACE, 12):
        own = start_features(row.graph.specs, Target.X86)
        table.add(
            row,
            StartRow(
                name=row.name,
                file_bytes=round(own.file_mb * 1e6),
                load_ms=2.0 + 4.0 * own.file_mb,
                first_run_ms=row.latency_ms + 1.0 + 2.0 * own.tensors_mb,
                taken_mb=40.0 + own.file_mb + own.tensors_mb,
                alone_mb=35.0,
            ),
        )
    return table


def limits_of(
    table: LatencyTable, confidence: float = 0.5, target: LatencyTarget | None = None
) -> SearchLimits:
    """Limits that every network meets."""
    loose = LatencyTarget(
        device="host",
        target_ms=1e3,
        table="t",
        max_memory_mb=1e3,
        max_load_ms=1e3,
        max_first_ms=1e3,
    )
    asked = settings(targets=(target or loose,), confidence=confidence)
    return make_limits(asked, SPACE, [Predictor(table)])


def with_memory(limits: SearchLimits, most: float) -> SearchLimits:
    """The limits with another one on memory, and none on other parts of a start."""
    return replace(limits, start_limits=(replace(limits.start_limits[0], target=most),))


def memory(limits: SearchLimits, tokens: Tokens) -> float:
    """What is compared with the limit on memory."""
    return float(limits.start_limits[0].limited_values(np.array([tokens]))[0])


def test_each_limit_holds_what_is_predicted_of_its_quantity(table: LatencyTable) -> None:
    limits = limits_of(table)
    values = [value for limit, value in limits.values(LARGEST) if isinstance(limit, StartLimit)]
    own = start_features(SPACE.operators(LARGEST, Target.X86), Target.X86)
    assert values[0] == pytest.approx(40.0 + own.file_mb + own.tensors_mb, rel=0.03)
    assert values[1] == pytest.approx(2.0 + 4.0 * own.file_mb, rel=0.2)
    assert values[2] > 1.0
    for limit, value in zip(limits.start_limits, values, strict=True):
        exact = replace(limits, start_limits=(replace(limit, target=value),))
        less = replace(limit, target=float(np.nextafter(value, 0)))
        assert exact.are_met([LARGEST])[0]
        assert not replace(limits, start_limits=(less,)).are_met([LARGEST])[0]


def test_more_confidence_asks_for_more_room(table: LatencyTable) -> None:
    values = [memory(limits_of(table, confidence), LARGEST) for confidence in (0.5, 0.8, 0.95)]
    assert values[0] < values[1] < values[2] < values[0] + 10


def test_a_search_starts_within_a_limit_on_memory(table: LatencyTable) -> None:
    limits = limits_of(table)
    ends = [memory(limits, tokens) for tokens in (SMALLEST, LARGEST)]
    between = with_memory(limits, sum(ends) / 2)
    assert between.are_met([feasible_start(between, 0)])[0]
    missed = with_memory(limits, 20.0).describe_missed(SMALLEST)
    assert (
        missed == f"{ends[0]:.1f} MB of memory on host where 20.0 MB of memory on host are allowed"
    )


def test_a_table_without_starts_is_refused(tmp_path: Path) -> None:
    table = made_up_table(tmp_path / "host.jsonl", SPACE)
    with pytest.raises(UsageError, match=r"--max-memory cannot be predicted: the starts of 0"):
        limits_of(
            table, target=LatencyTarget(device="host", target_ms=1.0, table="t", max_memory_mb=9.0)
        )


def test_a_request_has_them_for_each_device(table: LatencyTable) -> None:
    asked = SearchRequest(
        (1.0, 2.0),
        space=SPACE.name,
        table=(table.path, table.path),
        input_shape=SPACE.input_shape,
        max_memory_mb=(64.0, 128.0),
        max_first_ms=(90.0, 95.0),
        confidence=0.5,
    )
    asked.check()
    made = asked.resolve(SPACES.get(SPACE.name), find_task("digits"), [table, table]).settings
    assert [target.max_memory_mb for target in made.targets] == [64.0, 128.0]
    assert [target.max_first_ms for target in made.targets] == [90.0, 95.0]
    assert [target.max_load_ms for target in made.targets] == [None, None]


def test_as_many_are_wanted_as_there_are_devices(table: LatencyTable) -> None:
    asked = SearchRequest(1.0, space=SPACE.name, table=table.path, max_load_ms=(9.0, 8.0))
    with pytest.raises(UsageError, match="2 limits --max-load and 1 latency limits"):
        asked.check()
    with pytest.raises(UsageError, match="--max-memory must be above 0, not -1"):
        replace(asked, max_load_ms=(), max_memory_mb=-1.0).check()


def test_settings_from_before_have_none() -> None:
    old = msgspec.json.decode(b'{"device":"host","target_ms":1.0,"table":"t"}', type=LatencyTarget)
    assert (old.max_memory_mb, old.max_load_ms, old.max_first_ms) == (None, None, None)


def test_starts_are_predicted_of_those_alone_that_meet_all_else(table: LatencyTable) -> None:
    limits = limits_of(table)
    (latency,) = limits.latencies
    values = latency.limited_values(np.array([SMALLEST, LARGEST]))
    between = replace(limits, latencies=(replace(latency, target_ms=float(values.mean())),))
    assert between.are_met([SMALLEST, LARGEST]).tolist() == [True, False]
    assert all(SMALLEST in own.starts.known for own in limits.start_limits)
    assert not any(LARGEST in own.starts.known for own in limits.start_limits)
    assert between.excess([LARGEST])[0] > 0
