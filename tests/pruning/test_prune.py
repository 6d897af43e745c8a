"""The whole of a pruning, on a small trained network."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from edgeslim.channels.groups import channels_of
from edgeslim.conversion.inspect_model import inspect
from edgeslim.conversion.model_source import find_model
from edgeslim.conversion.prepare import PreparedModel, prepare
from edgeslim.conversion.pruned_model import model_tensors
from edgeslim.durations import LatencyShare
from edgeslim.errors import (
    ContextMismatchError,
    UsageError,
)
from edgeslim.pruning import prune as whole
from edgeslim.pruning.prune import prune
from edgeslim.runs.pruning_result import Pruning
from edgeslim.runs.pruning_run import PruneFolder
from tests.pruning.conftest import Trained
from tests.pruning.trained import save_trained

pytestmark = pytest.mark.slow

FINE_TUNING: dict[str, Any] = {"task": "digits", "epochs": 1, "eval_share": 0.25}


def pruned_model(folder: Path, scratch: Path) -> PreparedModel:
    return prepare(find_model(str(folder)), scratch)


def widths(result: Pruning) -> dict[str, int]:
    return {group.name: group.after for group in result.groups}


def test_a_latency_is_met_by_the_table_and_training_mends_the_metric(
    trained: Trained, table: Path, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    whole_ms = prune(
        str(trained.prefix), out=tmp_path / "same", target_ms=1e3, table=table
    ).predicted_ms
    assert whole_ms is not None
    result = prune(
        str(trained.prefix), out=out, target_ms=0.6 * whole_ms, table=table, **FINE_TUNING
    )
    assert result.predicted_ms is not None
    assert 0.45 * whole_ms < result.predicted_ms <= 0.6 * whole_ms
    assert result.macs_after < result.macs_before
    assert result.metric == "accuracy"
    assert result.metric_before is not None
    assert result.metric_pruned is not None
    assert result.metric_after is not None
    assert result.metric_before > 0.8
    assert result.metric_after > max(result.metric_pruned, 0.8)
    after = pruned_model(out, tmp_path / "after")
    found = {group.name: group.width for group in channels_of(after.graph).groups}
    assert found == widths(result)


def test_a_share_of_the_latency_is_of_the_model_as_it_is(
    trained: Trained, table: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    out = tmp_path / "share"
    goal: dict[str, Any] = {"table": table, "epochs": 0}
    result = prune(str(trained.prefix), out=out, target_ms=LatencyShare(0.6), **goal)
    assert result.predicted_before_ms is not None
    target_ms = LatencyShare(0.6).of(result.predicted_before_ms)
    assert "60% of the" in caplog.text
    assert PruneFolder(out).target_ms == target_ms
    asked = prune(str(trained.prefix), out=tmp_path / "asked", target_ms=target_ms, **goal)
    assert widths(asked) == widths(result)
    # Asked for once more it is the same pruning, which is done.
    again = prune(str(trained.prefix), out=out, target_ms=LatencyShare(0.6), **goal)
    assert widths(again) == widths(result)
    with pytest.raises(UsageError, match="there is no latency table under"):
        prune(str(trained.prefix), out=tmp_path / "no", target_ms=LatencyShare(0.6))
    assert json.loads((out / "result.json").read_text())["predicted_ms"] == result.predicted_ms


MET = (
    ({"target_ms": 1e4}, "the limit of 10.00 s is met already (predicted"),
    ({"target_ms": 1e4, "strategy": "sensitivity", "steps": 2}, "is met already (predicted"),
    ({"target_ms": 1e4, "strategy": "annealing"}, "is met already (predicted"),
    ({"target_macs": "300M"}, "the limit of 300,000,000 macs is met already, by 10,464"),
    ({"target_macs": "300M", "strategy": "uniform", "steps": 3}, "is met already"),
    ({"ratios": {"expand_weights": 0.01}}, "less than a channel of each group"),
)


@pytest.mark.parametrize(("asked", "says"), MET)
def test_a_limit_that_is_met_already_changes_nothing(
    asked: dict[str, Any], says: str, trained: Trained, table: Path, tmp_path: Path
) -> None:
    if "target_ms" in asked:
        asked = {**asked, "table": table}
    for _ in range(2):  # the second goes on with what is done
        result = prune(
            str(trained.prefix), out=tmp_path / "out", **{**FINE_TUNING, **asked, "epochs": 3}
        )
        assert says in result.note
        assert all(group.after == group.before for group in result.groups)
        assert result.macs_after == result.macs_before
        assert result.trained_epochs == 0
        assert result.metric_after == result.metric_before
        assert result.metric_pruned is None
        assert set(result.judged) == {"before", "after"}
    for ending in (".pdmodel", ".pdiparams"):
        left = (tmp_path / "out" / f"model{ending}").read_bytes()
        assert left == trained.prefix.with_suffix(ending).read_bytes()
    assert not list((tmp_path / "out").rglob("sensitivities.jsonl"))
    assert not list((tmp_path / "out").rglob("trained"))


def test_accuracies_say_of_how_many_examples_they_are_and_whether_it_was_trained(
    trained: Trained, table: Path, tmp_path: Path
) -> None:
    result = prune(
        str(trained.prefix),
        out=tmp_path / "out",
        target_ms=0.008,
        table=table,
        task="digits",
        eval_share=0.25,
        epochs=0,
    )
    assert result.trained_epochs == 0
    assert result.metric_after == result.metric_pruned
    # Groups together, and what is told, are judged by all, since so few are.
    assert {each.examples for each in result.judged.values()} == {397}
    before = result.judged["before"]
    assert before.low is not None
    assert before.low < before.value == result.metric_before
    (taken,) = (each for each in result.together if each.taken)
    assert taken.found == result.metric_pruned
    assert max(each.found for each in result.together) == taken.found
    assert {group.name: group.after for group in result.groups} == taken.widths


def test_work_is_met_without_a_task_and_the_most_important_channels_stay(
    trained: Trained, tmp_path: Path
) -> None:
    result = prune(str(trained.prefix), out=tmp_path / "out", target_macs="-40%")
    assert 0.5 * result.macs_before < result.macs_after <= 0.6 * result.macs_before
    assert result.metric_after is None
    before = model_tensors(prepare(find_model(str(trained.prefix)), tmp_path / "before"))
    after = model_tensors(pruned_model(tmp_path / "out", tmp_path / "after"))
    norms = np.abs(before["first_weights"]).sum(axis=(1, 2, 3))
    kept = {tuple(np.round(each.ravel(), 6)) for each in after["first_weights"]}
    largest = before["first_weights"][np.argsort(norms)[-1]]
    assert tuple(np.round(largest.ravel(), 6)) in kept
    assert after["first_weights"].shape[0] < before["first_weights"].shape[0]


def test_ratios_are_taken_as_they_are(trained: Trained, tmp_path: Path) -> None:
    result = prune(str(trained.prefix), out=tmp_path / "out", ratios={"expand_weights": 0.5})
    assert widths(result) == {"first_weights": 10, "expand_weights": 8}


def test_a_layer_of_which_next_to_nothing_is_left_is_a_warning(
    trained: Trained, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    ratios = {"expand_weights": 0.95, "first_weights": 0.8}
    result = prune(str(trained.prefix), out=tmp_path / "out", ratios=ratios)
    assert widths(result) == {"first_weights": 2, "expand_weights": 1}
    assert result.warning.startswith("next to no channels are left of expand_weights (1 of 16): ")
    assert [each.getMessage() for each in caplog.records] == [result.warning]


def test_an_expression_chooses_what_is_pruned(trained: Trained, tmp_path: Path) -> None:
    result = prune(
        str(trained.prefix), out=tmp_path / "out", target_macs="-20%", match=".*pand_weights"
    )
    assert widths(result)["first_weights"] == 10
    assert widths(result)["expand_weights"] < 16


def test_a_loss_that_is_allowed_prunes_each_group_by_itself(
    trained: Trained, tmp_path: Path
) -> None:
    result = prune(str(trained.prefix), out=tmp_path / "out", metric_loss=0.1, **FINE_TUNING)
    assert any(after < before for before, after in ((g.before, g.after) for g in result.groups))
    assert (tmp_path / "out" / "steps" / "1" / "sensitivities.jsonl").exists()
    allowed, removed = zip(*result.trade_off, strict=True)
    assert (allowed[0], allowed[-1], len(allowed)) == (0.05, 0.95, 19)
    assert list(removed) == sorted(removed)
    # As PaddleX, whose rule it is, counts: all that is stored, the statistics of norms included.
    before, after = (inspect(str(each)).size_bytes for each in (trained.prefix, result.model))
    gone = 1 - after / before
    assert removed[allowed.index(0.1)] == pytest.approx(gone)


def test_a_loss_that_the_examples_cannot_tell_is_warned_of(
    trained: Trained, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    asked = {"task": "digits", "epochs": 0, "eval_share": 0.1, "out": tmp_path / "out"}
    result = prune(str(trained.prefix), metric_loss=0.05, **asked)  # type: ignore[call-overload]
    assert "a loss of 5.0 % is allowed, and 40 examples may hide one of" in caplog.text
    assert "with 40 examples, an accuracy of" in caplog.text
    # What each may cost alone is told beside what they cost together.
    (together,) = result.together
    assert together.taken
    assert together.found == result.metric_pruned


def test_several_steps_end_at_the_same_limit(trained: Trained, tmp_path: Path) -> None:
    result = prune(
        str(trained.prefix),
        out=tmp_path / "out",
        target_macs="-50%",
        strategy="uniform",
        steps=2,
        **FINE_TUNING,
    )
    first = pruned_model(tmp_path / "out" / "steps" / "1" / "trained", tmp_path / "first")
    widths_between = {group.name: group.width for group in channels_of(first.graph).groups}
    assert 0.4 < result.macs_after / result.macs_before <= 0.5
    for group in result.groups:
        assert group.after < widths_between[group.name] < group.before


@pytest.mark.parametrize("steps", [1, 3])
def test_a_share_of_the_work_is_one_of_the_model_as_it_was(
    trained: Trained, tmp_path: Path, steps: int
) -> None:
    result = prune(
        str(trained.prefix),
        out=tmp_path / "out",
        target_macs="-50%",
        strategy="uniform",
        steps=steps,
        **FINE_TUNING,
    )
    assert 0.4 < result.macs_after / result.macs_before <= 0.5


def test_it_goes_on_where_it_was_and_ends_the_same(
    trained: Trained, table: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: dict[str, Any] = {"target_ms": 0.008, "table": table, **FINE_TUNING}
    at_once = prune(str(trained.prefix), out=tmp_path / "at-once", **asked)

    def stopped(*_args: object, **_more: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(whole, "train", stopped)
        with pytest.raises(KeyboardInterrupt):
            prune(str(trained.prefix), out=tmp_path / "out", **asked)
    assert not (tmp_path / "out" / "model.pdmodel").exists()
    decided = (tmp_path / "out" / "steps" / "1" / "plan.json").read_bytes()
    later = prune(str(trained.prefix), out=tmp_path / "out", **asked)
    assert (tmp_path / "out" / "steps" / "1" / "plan.json").read_bytes() == decided
    assert widths(later) == widths(at_once)
    assert later.metric_after == at_once.metric_after
    for ending in (".pdmodel", ".pdiparams"):
        same = [(tmp_path / name / f"model{ending}").read_bytes() for name in ("out", "at-once")]
        assert same[0] == same[1]


def test_a_folder_of_another_pruning_or_of_something_else_is_left_alone(
    trained: Trained, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    prune(str(trained.prefix), out=out, target_macs="-40%")
    before = {path: path.read_bytes() for path in out.rglob("*") if path.is_file()}
    with pytest.raises(ContextMismatchError, match=r"target macs is -40%, not -50%"):
        prune(str(trained.prefix), out=out, target_macs="-50%")
    other = tmp_path / "other"
    other.mkdir()
    save_trained(other / "net")
    content = (other / "net.pdiparams").read_bytes()
    (other / "net.pdiparams").write_bytes(content[:-4] + b"\0\0\0\0")
    with pytest.raises(ContextMismatchError, match="is of another pruning"):
        prune(str(other / "net"), out=out, target_macs="-40%")
    assert before == {path: path.read_bytes() for path in out.rglob("*") if path.is_file()}
    with pytest.raises(UsageError, match="is not empty"):
        prune(str(trained.prefix), out=trained.prefix.parent, target_macs="-40%")
