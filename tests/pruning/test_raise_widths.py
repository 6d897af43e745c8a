"""Widths raised where that takes no longer, and whether a pruned network got faster."""

from __future__ import annotations

import math
import pickle
from collections.abc import Callable
from pathlib import Path

import pytest

from edgeslim.channels.groups import channels_of
from edgeslim.cli.prune import _latency_lines
from edgeslim.conversion.model_source import find_model
from edgeslim.conversion.prepare import PreparedModel, prepare
from edgeslim.durations import format_ms
from edgeslim.latency_table import LatencyTable
from edgeslim.opspec import OpSpec
from edgeslim.prediction.predictor import Predictor
from edgeslim.pruning.latency import LatencyModel
from edgeslim.pruning.limits import WorkLimit
from edgeslim.pruning.prune import prune
from edgeslim.pruning.raise_widths import raise_widths
from edgeslim.pruning.subject import PrunableModel
from tests.pruning.conftest import Trained
from tests.pruning.tables import made_up_table

pytestmark = pytest.mark.slow


def whole_blocks_ms(operator: OpSpec) -> float:
    """Work in whole blocks of 4 channels that are read and that are written."""
    reads = next(iter(operator.inputs.values()), ((1, 1),))[0]
    images = [shape for shape in (reads, operator.output_shape) if len(shape) == 4]
    blocks = [math.ceil(shape[1] / 4) for shape in images]
    return 1e-3 * (1 + math.prod(blocks))


def slower_beside_blocks_ms(operator: OpSpec) -> float:
    """What is no whole block of 16 channels takes ten times as long."""
    return 1e-3 if operator.output_shape[1] % 16 == 0 else 1e-2


@pytest.fixture(scope="module")
def model(trained: Trained, tmp_path_factory: pytest.TempPathFactory) -> PreparedModel:
    return prepare(find_model(str(trained.prefix)), tmp_path_factory.mktemp("prepared"))


@pytest.fixture(scope="module")
def table_of(
    model: PreparedModel, tmp_path_factory: pytest.TempPathFactory
) -> Callable[[Callable[[OpSpec], float]], Path]:
    def table(times_ms: Callable[[OpSpec], float]) -> Path:
        path = tmp_path_factory.mktemp("table") / "host.jsonl"
        made_up_table(path, model, times_ms=times_ms)
        return path

    return table


def test_a_width_is_raised_to_the_end_of_its_block_within_the_goal(
    model: PreparedModel, table_of: Callable[[Callable[[OpSpec], float]], Path]
) -> None:
    channels = channels_of(model.graph)
    names = tuple(group.name for group in channels.groups)
    subject = PrunableModel(model=model, channels=channels, chosen=names)
    latency = LatencyModel(subject, Predictor(LatencyTable.read(table_of(whole_blocks_ms))))
    narrow = {"first_weights": 5, "expand_weights": 9}
    raised = {"first_weights": 8, "expand_weights": 12}
    assert raise_widths(latency, narrow) == raised
    assert latency.latency_ms(raised) == pytest.approx(latency.latency_ms(narrow), rel=1e-9)
    assert raise_widths(latency, {"first_weights": 9, "expand_weights": 16}) == {
        "first_weights": 10,
        "expand_weights": 16,
    }
    for name in names:
        one = {**narrow, name: raised[name]}
        limit = WorkLimit(subject=subject, maximum=subject.macs(one))
        assert raise_widths(latency, narrow, limit.is_met) == one


def test_a_goal_without_latency_says_whether_it_got_faster_and_what_would(
    trained: Trained, table_of: Callable[[Callable[[OpSpec], float]], Path], tmp_path: Path
) -> None:
    table = table_of(slower_beside_blocks_ms)
    asked = {"ratios": {"expand_weights": 0.25}, "table": table}
    result = prune(str(trained.prefix), out=tmp_path / "slower", **asked)  # type: ignore[call-overload]
    before, after = result.predicted_before_ms, result.predicted_ms
    assert before is not None
    assert after is not None
    assert after > before
    told = (
        f"--ratios knows nothing of latency: --target-latency {0.8 * before:.3g}ms --table {table} "
        "instead of it makes the network faster"
    )
    assert result.advice == told
    first, second = _latency_lines(result)
    assert first == (
        f"predicted {format_ms(before)} -> {format_ms(after)} ({before / after:.2f} times as fast)"
    )
    assert second == f"it is predicted to get no faster: {told}"
    quicker = {"target_macs": "-50%", "table": table_of(whole_blocks_ms)}
    result = prune(str(trained.prefix), out=tmp_path / "faster", **quicker)  # type: ignore[call-overload]
    assert result.predicted_ms is not None
    assert result.predicted_before_ms is not None
    assert result.predicted_ms < result.predicted_before_ms
    assert result.advice == ""


def test_what_each_group_may_cost_is_raised_unless_widths_are_kept(
    trained: Trained, table_of: Callable[[Callable[[OpSpec], float]], Path], tmp_path: Path
) -> None:
    file = tmp_path / "sensitivities.data"
    costs = {"expand_weights": {0.4: 0.01, 0.6: 0.2}, "first_weights": {0.5: 0.5}}
    file.write_bytes(pickle.dumps(costs))
    asked = {"metric_loss": 0.01, "sensitivities": file, "table": table_of(whole_blocks_ms)}
    results = [
        prune(str(trained.prefix), out=tmp_path / str(kept), keep_widths=kept, **asked)  # type: ignore[call-overload]
        for kept in (False, True)
    ]
    left = [{group.name: group.after for group in result.groups} for result in results]
    assert left[0] == {"first_weights": 10, "expand_weights": 12}
    assert left[1] == {"first_weights": 10, "expand_weights": 10}
    assert [result.raised for result in results] == [("expand_weights",), ()]
    assert results[0].predicted_ms == pytest.approx(results[1].predicted_ms, rel=1e-9)


@pytest.mark.alone
def test_a_device_measures_what_a_goal_without_latency_left(
    trained: Trained, tmp_path: Path
) -> None:
    asked = {"ratios": {"expand_weights": 0.5}, "device": "host"}
    result = prune(str(trained.prefix), out=tmp_path / "out", **asked)  # type: ignore[call-overload]
    before, after = result.measured_before_ms, result.measured_ms
    assert before is not None
    assert after is not None
    assert min(before, after) > 0
    assert bool(result.advice) is (after >= before)
