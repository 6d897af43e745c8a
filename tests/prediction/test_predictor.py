"""Sums of what was measured, and a plain word about what was not."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import msgspec
import pytest

from edgeslim.conversion.operator_jobs import null_operator
from edgeslim.errors import MissingLatencyError
from edgeslim.latency_rows import Convention
from edgeslim.latency_table import FailedRow, LatencyTable, NetworkRow
from edgeslim.opspec import OPEN_SHAPE, Attributes, OpSpec, Shapes
from edgeslim.prediction.calibration import UNCALIBRATED
from edgeslim.prediction.network_model import DEFAULT_MODEL, NetworkModel
from edgeslim.prediction.predictor import Predictor, Source
from edgeslim.table_keys import table_key
from tests.prediction.networks import synthetic_networks
from tests.values import CONTEXT, MB, chain, convolution, relu, row, table_at

SMALL = (convolution(3, 8), relu(8, 8), convolution(8, 8))
"""A network that touches a few kilobytes."""


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "table.jsonl"


def test_a_prediction_is_the_sum_of_its_operators(path: Path) -> None:
    table = table_at(path, *(row(spec, 2.0**i, 9.0) for i, spec in enumerate(SMALL)))
    prediction = Predictor(table).predict([*SMALL, SMALL[0]])
    assert prediction.total_ms == pytest.approx(1.0 + 2.0 + 4.0 + 1.0, rel=0.05)
    assert prediction.total_ms == pytest.approx(
        sum(each.latency_ms or 0 for each in prediction.operators)
    )
    assert [each.spec for each in prediction.operators] == [*SMALL, SMALL[0]]
    assert {each.source for each in prediction.operators} == {Source.MEASURED}
    assert (prediction.missing, prediction.coverage) == ((), 1.0)
    assert Predictor(table).total_ms(SMALL) == Predictor(table).predict(SMALL).total_ms


def test_what_a_run_itself_costs_is_taken_off_each_operator_and_never_below_nothing(
    path: Path,
) -> None:
    table = table_at(
        path, row(null_operator(), 0.5, 0.75), row(SMALL[0], 2.0, 2.25), row(SMALL[1], 0.4, 0.4)
    )
    prediction = Predictor(table).predict([SMALL[0], SMALL[1]])
    assert [each.latency_ms for each in prediction.operators] == pytest.approx([1.5, 0.0])


def test_what_the_table_knows_nothing_like_is_listed_and_is_no_zero(path: Path) -> None:
    softmax, sigmoid = (
        OpSpec(kind=kind, inputs=Shapes(X=((1, 8),)), outputs=Shapes(Out=((1, 8),)))
        for kind in ("softmax", "sigmoid")
    )
    table = table_at(
        path, row(SMALL[0], 1.0), FailedRow(operator=softmax, reason="the optimizer aborted")
    )
    predictor = Predictor(table)
    prediction = predictor.predict([SMALL[0], softmax, sigmoid, softmax])
    assert prediction.missing == (softmax, sigmoid)
    assert prediction.coverage == 0.25
    assert [each.latency_ms for each in prediction.operators] == [pytest.approx(1.0), *[None] * 3]
    assert prediction.operators[1].source is Source.MISSING
    assert predictor.rows.missing_of([softmax, SMALL[0], softmax]) == [softmax]
    with pytest.raises(MissingLatencyError) as caught:
        predictor.total_ms([softmax, SMALL[0], sigmoid])
    assert str(caught.value) == (
        f"{path} knows nothing like {softmax} and 1 more; "
        "measure them with edgeslim profile --out on this table"
    )


def test_what_noise_leaves_uncertain_is_missing_and_the_error_tells_how_much(path: Path) -> None:
    noisy = [row(relu(8 * n), 10.0 ** (n % 3)) for n in range(1, 9)]
    predictor = Predictor(table_at(path, *noisy))
    assert predictor.predict([relu(20)]).missing == (relu(20),)
    with pytest.raises(
        MissingLatencyError, match=r"knows too little \(to \d+%\) of relu .*and a larger --budget"
    ):
        predictor.total_ms([relu(20)])


def test_an_operator_whose_rows_depend_on_the_data_is_missing_even_if_one_like_it_was_measured(
    path: Path,
) -> None:
    unknown = msgspec.structs.replace(
        SMALL[0], attributes=Attributes({**SMALL[0].attributes, OPEN_SHAPE: True})
    )
    predictor = Predictor(table_at(path, row(SMALL[0], 1.0), row(SMALL[1], 2.0)))
    prediction = predictor.predict([SMALL[0], unknown])
    assert prediction.missing == (unknown,)
    assert prediction.total_ms == pytest.approx(1.0)
    assert (SMALL[0].is_open, unknown.is_open) == (False, True)


def test_what_was_not_measured_is_interpolated_with_an_error(path: Path) -> None:
    widths = [8, 16, 24, 32, 48, 64, 96, 128]
    table = table_at(path, *(row(convolution(32, width, 28), 0.01 * width) for width in widths))
    predictor = Predictor(table)
    between = convolution(32, 40, 28)
    prediction = predictor.predict([between])
    (operator,) = prediction.operators
    assert operator.source is Source.INTERPOLATED
    assert 0 < operator.error < 0.5
    assert operator.latency_ms == pytest.approx(0.4, rel=0.25)
    assert prediction.of(Source.INTERPOLATED) == (between,)
    assert (prediction.missing, prediction.coverage) == ((), 1.0)


def test_an_estimate_from_other_kernels_is_unsure_if_it_is_one_at_all(path: Path) -> None:
    widths = [8, 16, 24, 32, 48, 64, 96, 128]
    known = [row(convolution(32, width, 28, kernel=1), 0.01 * width) for width in widths]
    others = [row(convolution(32, width, 28), 0.05 * width) for width in (16, 64)]
    predictor = Predictor(table_at(path, *known, *others))
    (like,) = predictor.predict([convolution(32, 40, 28, kernel=1)]).operators
    assert like.error < 0.3
    unlike = predictor.predict([convolution(32, 40, 28)])
    (operator,) = unlike.operators
    assert operator.source is Source.MISSING or operator.error >= 0.5
    strange = predictor.predict([convolution(32, 40, 28, kernel=5)])
    assert strange.missing or strange.operators[0].error >= 0.5


def test_a_predictor_can_be_made_to_forget(path: Path) -> None:
    table = table_at(path, row(SMALL[0], 1.0), row(SMALL[2], 2.0))
    assert Predictor(table, only={SMALL[0]}).predict([SMALL[0]]).of(Source.MEASURED)
    assert not Predictor(table, only={SMALL[0]}).predict([SMALL[2]]).of(Source.MEASURED)


def test_what_the_tables_convention_leaves_out_is_a_gap_that_is_counted_and_no_error(
    path: Path,
) -> None:
    context = msgspec.structs.replace(CONTEXT, convention=Convention.BARE_CONVOLUTIONS)
    bare = [table_key(spec, Convention.BARE_CONVOLUTIONS) for spec in SMALL]
    assert bare[0] is not None
    table = LatencyTable.open(path, context)
    table.add(row(bare[0], 1.0))
    predictor = Predictor(table)
    prediction = predictor.predict([SMALL[0], SMALL[1], SMALL[1]])
    assert prediction.total_ms == predictor.total_ms([SMALL[0], SMALL[1]]) == pytest.approx(1.0)
    assert (prediction.missing, prediction.excluded_kinds) == ((), {"relu": 2})
    assert [each.source for each in prediction.operators] == [
        *(Source.MEASURED, Source.LEFT_OUT, Source.LEFT_OUT)
    ]
    assert prediction.coverage == pytest.approx(1 / 3)
    table.add(row(SMALL[1], 0.5))  # one that has it all the same
    assert Predictor(table).predict([SMALL[1]]).total_ms == pytest.approx(0.5)


def test_what_a_runtime_fuses_further_is_in_the_operator_before_and_no_gap(path: Path) -> None:
    context = msgspec.structs.replace(CONTEXT, convention=Convention.FUSED_FURTHER)
    shape = ((1, 8, 4, 4),)
    total = OpSpec(
        kind="elementwise_add", inputs=Shapes(X=shape, Y=shape), outputs=Shapes(Out=shape)
    )
    table = LatencyTable.open(path, context)
    table.add(row(SMALL[0], 1.0))
    prediction = Predictor(table).predict([SMALL[0], total])
    assert prediction.total_ms == pytest.approx(1.0)
    assert (prediction.missing, prediction.excluded_kinds) == ((), {})
    assert prediction.of(Source.WITHIN) == (total,)
    assert prediction.coverage == 1.0


def test_a_network_of_nothing_takes_no_time(path: Path) -> None:
    prediction = Predictor(table_at(path)).predict([])
    assert (prediction.total_ms, prediction.interval_ms) == (0.0, None)
    assert prediction.coverage == 1.0


def test_an_operator_that_was_not_steady_says_so(path: Path) -> None:
    unsteady = row(SMALL[1], 1.0)
    unsteady = type(unsteady)(
        operator=SMALL[1],
        measurements=(
            type(unsteady.measurements[0])(
                samples_ns=(100_000, 200_000, 300_000, 400_000, 500_000)
            ),
        ),
    )
    prediction = Predictor(table_at(path, row(SMALL[0], 1.0), unsteady)).predict(SMALL[:2])
    assert [each.unsteady for each in prediction.operators] == ["", "its samples are far apart"]


def test_an_operator_that_was_disturbed_says_so(path: Path) -> None:
    disturbed = row(SMALL[1], 1.0, disturbed="the device was slow")
    prediction = Predictor(table_at(path, row(SMALL[0], 1.0), disturbed)).predict(SMALL[:2])
    assert [each.unsteady for each in prediction.operators] == ["", "the device was slow"]


def test_a_table_that_grows_does_not_change_or_break_a_predictor(path: Path) -> None:
    table = table_at(path, row(SMALL[0], 1.0))
    predictor = Predictor(table)
    table.add(row(SMALL[1], 1.0))
    assert not predictor.predict([SMALL[1]]).of(Source.MEASURED)
    assert Predictor(table).predict([SMALL[1]]).of(Source.MEASURED)


def test_small_networks_are_read_hot_and_large_ones_cold(path: Path) -> None:
    large = convolution(256, 1024, kernel=3)
    assert large.weight_bytes > 8 * MB
    table = table_at(path, row(SMALL[0], 1.0, 3.0), row(large, 10.0, 12.0))
    predictor = Predictor(table)
    alone = predictor.predict([SMALL[0]])
    beside = predictor.predict([SMALL[0], large])
    assert alone.total_ms == pytest.approx(1.0, rel=0.01)
    # Part of what the cold costs is hidden in a network.
    assert beside.operators[0].latency_ms == pytest.approx(1 + 2 * DEFAULT_MODEL.cold_scale)


def measured_networks(table: LatencyTable, model: NetworkModel) -> list[str]:
    """Adds networks that obey a model, and the operators they are of."""
    networks = synthetic_networks(model)
    for _, rows, network_row in networks.values():
        table.add(*rows, network_row)
    return list(networks)


MODEL = NetworkModel(distance_factor=2.0, scale=0.9, cold_scale=0.6, overhead_ms=-0.002)


@pytest.mark.slow
def test_networks_in_the_table_calibrate_it(path: Path) -> None:
    table = LatencyTable.open(path, table_at(path).context)
    names = measured_networks(table, MODEL)
    calibration = Predictor(table).calibration
    assert set(calibration.residuals) == set(names)
    assert calibration.worst_error < 0.02
    for name, network in table.networks.items():
        prediction = Predictor(table).predict(network.graph.specs)
        assert prediction.total_ms == pytest.approx(network.latency_ms, rel=0.02), name


def test_networks_that_are_held_back_are_not_seen(path: Path) -> None:
    table = table_at(path)
    names = measured_networks(table, MODEL)
    calibration = Predictor(table, without=names[:2]).calibration
    assert set(calibration.residuals) == set(names[2:])
    assert Predictor(table, without=names).calibration == UNCALIBRATED


def test_networks_of_which_something_is_unknown_are_left_out(path: Path) -> None:
    table = table_at(path)
    names = measured_networks(table, MODEL)
    strange = OpSpec(kind="softmax", inputs=Shapes(X=((1, 8),)), outputs=Shapes(Out=((1, 8),)))
    known = table.networks[names[0]]
    table.add(
        NetworkRow(
            name="strange",
            graph=chain(*known.graph.specs, strange),
            measurements=known.measurements,
        )
    )
    assert set(Predictor(table).calibration.residuals) == set(names)


def test_an_empty_network_in_the_table_harms_nothing(path: Path) -> None:
    empty = NetworkRow(name="empty", graph=chain(), measurements=row(SMALL[0], 1.0).measurements)
    table = table_at(path, empty, row(SMALL[0], 1.0))
    assert Predictor(table).predict(SMALL[:1]).coverage == 1.0


def test_there_is_an_interval_once_whole_networks_show_how_far_off_predictions_are(
    path: Path,
) -> None:
    table = table_at(path, row(SMALL[0], 1.0))
    assert Predictor(table).predict(SMALL[:1]).interval_ms is None
    measured_networks(table, MODEL)
    known = Predictor(table).predict(SMALL[:1])
    assert known.interval_ms is not None
    low, high = known.interval_ms
    assert 0.8 * known.total_ms < low < known.total_ms < high < 1.2 * known.total_ms


def test_what_a_run_takes_is_no_operators_part(path: Path) -> None:
    table = table_at(path, row(SMALL[0], 1.0))
    measured_networks(table, replace(MODEL, run_ms=2.0))
    prediction = Predictor(table).predict(SMALL)
    assert prediction.run_ms == pytest.approx(2.0, rel=0.1)
    parts = sum(operator.latency_ms or 0.0 for operator in prediction.operators)
    assert parts + prediction.run_ms == pytest.approx(prediction.total_ms)
