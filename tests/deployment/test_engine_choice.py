"""Which engines are compared, and the verdict on them."""

from __future__ import annotations

import msgspec
import numpy as np
import pytest

from edgeslim.deployment.deployed import mark_fastest, slowness_warnings
from edgeslim.deployment.engine_choice import check_engines, engine_lines, engine_ratios
from edgeslim.engines import ENGINES
from edgeslim.errors import UnknownNameError, UsageError
from edgeslim.runs.deployment_records import DeploymentRecord, ModelRecord
from tests.deployment.made_up_records import made_up_model, made_up_record, made_up_rounds


def ran(engine: str, latency_ms: float, *, threads: int = 1, seed: int = 0) -> ModelRecord:
    generator = np.random.default_rng(seed)
    return made_up_model(
        id=f"net.{engine}.{threads}",
        engine=engine,
        engine_version="1.0",
        threads=threads,
        rounds=made_up_rounds(generator, latency_ms, 12, 30),
    )


def verdict(*models: ModelRecord) -> tuple[DeploymentRecord, list[str]]:
    marked = mark_fastest(models)
    record = msgspec.structs.replace(
        made_up_record(), models=marked, engine_ratios=engine_ratios(marked)
    )
    return record, engine_lines(record)


def test_the_fastest_is_named_with_an_interval_against_each_other() -> None:
    record, lines = verdict(ran("b", 2.0), ran("a", 4.0, seed=1), ran("c", 3.0, seed=2))
    assert [(ratio.model, ratio.baseline) for ratio in record.engine_ratios] == [
        ("net.b.1", "net.c.1"),
        ("net.b.1", "net.a.1"),
    ]
    assert record.engine_ratios[1].ratio == pytest.approx(2.0, rel=0.1)
    low, high = record.engine_ratios[1].interval
    assert low < record.engine_ratios[1].ratio < high
    assert lines[1].startswith("b is ")
    assert "times as fast as a (another deployment of 12 rounds" in lines[1]


def test_engines_that_are_as_fast_are_not_told_apart() -> None:
    _, (line,) = verdict(ran("b", 2.0), ran("a", 2.0, seed=1))
    assert "are not told apart" in line


def test_an_engine_is_compared_with_as_many_threads_where_it_has_them() -> None:
    models = (ran("a", 2.0, threads=2), ran("b", 9.0), ran("b", 3.0, threads=2), ran("c", 2.5))
    record, lines = verdict(*models)
    assert [ratio.baseline for ratio in record.engine_ratios] == ["net.c.1", "net.b.2"]
    assert "with 2 threads against 1" in lines[0]
    assert "against" not in lines[1]


def test_without_a_choice_there_is_no_verdict() -> None:
    record, lines = verdict(ran("a", 2.0), ran("a", 1.5, threads=2))
    assert record.engine_ratios == ()
    assert lines == []


def test_threads_and_precisions_are_judged_within_an_engine() -> None:
    assert slowness_warnings([ran("a", 2.0), ran("b", 9.0, threads=2)]) == ()
    (line,) = slowness_warnings([ran("a", 2.0), ran("a", 9.0, threads=2)])
    assert line.startswith("a in fp32 with 2 threads is ")


@pytest.mark.parametrize(
    ("asked", "kind", "text"),
    [
        (("onnx-runtime",), UnknownNameError, "did you mean 'onnxruntime'"),
        (("openvino", "openvino"), UsageError, "--engine openvino is given twice"),
        (("all", "openvino"), UsageError, "leave the others out"),
    ],
)
def test_names_are_checked(asked: tuple[str, ...], kind: type[UsageError], text: str) -> None:
    with pytest.raises(kind, match=text):
        check_engines(asked)


def test_all_and_each_name_of_the_shelf_are_known() -> None:
    check_engines(["all"])
    check_engines(ENGINES.names())
