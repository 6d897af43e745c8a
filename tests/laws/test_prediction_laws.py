"""Laws of predictions from any table."""

from __future__ import annotations

import tempfile
from dataclasses import replace
from functools import cache
from pathlib import Path

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from edgeslim.conversion.operator_jobs import null_operator
from edgeslim.latency_table import OperatorRow
from edgeslim.measurement import CacheState, Measurement
from edgeslim.opspec import OpSpec
from edgeslim.prediction.calibration import Calibration, calibrate
from edgeslim.prediction.network_features import touched_bytes
from edgeslim.prediction.network_model import DEFAULT_MODEL
from edgeslim.prediction.predictor import Prediction, Predictor, Source
from tests.prediction.networks import LAYOUT, truths
from tests.values import MB, convolution, relu, row, table_at

SPECS = tuple(
    spec for n in range(1, 5) for spec in (convolution(8 * n, 64 * n, 14), relu(8 * n, 28))
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
@pytest.mark.slow
def test_at_a_measured_distance_an_operator_takes_what_was_measured_there_and_hot_less_the_null(
    specs: list[OpSpec], data: st.DataObject
) -> None:
    factor = DEFAULT_MODEL.distance_factor
    distance = round(factor * sum(map(touched_bytes, specs)))
    assume(distance == factor * sum(map(touched_bytes, specs)))
    others = data.draw(st.sets(st.integers(0, 64 * MB).filter(lambda n: n != distance), max_size=3))
    nanoseconds = st.fixed_dictionaries(dict.fromkeys([distance, *others], st.integers(1, 10**9)))
    null = data.draw(nanoseconds)
    measured = {spec: data.draw(nanoseconds) for spec in set(specs)}
    prediction = predictor(
        at(null_operator(), null), *(at(spec, latency) for spec, latency in measured.items())
    ).predict(specs)
    first = min([distance, *others])
    for predicted in prediction.operators:
        hot, there = (max(0, measured[predicted.spec][at] - null[at]) for at in (first, distance))
        own = max(0.0, hot + DEFAULT_MODEL.cold_scale * (there - hot))
        assert predicted.latency_ms == pytest.approx(own / 1e6, rel=1e-9, abs=1e-12)


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


@settings(max_examples=12)  # each fits a model, which is slow
@given(specs=networks, known=st.sets(st.sampled_from(SPECS)), data=st.data())
@pytest.mark.slow
def test_coverage_counts_what_is_there_and_the_rest_is_listed(
    specs: list[OpSpec], known: set[OpSpec], data: st.DataObject
) -> None:
    prediction = predictor(*(row for row in rising(data) if row.operator in known)).predict(specs)
    assert set(prediction.of(Source.MEASURED)) == set(specs) & known
    missing = set(prediction.missing)
    assert prediction.coverage == pytest.approx(
        sum(spec not in missing for spec in specs) / len(specs)
    )
    for spec, predicted in zip(specs, prediction.operators, strict=True):
        assert predicted.spec == spec
        assert (predicted.latency_ms is None) == (spec in missing)
        assert (predicted.error > 0) == (predicted.source is Source.INTERPOLATED)
    assert_interval(prediction)


def assert_interval(prediction: Prediction) -> None:
    if prediction.interval_ms is None:
        return
    low, high = prediction.interval_ms
    assert 0 <= low <= prediction.total_ms <= high


TRUTHS = truths(DEFAULT_MODEL, count=8)


@cache
def calibrated() -> Calibration:
    return calibrate(TRUTHS, LAYOUT)


@settings(max_examples=30)
@given(factors=st.lists(st.floats(0.1, 6.0), min_size=3, max_size=8), data=st.data())
def test_the_interval_holds_the_total_whatever_the_errors_were(
    factors: list[float], data: st.DataObject
) -> None:
    model = predictor(*rising(data))
    networks = [
        replace(truth, measured_ms=factor * truth.measured_ms)
        for truth, factor in zip(TRUTHS, factors, strict=False)
    ]
    model.__dict__["calibration"] = calibrate(networks, LAYOUT)
    prediction = model.predict(SPECS)
    assert prediction.interval_ms is not None
    assert_interval(prediction)


@settings(max_examples=12)  # each fits a model
@given(speed=st.floats(0.01, 100.0))
@pytest.mark.slow
def test_a_device_of_another_speed_has_the_same_errors(speed: float) -> None:
    # The features are counts and bytes, doubt, operations, then times.
    factors = np.concatenate([[1.0, 1.0, 1.0, speed, 1.0], np.full(LAYOUT.width - 5, speed)])
    faster = [
        replace(truth, measured_ms=truth.measured_ms * speed, sums=truth.sums * factors)
        for truth in TRUTHS
    ]
    one, other = calibrated(), calibrate(faster, LAYOUT)
    assert other.residuals == pytest.approx(one.residuals, abs=1e-9)
    assert other.model.scale == pytest.approx(one.model.scale)
    assert other.model.overhead_ms == pytest.approx(one.model.overhead_ms * speed, abs=1e-9)
    assert other.model.run_ms == pytest.approx(one.model.run_ms * speed, abs=1e-9)


@settings(max_examples=12)  # each fits a model
@given(order=st.permutations(range(8)))
@pytest.mark.slow
def test_the_order_of_the_networks_does_not_matter(order: list[int]) -> None:
    one = calibrated()
    other = calibrate([TRUTHS[index] for index in order], LAYOUT)
    assert other.residuals == pytest.approx(one.residuals, abs=1e-9)
