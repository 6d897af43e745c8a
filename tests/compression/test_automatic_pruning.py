"""Candidates of automatic pruning: which is trained, which goes on, and by which metric."""

from __future__ import annotations

from pathlib import Path

import pytest

from edgeslim.errors import UsageError
from edgeslim.runs.checkpoint import newest_checkpoint
from edgeslim.runs.sensitivity_file import SensitivityFile
from edgeslim.training.evaluate_model import evaluate
from tests.compression.in_process import run

pytestmark = pytest.mark.slow


def test_auto_goes_on_with_the_best_of_all(folder: Path) -> None:
    text = """
strategies:
  a: {class: AutoPruneStrategy, end_epoch: 6, min_ratio: 0.2, max_ratio: 0.6}
compressor: {epoch: 7, strategies: [a], batch_size: 128}
"""
    done = run(folder, text)
    judged = [each.metric for each in done.history[:5]]
    last, _ = newest_checkpoint(folder / "out" / "checkpoints")
    assert last is not None
    trials = last.context.memory["a"]["trials"]
    assert len(trials) == 6
    assert [reward for _, reward in trials[:5]] == judged
    assert len({tuple(tokens) for tokens, _ in trials}) == 6
    assert done.history[5].metric == max(reward for _, reward in trials)
    assert all(each.loss is None for each in done.history[:6])
    assert done.history[6].loss is not None


def test_the_metric_that_is_named_decides(folder: Path) -> None:
    text = """
strategies:
  s: {class: SensitivePruneStrategy, metric_name: acc_top5, target_ratio: 0.3, delta_rate: 0.3,
      sensitivities_file: SENSITIVITIES}
  a: {class: AutoPruneStrategy, metric_name: acc_top5, start_epoch: 1, end_epoch: 3,
      min_ratio: 0.2, max_ratio: 0.6}
compressor: {epoch: 4, strategies: [s, a], batch_size: 128}
""".replace("SENSITIVITIES", str(folder / "known.jsonl"))
    done = run(folder, text)
    assert ", accuracy_top5 0." in done.history[0].events[0]
    known = SensitivityFile.read(folder / "known.jsonl").context
    last, _ = newest_checkpoint(folder / "out" / "checkpoints")
    assert last is not None
    trials = last.context.memory["a"]["trials"]
    assert trials[0][1] == done.history[1].metrics["accuracy_top5"]
    assert trials[0][1] != done.history[1].metrics["accuracy"]
    assert (known.metric, known.baseline > 0.99) == ("accuracy_top5", True)
    with pytest.raises(UsageError, match="has losses of accuracy_top5, not of accuracy"):
        run(folder, text.replace("acc_top5", "acc_top1"), out=folder / "other")
    with pytest.raises(UsageError, match=r"strategies\.a\.metric_name is acc_top1"):
        run(folder, text, "strategies.a.metric_name=acc_top1", "compressor.epoch=5")


TOKENS = """
strategies:
  a: {class: AutoPruneStrategy, init_tokens: [40, 40], retrain_epoch: 3, end_epoch: 3,
      min_ratio: 0.2, max_ratio: 0.9}
compressor: {epoch: 3, strategies: [a], batch_size: 32, learning_rate: 0.05}
"""


def test_a_candidate_that_was_trained_to_the_end_is_the_result(folder: Path) -> None:
    """The original's last step of automatic pruning: tokens that are known, only trained."""
    done = run(folder, TOKENS)
    reward = done.metrics["accuracy"]
    last, _ = newest_checkpoint(folder / "out" / "checkpoints")
    assert last is not None
    assert last.context.memory["a"]["trials"] == [[[40, 40], reward]]
    found = evaluate(done.model, task="digits")
    assert found.metrics["accuracy"] == pytest.approx(reward, abs=1e-9)
    assert done.history[-1].metric == reward > 0.8
    untrained = run(
        folder,
        TOKENS,
        "strategies.a.retrain_epoch=0",
        "compressor.epoch=1",
        "strategies.a.end_epoch=1",
        out=folder / "untrained",
    )
    assert untrained.metrics["accuracy"] < reward - 0.1
    assert done.notes == ()
    (note,) = untrained.notes
    assert note.startswith("strategies.a: in epochs 0 candidates are evaluated but not trained")


def test_the_best_candidate_goes_on_as_it_was_trained(folder: Path) -> None:
    text = """
strategies:
  a: {class: AutoPruneStrategy, retrain_epoch: 1, end_epoch: 3, min_ratio: 0.2, max_ratio: 0.6}
compressor: {epoch: 4, strategies: [a], batch_size: 128}
"""
    done = run(folder, text)
    last, _ = newest_checkpoint(folder / "out" / "checkpoints")
    assert last is not None
    rewards = [reward for _, reward in last.context.memory["a"]["trials"]]
    best = rewards.index(max(rewards))
    assert [each.metric for each in done.history[:2]] == rewards[:2]
    assert done.history[2].metric == max(rewards)
    assert done.history[2].parameters == done.history[best].parameters
    checkpoint = folder / "out" / "checkpoints"
    if best < 2:  # what goes on is the best candidate, to the bit
        some, others = (
            (checkpoint / str(epoch) / "eval_model" / "model.pdiparams").read_bytes()
            for epoch in (best, 2)
        )
        assert some == others


def test_tokens_outside_the_limits_are_tried_and_give_way(folder: Path) -> None:
    """As the original began with them, whatever they take away; the limits hold for the result."""
    text = """
strategies:
  a: {class: AutoPruneStrategy, init_tokens: [0, 0], end_epoch: 3, min_ratio: 0.3, max_ratio: 0.6}
compressor: {epoch: 3, strategies: [a], batch_size: 128}
"""
    done = run(folder, text)
    last, _ = newest_checkpoint(folder / "out" / "checkpoints")
    assert last is not None
    (first, best), *others = last.context.memory["a"]["trials"]
    assert first == [0, 0]
    assert best > max(reward for _, reward in others)  # nothing was cut
    tokens, _ = max(others, key=lambda each: each[1])
    assert done.history[2].events[-1].endswith(f"init_tokens {tokens}")
    assert done.history[2].macs < done.history[0].macs
    said = "strategies.a.init_tokens removes 0.0% of the work, less than min_ratio 0.3: "
    assert done.notes[-1] == f"{said}all other candidates keep to it, and win over this one"
    (alone,) = run(
        folder,
        text,
        "strategies.a.end_epoch=1",
        "compressor.epoch=1",
        out=folder / "alone",
    ).history
    assert alone.macs == done.history[0].macs


def test_more_epochs_on_a_search_that_is_over_train_on(folder: Path) -> None:
    """The last candidate had fewer epochs than it should; later ones are no candidate's."""
    text = TOKENS.replace("end_epoch: 3,", "")  # to the end, wherever that is
    run(folder, text, "compressor.epoch=4")
    done = run(folder, text, "compressor.epoch=6")
    assert [each.loss is not None for each in done.history] == [True] * 6
    assert done.history[5].parameters == done.history[3].parameters
    last, _ = newest_checkpoint(folder / "out" / "checkpoints")
    assert last is not None
    assert len(last.context.memory["a"]["trials"]) == 2
    found = evaluate(done.model, task="digits")
    assert found.metrics["accuracy"] == pytest.approx(done.history[5].metric, abs=1e-9)


OTHER_TASK = """
from edgeslim.training.tasks import find_task

class Digits:
    num_classes = 10
    metric_name = "rightness"

    def data(self, input_shape, seed):
        return find_task("digits").data(input_shape, seed)

TASK = Digits()
"""


def test_a_metric_that_nothing_goes_by_may_be_one_that_the_task_lacks(folder: Path) -> None:
    """PaddleDetection's file says ``acc_top1`` of a detector, where nothing asks for it."""
    task = folder / "task.py"
    task.write_text(OTHER_TASK)
    text = """
strategies: {u: {class: UniformPruneStrategy, metric_name: acc_top1, target_ratio: 0.3}}
compressor: {epoch: 1, strategies: [u], batch_size: 128}
"""
    done = run(folder, text, task=str(task))
    assert done.notes == (f"strategies.u.metric_name has no effect: {task} has no acc_top1",)
    assert ", rightness 0." in done.history[0].events[0]
    goes_by_it = text.replace("Uniform", "Sensitive")
    with pytest.raises(UsageError, match=r"strategies\.u\.metric_name: unknown metric 'acc_top1'"):
        run(folder, goes_by_it, task=str(task), out=folder / "other")
