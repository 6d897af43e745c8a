"""Prunings that are refused, each before anything is done."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from edgeslim.conversion.model_source import find_model
from edgeslim.conversion.prepare import prepare
from edgeslim.device import DeviceChoice
from edgeslim.errors import (
    BadFileError,
    ContextMismatchError,
    EdgeslimError,
    InfeasibleTargetError,
    MissingLatencyError,
    UnknownNameError,
    UsageError,
)
from edgeslim.pruning.prune import prune
from edgeslim.runs.pruning_run import read_ratios
from tests.pruning.conftest import Trained
from tests.pruning.tables import made_up_table
from tests.pruning.trained import save_trained

pytestmark = pytest.mark.slow

FINE_TUNING: dict[str, Any] = {"task": "digits", "epochs": 1, "eval_share": 0.25}


@pytest.mark.parametrize(
    ("asked", "error", "says"),
    [
        ({}, UsageError, "exactly one of"),
        ({"target_macs": "-40%", "metric_loss": 0.1}, UsageError, "exactly one of"),
        ({"target_macs": "40%"}, UsageError, "40%"),
        ({"target_macs": "10"}, InfeasibleTargetError, "out of reach"),
        ({"target_ms": 1.0}, UsageError, "--table"),
        ({"metric_loss": 0.1}, UsageError, "--task"),
        ({"metric_loss": 1.5, "task": "digits"}, UsageError, "1.5"),
        ({"target_macs": "-40%", "match": "firts"}, UnknownNameError, "first"),
        ({"target_macs": "-40%", "match": "classify"}, UsageError, "output of the network"),
        ({"target_macs": "-40%", "match": "("}, UsageError, "regular expression"),
        ({"target_macs": "-40%", "strategy": "unifrom"}, UnknownNameError, "uniform"),
        ({"target_macs": "-40%", "strategy": "annealing"}, UsageError, "--task"),
        ({"target_macs": "-40%", "strategy": "latency-optimal"}, UsageError, "--table"),
        ({"target_macs": "-40%", "strategy": "sensitivity"}, UsageError, "--task"),
        ({"target_macs": "-40%", "criterion": "l3"}, UnknownNameError, "l1"),
        ({"target_macs": "-40%", "criterion": "taylor"}, UsageError, "--task"),
        ({"target_macs": "-40%", "counter": "flops"}, UnknownNameError, "paddleslim1-flops"),
        ({"target_macs": "-40%", "task": "digts"}, UnknownNameError, "digits"),
        ({"target_macs": "-40%", "steps": 2}, UsageError, "--task"),
        ({"target_macs": "-40%", "steps": 0}, UsageError, "--steps"),
        ({"ratios": {"expand_weights": 0.0}}, UsageError, "above 0 and below 1, not 0"),
        ({"ratios": {"expand_weights": 1.0}}, UsageError, "above 0 and below 1, not 1"),
        ({"ratios": {"expand_weights": 1.5}}, UsageError, "above 0 and below 1, not 1.5"),
        ({"ratios": {"expnd_weights": 0.5}}, UnknownNameError, "expand_weights"),
        ({"ratios": {"classify_weights": 0.5}}, UsageError, "output of the network"),
        (
            {"ratios": {"first_weights": 0.5, "project_weights": 0.4}},
            UsageError,
            "pruned together",
        ),
        ({"ratios": {}}, UsageError, "no ratio"),
    ],
)
def test_what_cannot_be_meant_is_one_line_and_leaves_nothing(
    asked: dict[str, Any],
    error: type[EdgeslimError],
    says: str,
    trained: Trained,
    tmp_path: Path,
) -> None:
    with pytest.raises(error) as caught:
        prune(str(trained.prefix), out=tmp_path / "out", **asked)
    assert says in str(caught.value)
    assert len(str(caught.value).splitlines()) == 1
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("strategy", ["latency-optimal", "uniform", "sensitivity", "annealing"])
def test_a_latency_that_is_out_of_reach_is_told_before_anything_is_measured(
    strategy: str, trained: Trained, table: Path, tmp_path: Path
) -> None:
    with pytest.raises(InfeasibleTargetError, match="out of reach"):
        prune(
            str(trained.prefix),
            out=tmp_path / "out",
            target_ms=1e-4,
            table=table,
            strategy=strategy,
            steps=2,
            **FINE_TUNING,
        )
    assert not (tmp_path / "out").exists()


def test_a_table_that_misses_operators_is_refused_before_there_is_a_folder(
    trained: Trained, tmp_path: Path
) -> None:
    model = prepare(find_model(str(trained.prefix)), tmp_path / "model")
    made_up_table(tmp_path / "gaps.jsonl", model, without="matmul_v2")
    with pytest.raises(MissingLatencyError, match="knows nothing like"):
        prune(
            str(trained.prefix),
            out=tmp_path / "out",
            target_ms=0.01,
            table=tmp_path / "gaps.jsonl",
        )
    assert not (tmp_path / "out").exists()


def test_sensitivities_of_another_model_are_refused(trained: Trained, tmp_path: Path) -> None:
    from edgeslim.pruning.sensitivity import sensitivity

    known = tmp_path / "known.jsonl"
    sensitivity(str(trained.prefix), task="digits", ratios=(0.5,), eval_share=0.25, out=known)
    asked: dict[str, Any] = {"target_macs": "-40%", "sensitivities": known}
    result = prune(str(trained.prefix), out=tmp_path / "own", **asked)
    assert result.macs_after <= 0.6 * result.macs_before
    save_trained(tmp_path / "net")
    content = (tmp_path / "net.pdiparams").read_bytes()
    (tmp_path / "net.pdiparams").write_bytes(content[:-4] + b"\0\0\0\0")
    with pytest.raises(ContextMismatchError, match="another model"):
        prune(str(tmp_path / "net"), out=tmp_path / "other", **asked)


@pytest.mark.parametrize(
    ("device", "says"),
    [
        (DeviceChoice(name="tablet"), "unknown device 'tablet'"),
        (DeviceChoice(name="rk3288", host="127.0.0.1", port=1), "127.0.0.1"),
    ],
)
def test_a_device_that_is_not_there_is_found_out_before_anything_is_done(
    device: DeviceChoice, says: str, trained: Trained, table: Path, tmp_path: Path
) -> None:
    asked: dict[str, Any] = {"target_ms": 0.02, "table": table, "device": device}
    with pytest.raises(EdgeslimError) as caught:
        prune(str(trained.prefix), out=tmp_path / "out", task="digits", **asked)
    assert says in str(caught.value)
    assert not (tmp_path / "out").exists()


def test_a_file_of_ratios_is_read_strictly(tmp_path: Path) -> None:
    file = tmp_path / "ratios.json"
    file.write_text('{"conv_weights": 0.5}')
    assert read_ratios(file) == {"conv_weights": 0.5}
    for content in ('{"conv_weights": "half"}', "[0.5]", "{"):
        file.write_text(content)
        with pytest.raises(BadFileError, match=r"ratios\.json"):
            read_ratios(file)
