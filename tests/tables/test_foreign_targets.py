"""Tables of targets that Paddle-Lite has no kernels for, where they are used."""

from __future__ import annotations

from pathlib import Path

import msgspec
import numpy as np
import pytest

from edgeslim.errors import ContextMismatchError
from edgeslim.execution import Target
from edgeslim.latency_table import LatencyTable
from edgeslim.opspec import OpSpec
from edgeslim.prediction.population import PopulationPredictor
from edgeslim.prediction.predictor import Predictor
from edgeslim.searching.run_limits import covering_predictors
from edgeslim.spaces import SPACES, Space, every_operator
from edgeslim.tables.check import check_table
from edgeslim.tables.export_table import export_table
from edgeslim.tables.import_table import Fusion, TableOrigin, import_table
from tests.tools import PROJECT
from tests.values import CONTEXT, row, table_at

KEPT = PROJECT / "tests/runs/version_0_1_0/table.jsonl"


@pytest.fixture(scope="module")
def space() -> Space:
    return SPACES.get("resnet-small").space(None, 10)


def latency_ms(spec: OpSpec) -> float:
    return 0.001 * (1 + sum(spec.output_shape) % 97)


def as_foreign(folder: Path, operators: list[OpSpec], fusion: Fusion) -> LatencyTable:
    """Operators with made-up latencies, as a table of an NPU that a CSV was imported for."""
    table = table_at(folder / "host.jsonl", *(row(spec, latency_ms(spec)) for spec in operators))
    export_table(table.path, "timings", folder / "times.csv")
    origin = TableOrigin(device="board", target="npu", fusion=fusion)
    import_table(folder / "times.csv", "timings", folder / "npu.jsonl", origin=origin)
    return LatencyTable.read(folder / "npu.jsonl")


@pytest.mark.parametrize("target", Target)
def test_networks_of_a_space_are_fused_as_the_user_says(
    tmp_path: Path, space: Space, target: Target
) -> None:
    operators = list(every_operator(space, target))
    table = as_foreign(tmp_path, operators, Fusion(target.value))
    assert set(table) == set(operators)
    (predictor,) = covering_predictors(space, [table])  # raises if it lacked one
    tokens = np.array([space.initial_tokens])
    (found,) = PopulationPredictor(predictor, space).latencies_ms(tokens)
    network = space.operators(space.initial_tokens, target)
    assert found == pytest.approx(predictor.predict(network).total_ms)
    assert not predictor.predict(network).missing


def test_operators_before_any_fusion_are_added_up(tmp_path: Path, space: Space) -> None:
    operators = list(every_operator(space, None))
    predictor = Predictor(as_foreign(tmp_path, operators, Fusion.NONE))
    network = space.operators(space.initial_tokens, None)
    prediction = predictor.predict(network)
    assert not prediction.missing
    assert prediction.total_ms > 0


def test_a_table_of_another_target_is_not_gone_on_with(tmp_path: Path, space: Space) -> None:
    operators = list(every_operator(space, Target.X86))[:3]
    table = as_foreign(tmp_path, operators, Fusion.X86)
    with pytest.raises(ContextMismatchError, match=r"is of another device: board, not host"):
        LatencyTable.open(table.path, CONTEXT)
    other = msgspec.structs.replace(table.context, foreign_target="gpu")
    with pytest.raises(ContextMismatchError, match="is of another foreign target: npu, not gpu"):
        LatencyTable.open(table.path, other)


def test_a_table_that_edgeslim_wrote_is_read_back_without_a_word(
    caplog: pytest.LogCaptureFixture,
) -> None:
    before = KEPT.read_bytes()
    table = LatencyTable.read(KEPT)
    assert len(table) > 0
    assert [found for found in check_table(KEPT).findings if found.kind == "impossible"] == []
    assert caplog.records == []
    assert KEPT.read_bytes() == before
