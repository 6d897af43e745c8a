"""What operators take inside a deployed network: beside the table's rows, in record and output."""

from __future__ import annotations

import json
from pathlib import Path

import msgspec
import numpy as np
import pytest

from edgeslim.cli.inside_output import inside_document, print_inside
from edgeslim.conversion.build_network import build_network
from edgeslim.deployment.deploy import deploy
from edgeslim.deployment.inside import inside_record
from edgeslim.errors import UsageError
from edgeslim.latency_table import LatencyTable
from edgeslim.measuring.prefix_rounds import PrefixRounds
from edgeslim.opspec import encode_hook
from edgeslim.runs.deployment_history import read_history
from edgeslim.runs.inside_record import InsideOperator, InsideRecord
from edgeslim.runs.model_records import Known, OperatorRecord
from tests.deployment.made_up_records import made_up_model
from tests.searching.made_up import host_context, made_up_table
from tests.searching.searches import SPACE
from tests.values import convolution, relu

OPERATORS = (
    OperatorRecord(operator=convolution(3, 8), places=(0,), known=Known.MEASURED, latency_ms=1.5),
    OperatorRecord(operator=relu(8), places=(1, 3), known=Known.MEASURED, latency_ms=0.2),
    OperatorRecord(operator=convolution(8, 8), places=(2,), known=Known.MISSING),
)


def rounds_of(kinds: tuple[str, ...], cuts: tuple[int, ...], times_ms: list[float]) -> PrefixRounds:
    levels = np.tile(np.cumsum(times_ms), (5, 1))
    return PrefixRounds(
        kinds=kinds,
        cuts=cuts,
        levels_ms=levels,
        steps_ms=np.tile(np.array(times_ms), (5, 1)),
        wholes_ms=np.repeat(levels[:, -1:], 2, axis=1) * 1.01,
        disturbed=0.25,
        seconds=9.0,
    )


def test_operators_stand_beside_their_rows_of_the_table() -> None:
    rounds = rounds_of(("conv2d", "relu", "conv2d", "relu"), (1, 2, 3, 4), [1.4, 0.2, 3.0, 0.1])
    found = inside_record(rounds, made_up_model(operators=OPERATORS))
    assert [own.operator for own in found.operators] == [
        *(convolution(3, 8), relu(8), convolution(8, 8), relu(8)),
    ]
    assert [own.predicted_ms for own in found.operators] == [1.5, 0.2, None, 0.2]
    assert [own.latency_ms for own in found.operators] == pytest.approx([1.4, 0.2, 3.0, 0.1])
    first, _, unknown, last = found.operators
    assert first.difference == pytest.approx(1.5 / 1.4 - 1)
    assert unknown.difference is None
    assert not unknown.is_explained
    assert last.difference == pytest.approx(1.0)
    assert found.sum_difference == pytest.approx(1 / 1.01 - 1)
    assert found.sum_is_whole


def test_a_conversion_that_only_the_file_has_shifts_no_row() -> None:
    kinds = ("calib", "conv2d", "relu", "calib", "conv2d", "relu")
    rounds = rounds_of(kinds, (1, 2, 3, 4, 5, 6), [0.1, 1.4, 0.2, 0.1, 3.0, 0.1])
    found = inside_record(rounds, made_up_model(operators=OPERATORS))
    assert [own.title for own in found.operators][::3] == ["calib", "calib"]
    assert [own.predicted_ms for own in found.operators] == [None, 1.5, 0.2, None, None, 0.2]


def test_operators_that_are_not_told_apart_have_the_sum_of_their_rows() -> None:
    rounds = rounds_of(("conv2d", "relu", "conv2d", "relu"), (2, 4), [1.6, 3.1])
    found = inside_record(rounds, made_up_model(operators=OPERATORS))
    assert [(own.first, own.last, own.title) for own in found.operators] == [
        *((0, 1, "conv2d, relu"), (2, 3, "conv2d, relu")),
    ]
    assert [own.predicted_ms for own in found.operators] == [pytest.approx(1.7), None]


def operator(latency_ms: float, predicted_ms: float | None) -> InsideOperator:
    return InsideOperator(
        first=0,
        last=0,
        kinds=("relu",),
        latency_ms=latency_ms,
        interval_ms=(0.9 * latency_ms, 1.1 * latency_ms),
        operator=relu(8),
        predicted_ms=predicted_ms,
    )


def record(*operators: InsideOperator, whole_ms: float, disturbed: float = 0.0) -> InsideRecord:
    return InsideRecord(
        operators=operators,
        whole_ms=whole_ms,
        whole_interval_ms=(0.99 * whole_ms, 1.01 * whole_ms),
        rounds=6,
        seconds=10.0,
        disturbed=disturbed,
    )


def test_what_is_printed_says_whether_the_sum_is_the_whole(
    capsys: pytest.CaptureFixture[str],
) -> None:
    print_inside(record(operator(1.0, 1.05), operator(2.0, 3.0), whole_ms=3.03))
    shown = capsys.readouterr().out
    assert "+50%" in shown
    assert "3.03 ms (3.00 ms to 3.06 ms) in the same 6 rounds: -1.0%, within 2%" in shown
    assert "1 of 2 predictions are within the interval" in shown
    assert "interrupted" not in shown
    print_inside(record(operator(1.0, None), whole_ms=1.1, disturbed=0.5))
    shown = capsys.readouterr().out
    assert "-9.1%, NOT within 2%" in shown
    assert "predict" not in shown
    assert "interrupted 50% of the turns" in shown


def test_programs_read_the_same() -> None:
    found = record(operator(1.0, 1.05), operator(0.0, 3.0), whole_ms=1.0)
    told = inside_document(found)
    assert (told["sum_ms"], told["sum_is_whole"]) == (1.0, True)
    assert told["operators"][0]["difference"] == pytest.approx(0.05)
    assert told["operators"][1]["difference"] is None
    again = msgspec.json.decode(msgspec.json.encode(told, enc_hook=encode_hook))
    assert again == json.loads(json.dumps(told))


def test_it_is_asked_of_one_variant(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="--operators is of one precision"):
        deploy(str(tmp_path), operators=True, precisions=("fp32", "int8"))


@pytest.mark.slow
def test_a_deployment_with_a_table_records_what_each_operator_takes(tmp_path: Path) -> None:
    table: LatencyTable = made_up_table(tmp_path / "host.jsonl", SPACE, host_context())
    net = build_network(
        SPACE.name,
        tuple(0 for _ in SPACE.ranges),
        tmp_path / "net",
        input_shape=SPACE.input_shape,
        num_classes=10,
    )
    done = deploy(
        str(net),
        table=table.path,
        out=tmp_path / "out",
        rounds=1,
        operators=True,
        operators_s=1.0,
    )
    (model,) = done.models
    assert model.inside is not None
    places = [place for own in model.inside.operators for place in range(own.first, own.last + 1)]
    assert places == list(range(len(places)))
    assert len(places) == sum(own.count for own in model.operators)
    assert model.inside.sum_ms > 0
    assert all(own.predicted_ms is not None for own in model.inside.operators)
    predicted_ms = sum(own.predicted_ms or 0.0 for own in model.inside.operators)
    assert predicted_ms == pytest.approx(sum(own.total_ms or 0.0 for own in model.operators))
    (again,) = read_history(done.history)
    assert again.models[0].inside == model.inside
