"""Why predicted and measured differ: each reason alone, and what may explain most first."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from edgeslim.deployment.reasons import is_outside_prediction, reasons_of
from edgeslim.execution import Execution, Target
from edgeslim.latency_rows import ConditionsRow, TableContext
from edgeslim.runs.deployment_records import (
    DeploymentRecord,
    Known,
    ModelRecord,
    OperatorRecord,
    OutputRecord,
    TableRecord,
)
from tests.deployment.made_up_records import made_up_model, made_up_record
from tests.values import convolution, relu

CONTEXT = TableContext(
    device="host",
    hardware="a processor, 2 cores",
    execution=Execution(target=Target.X86),
    library_version="v2.13-rc",
    runner="python",
    edgeslim="0.1.0",
)
TABLE = TableRecord(
    path="host.jsonl", digest="0", context=CONTEXT, operators=10, networks=10, reference_ms=0.45
)


def model(**fields: Any) -> ModelRecord:
    """One that takes 2 ms and was predicted to take less."""
    given: dict[str, Any] = {
        "latency_ms": 2.0,
        "predicted_ms": 1.5,
        "predicted_interval_ms": (1.4, 1.6),
        "operators": (known(),),
    }
    return made_up_model(**{**given, **fields})


def known(**fields: Any) -> OperatorRecord:
    given: dict[str, Any] = {
        "operator": convolution(3, 8),
        "places": (0, 1),
        "known": Known.MEASURED,
        "latency_ms": 0.75,
    }
    return OperatorRecord(**{**given, **fields})


def record(*models: ModelRecord, **fields: Any) -> DeploymentRecord:
    return msgspec.structs.replace(
        made_up_record(), models=models or (model(),), **{"table": TABLE, **fields}
    )


def lines(found: DeploymentRecord) -> list[str]:
    return [reason.line for reason in reasons_of(found)]


def test_nothing_is_to_be_explained_within_the_interval() -> None:
    fine = model(predicted_interval_ms=(1.9, 2.1), speed=0.5, spread=0.4)
    assert not is_outside_prediction(fine)
    assert lines(record(fine)) == []
    assert is_outside_prediction(model())


def test_without_a_table_there_is_nothing_to_say() -> None:
    assert lines(record(table=None)) == []


def test_operators_that_the_table_lacks_are_said_with_their_share() -> None:
    lacking = known(operator=relu(8), places=(2, 3), known=Known.MISSING, latency_ms=None)
    found = model(operators=(known(), lacking), predicted_ms=None, predicted_interval_ms=None)
    (reason,) = reasons_of(record(found))
    assert "the table knows nothing of 2 of 4 operators (relu 1x8x4x4" in reason.line
    assert reason.percent == 50


def test_a_way_that_the_table_is_not_of_is_said() -> None:
    (line,) = lines(
        record(
            model(
                threads=2,
                operators=(known(known=Known.NO_TABLE, latency_ms=None),),
                predicted_ms=None,
                predicted_interval_ms=None,
            )
        )
    )
    assert line == (
        "net in fp32 with 2 threads has no prediction, for the table is of host (x86 fp32, 1 "
        "thread, high)"
    )


def test_operators_beyond_the_table_come_before_those_within() -> None:
    outside = known(
        operator=convolution(8, 8),
        known=Known.INTERPOLATED,
        error=0.3,
        outside="3.2 times the most bytes of weights",
    )
    inside = known(operator=convolution(4, 8), known=Known.INTERPOLATED, error=0.05)
    first, second, *_ = reasons_of(record(model(operators=(inside, outside))))
    assert "2 operators are beyond all that the table measured" in first.line
    assert "3.2 times the most bytes of weights" in first.line
    assert first.percent == pytest.approx(100 * 1.5 * 0.3 / 2)
    assert "2 operators are interpolated" in second.line
    assert second.percent == pytest.approx(100 * 1.5 * 0.05 / 2)


def test_operators_of_another_devices_table_are_a_reason_of_their_own() -> None:
    transferred = known(operator=convolution(4, 8), known=Known.TRANSFERRED, error=0.1)
    lines = [reason.line for reason in reasons_of(record(model(operators=(transferred,))))]
    assert "2 operators are transferred from another device's table" in lines[0]
    assert not any("interpolated" in line for line in lines)


@pytest.mark.parametrize(
    ("fields", "text"),
    [
        ({"speed": 0.8}, "host is 25.0 % slower now than when the table was measured"),
        ({"speed": 1.25}, "host is 20.0 % faster now than when the table was measured"),
        ({"spread": 0.3}, "its samples are far apart (half of them within 30% of 2.00 ms)"),
        (
            {"outputs": OutputRecord(max_abs=1.0, max_rel=0.02)},
            "its outputs differ from Paddle's by 2.0e-02",
        ),
        (
            {"operators": (known(unsteady="the device was hot"),)},
            "2 operators were measured unsteadily for the table (conv2d",
        ),
        (
            {"operators": (known(), known(operator=relu(8), known=Known.LEFT_OUT))},
            "tables of this convention leave out relu",
        ),
    ],
)
def test_each_reason_of_a_model(fields: dict[str, Any], text: str) -> None:
    assert any(text in line for line in lines(record(model(**fields))))
    assert not any(text in line for line in lines(record(model())))


def test_rounds_that_were_all_disturbed_are_said() -> None:
    spoiled = tuple(
        msgspec.structs.replace(turn, disturbed="the device was slow") for turn in model().rounds
    )
    told = lines(record(model(rounds=spoiled)))
    assert any("every round was disturbed (the device was slow)" in line for line in told)
    told = lines(record(model(rounds=(*spoiled[:1], *model().rounds[1:]))))
    assert not any("every round was disturbed" in line for line in told)


@pytest.mark.parametrize(
    ("fields", "text"),
    [
        (
            {"state_after": ConditionsRow(temperature_c=91.0, capped=0.5)},
            "host was hot after the measuring: 91 C, over 80 C, held to 50% of its frequency",
        ),
        (
            {"table": msgspec.structs.replace(TABLE, age_s=100 * 86400.0)},
            "the table is 100 days old",
        ),
        ({"table": msgspec.structs.replace(TABLE, networks=1)}, "the table has 1 whole network"),
        (
            {
                "table": msgspec.structs.replace(
                    TABLE, context=msgspec.structs.replace(CONTEXT, edgeslim="0.0.9")
                )
            },
            "the table's edgeslim is 0.0.9, and here 0.1.0",
        ),
        (
            {
                "table": msgspec.structs.replace(
                    TABLE, context=msgspec.structs.replace(CONTEXT, provenance="a web page")
                )
            },
            "the table was not measured here; it is imported: a web page",
        ),
    ],
)
def test_each_reason_of_device_and_table(fields: dict[str, Any], text: str) -> None:
    assert any(text in line for line in lines(record(**fields)))
    assert not any(text in line for line in lines(record()))


def test_what_may_explain_most_comes_first() -> None:
    told = reasons_of(record(model(speed=0.5, spread=0.2, operators=(known(unsteady="x"),))))
    assert [reason.percent for reason in told] == sorted(
        (reason.percent for reason in told), reverse=True
    )
    assert "100.0 % slower" in told[0].line
    assert told[-1].percent == 0


def test_what_two_ways_have_in_common_is_said_once() -> None:
    told = lines(record(model(speed=0.5), model(id="other", name="other", speed=0.5)))
    assert sum("slower now" in line for line in told) == 1
