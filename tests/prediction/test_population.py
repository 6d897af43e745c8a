"""A population's latencies are those of its networks, one by one."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from edgeslim.errors import UsageError
from edgeslim.execution import Target
from edgeslim.latency_table import LatencyTable
from edgeslim.prediction.population import PopulationPredictor
from edgeslim.prediction.predictor import Predictor
from edgeslim.spaces import SPACES, Space, every_operator
from tests.searching.made_up import made_up_ms, made_up_networks
from tests.values import row, table_at


@pytest.fixture(scope="module")
def space() -> Space:
    return SPACES.get("light-nas-small").space()


@pytest.fixture(scope="module")
def table(space: Space, tmp_path_factory: pytest.TempPathFactory) -> LatencyTable:
    """Every operator, hot and with some memory touched."""
    path = tmp_path_factory.mktemp("population") / "table.jsonl"
    specs = every_operator(space, Target.X86)
    rows = [row(spec, made_up_ms(spec), 1.3 * made_up_ms(spec)) for spec in specs]
    return table_at(path, *rows, *made_up_networks(space, 5))


def population(space: Space, count: int) -> np.ndarray[tuple[int, int], np.dtype[np.int64]]:
    return np.random.default_rng(3).integers(0, space.ranges, (count, len(space.ranges)))


@pytest.mark.slow
def test_it_says_what_the_predictor_says_of_each(space: Space, table: LatencyTable) -> None:
    predictor = Predictor(table)
    tokens = population(space, 200)
    together = PopulationPredictor(predictor, space).latencies_ms(tokens)
    for vector, latency_ms in zip(tokens, together, strict=True):
        specs = space.operators(tuple(map(int, vector)), Target.X86)
        assert latency_ms == pytest.approx(predictor.predict(specs).total_ms, rel=1e-9)


@pytest.mark.slow
def test_intervals_are_those_of_the_predictor(space: Space, table: LatencyTable) -> None:
    predictor = Predictor(table, only=set(list(table)[::2]))
    tokens = population(space, 30)
    latencies_ms, half_widths_ms = PopulationPredictor(predictor, space).intervals_ms(tokens)
    for vector, latency_ms, half_ms in zip(tokens, latencies_ms, half_widths_ms, strict=True):
        specs = space.operators(tuple(map(int, vector)), Target.X86)
        predicted = predictor.predict(specs)
        assert latency_ms == pytest.approx(predicted.total_ms, rel=1e-9)
        assert predicted.interval_ms is not None
        assert latency_ms + half_ms == pytest.approx(predicted.interval_ms[1], rel=1e-9)


@pytest.mark.slow
def test_what_is_interpolated_is_so_in_both(space: Space, table: LatencyTable) -> None:
    known = set(list(table)[::2])
    predictor = Predictor(table, only=known)
    tokens = population(space, 50)
    together = PopulationPredictor(predictor, space).latencies_ms(tokens)
    assert np.isfinite(together).all()
    for vector, latency_ms in zip(tokens, together, strict=True):
        specs = space.operators(tuple(map(int, vector)), Target.X86)
        assert latency_ms == pytest.approx(predictor.predict(specs).total_ms, rel=1e-9)


def test_networks_with_an_operator_that_nothing_is_known_of_have_no_latency(
    space: Space, table: LatencyTable, tmp_path: Path
) -> None:
    rows = [
        row(spec, made_up_ms(spec)) for spec in table if not spec.kind.startswith("elementwise_mul")
    ]
    predictor = Predictor(table_at(tmp_path / "some.jsonl", *rows))
    tokens = population(space, 100)
    together = PopulationPredictor(predictor, space).latencies_ms(tokens)
    latencies_ms, half_widths_ms = PopulationPredictor(predictor, space).intervals_ms(tokens)
    assert (np.isnan(latencies_ms) == np.isnan(together)).all()
    assert np.isnan(half_widths_ms).all(), "nobody knows the errors without whole networks"
    for vector, latency_ms in zip(tokens, together, strict=True):
        specs = space.operators(tuple(map(int, vector)), Target.X86)
        lacking = any(spec.kind == "elementwise_mul" for spec in specs)
        assert np.isnan(latency_ms) == lacking
    assert np.isnan(together).any()
    assert np.isfinite(together).any()


def test_tokens_of_another_space_are_refused_and_named(space: Space, table: LatencyTable) -> None:
    predictor = PopulationPredictor(Predictor(table), space)
    tokens = population(space, 5)
    with pytest.raises(UsageError, match=r"have 18 tokens each, not an array of shape \(5, 17\)"):
        predictor.latencies_ms(tokens[:, 1:])
    tokens[3, 4] = 2
    with pytest.raises(UsageError, match="token 4 of network 3 must be between 0 and 1, not 2"):
        predictor.latencies_ms(tokens)


def test_no_networks_have_no_latencies(space: Space, table: LatencyTable) -> None:
    assert PopulationPredictor(Predictor(table), space).latencies_ms(population(space, 0)).size == 0
