"""Laws of predictions from any table."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from edgeslim.conversion.operator_jobs import null_operator
from edgeslim.latency_table import LatencyTable, OperatorRow
from edgeslim.measurement import CacheState, Measurement
from edgeslim.opspec import OpSpec
from edgeslim.prediction.calibration import Calibration, NetworkPoint, calibrate
from edgeslim.prediction.predictor import Prediction, Predictor
from edgeslim.prediction.reuse_distance import DEFAULT_CACHE_MODEL, touched_bytes
from tests.prediction.networks import synthetic_networks
from tests.values import MB, convolution, relu, row, table_at

SPECS = tuple(
    each for n in range(1, 5) for each in (convolution(8 * n, 64 * n, 14), relu(8 * n, 28))
)
times = st.floats(0.01, 100.0)
networks = st.lists(st.sampled_from(SPECS), min_size=1, max_size=12)


def predictor(*rows: OperatorRow) -> Predictor:
    with tempfile.TemporaryDirectory() as folder:
        return Predictor(table_at(Path(folder, "table.jsonl"), *rows))


def at(spec: OpSpec, nanoseconds: dict[int, int]) -> OperatorRow:
    """An operator measured at amounts of memory swept."""
    return OperatorRow(
        operator=spec,
        measurements=tuple(
            Measurement(samples_ns=(time,), cache=CacheState(swept_bytes=swept))
            for swept, time in nanoseconds.items()
        ),
    )


@given(specs=networks, data=st.data())
def test_at_a_measured_distance_an_operator_takes_what_was_measured_less_the_null(
    specs: list[OpSpec], data: st.DataObject
) -> None:
    factor = DEFAULT_CACHE_MODEL.distance_factor
    distance = round(factor * touched_bytes(specs))
    assume(distance == factor * touched_bytes(specs))
    others = data.draw(st.sets(st.integers(0, 64 * MB).filter(lambda n: n != distance), max_size=3))
    nanoseconds = st.fixed_dictionaries(dict.fromkeys([distance, *others], st.integers(1, 10**9)))
    null = data.draw(nanoseconds)
    measured = {spec: data.draw(nanoseconds) for spec in set(specs)}
    prediction = predictor(
        at(null_operator(), null), *(at(spec, each) for spec, each in measured.items())
    ).predict(specs)
    for each in prediction.operators:
        own = max(0, measured[each.spec][distance] - null[distance])
        assert each.latency_ms == pytest.approx(own / 1e6, rel=1e-9, abs=1e-12)


def rising(data: st.DataObject) -> list[OperatorRow]:
    """Rows whose times rise with the memory touched."""
    return [
        row(spec, *sorted(data.draw(st.lists(times, min_size=3, max_size=3)))) for spec in SPECS
    ]


@given(specs=networks, data=st.data())
def test_the_order_of_the_operators_does_not_matter(
    specs: list[OpSpec], data: st.DataObject
) -> None:
    model = predictor(*rising(data))
    shuffled = data.draw(st.permutations(specs))
    assert model.predict(shuffled).total_ms == pytest.approx(model.predict(specs).total_ms)


@given(specs=networks, more=st.sampled_from(SPECS), data=st.data())
def test_a_network_with_one_operator_more_takes_no_less_time(
    specs: list[OpSpec], more: OpSpec, data: st.DataObject
) -> None:
    model = predictor(*rising(data))
    assert model.predict([*specs, more]).total_ms >= model.predict(specs).total_ms * (1 - 1e-12)


@given(specs=networks, known=st.sets(st.sampled_from(SPECS)), data=st.data())
def test_coverage_counts_what_is_there_and_the_rest_is_listed(
    specs: list[OpSpec], known: set[OpSpec], data: st.DataObject
) -> None:
    prediction = predictor(*(each for each in rising(data) if each.operator in known)).predict(
        specs
    )
    assert prediction.coverage == pytest.approx(sum(spec in known for spec in specs) / len(specs))
    assert set(prediction.missing) == set(specs) - known
    for spec, each in zip(specs, prediction.operators, strict=True):
        assert each.spec == spec
        assert (each.latency_ms is None) == (spec not in known)
    assert_interval(prediction)


def assert_interval(prediction: Prediction) -> None:
    low, high = prediction.interval_ms
    assert 0 <= low <= prediction.total_ms <= high


RESIDUALS = st.dictionaries(st.text(max_size=3), st.floats(-0.9, 5.0), max_size=8)


@given(residuals=RESIDUALS, data=st.data())
def test_the_interval_holds_the_total_whatever_the_errors_were(
    residuals: dict[str, float], data: st.DataObject
) -> None:
    model = predictor(*rising(data))
    calibration = Calibration(model=DEFAULT_CACHE_MODEL, residuals=residuals)
    assert calibration.half_width() >= 0
    model.__dict__["calibration"] = calibration
    assert_interval(model.predict(SPECS))


POINTS: Sequence[tuple[str, Any]] = tuple(synthetic_networks(DEFAULT_CACHE_MODEL, count=8).items())


@pytest.fixture(scope="module")
def points(tmp_path_factory: pytest.TempPathFactory) -> list[NetworkPoint]:
    """Eight networks for a fit."""
    table: LatencyTable = table_at(tmp_path_factory.mktemp("table") / "t.jsonl")
    for _, (_, rows, network) in POINTS:
        table.add(*rows, network)
    model = Predictor(table)
    return [
        model.network_point(name, specs, network.latency_ms) for name, (specs, _, network) in POINTS
    ]


@given(speed=st.floats(0.01, 100.0))
def test_a_device_of_another_speed_has_the_same_errors(
    points: list[NetworkPoint], speed: float
) -> None:
    faster = [
        NetworkPoint(
            name=point.name,
            measured_ms=point.measured_ms * speed,
            count=point.count,
            touched_bytes=point.touched_bytes,
            swept_bytes=point.swept_bytes,
            totals_ms=point.totals_ms * speed,
        )
        for point in points
    ]
    one, other = calibrate(points), calibrate(faster)
    assert other.residuals == pytest.approx(one.residuals, abs=1e-9)
    assert other.model.scale == pytest.approx(one.model.scale)
    assert other.model.overhead_ms == pytest.approx(one.model.overhead_ms * speed, abs=1e-9)


@given(order=st.permutations(range(8)))
def test_the_order_of_the_networks_does_not_matter(
    points: list[NetworkPoint], order: list[int]
) -> None:
    one, other = calibrate(points), calibrate([points[index] for index in order])
    assert other.residuals == pytest.approx(one.residuals, abs=1e-9)
