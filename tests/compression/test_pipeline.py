"""What a compression does with its epochs, edits of its configuration, and everything wrong."""

from __future__ import annotations

import json
import math
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from edgeslim.conversion.model_source import find_model
from edgeslim.conversion.prepare import prepare
from edgeslim.deployment.origins import find_original
from edgeslim.errors import (
    BadFileError,
    DivergedError,
    MissingLatencyError,
    UsageError,
)
from edgeslim.graph import Graph
from edgeslim.runs.checkpoint import newest_checkpoint, read_arrays
from edgeslim.training.evaluate_model import evaluate
from tests.compression.in_process import UNIFORM, run, user_network
from tests.pruning.tables import made_up_table
from tests.pruning.trained import SHAPE, save_trained

pytestmark = pytest.mark.slow


def test_every_epoch_can_be_evaluated(folder: Path) -> None:
    done = run(folder)
    assert [each.parameters for each in done.history] == [2268, 1298, 1298]
    for record in done.history:
        model = folder / "out" / "checkpoints" / str(record.epoch) / "eval_model"
        found = evaluate(str(model), task="digits")
        assert found.metrics["accuracy"] == pytest.approx(record.metric, abs=1e-9)
    assert list(done.metrics) == ["accuracy", "accuracy_top5"]
    assert done.metrics == done.history[-1].metrics
    assert (
        "FLOPs 17,824 -> 8,416 (-52.8%), parameters 2,268 -> 1,298 (-42.8%)"
        in (done.history[1].events[0])
    )
    assert [each.macs for each in done.history] == [10464, 5184, 5184]


def test_the_rate_is_one_schedule_over_all_epochs(folder: Path) -> None:
    rates = [each.learning_rate or 0 for each in run(folder, learning_rate=0.02).history]
    assert rates == sorted(rates, reverse=True)
    assert 0.01 < rates[0] < 0.02
    assert rates[-1] < 1e-4


def test_the_rate_goes_in_the_words_of_the_originals(folder: Path) -> None:
    words = "learning_rate: 0.02, lr_decay_epochs: [1, 3], lr_decay_gamma: 0.5}"
    done = run(folder, UNIFORM.replace("batch_size: 128}", f"batch_size: 128, {words}"))
    assert [each.learning_rate for each in done.history] == [0.02, 0.01, 0.01]


def test_velocities_are_cut_with_the_weights_that_they_belong_to(folder: Path) -> None:
    run(folder, UNIFORM, "compressor.epoch=2", "compressor.learning_rate=1e-12")
    checkpoints = folder / "out" / "checkpoints"
    arrays = read_arrays(checkpoints / "1" / "state.npz")
    velocities = [each for name, each in arrays.items() if name.startswith("velocity/")]
    assert sum(each.size for each in velocities) == 1298
    assert all(np.abs(each).max() > 0 for each in velocities)


def test_not_every_epoch_is_evaluated_but_the_last(folder: Path) -> None:
    done = run(folder, UNIFORM, "compressor.eval_epoch=2")
    assert [each.metric is not None for each in done.history] == [False, True, True]


def test_a_pruned_model_is_what_another_compression_begins_with(folder: Path) -> None:
    first = run(folder)
    again = run(
        folder,
        "compressor: {epoch: 1}",
        f"compressor.init_model={first.model}",
        out=folder / "again",
    )
    assert again.history[0].parameters == 1298


def test_pretrained_parameters_are_taken_by_name(folder: Path) -> None:
    text = "compressor: {epoch: 1, learning_rate: 1.0e-9}"
    given = {"model": user_network(folder), "input_shape": SHAPE}
    trained = run(folder, "compressor: {epoch: 4, learning_rate: 0.1}", **given)
    assert trained.metrics["accuracy"] > 0.8
    fresh = run(folder, text, out=folder / "fresh", **given)
    known = run(folder, text, out=folder / "known", pretrained=trained.model, **given)
    assert known.metrics["accuracy"] > fresh.metrics["accuracy"] + 0.3


def test_a_loss_that_is_no_number_leaves_the_last_good_checkpoint(folder: Path) -> None:
    run(folder, UNIFORM, "compressor.epoch=1", "strategies.u.start_epoch=0")
    before = (folder / "out" / "checkpoints" / "0" / "state.npz").read_bytes()
    with pytest.raises(DivergedError, match=r"the loss is (nan|inf) .*epoch 0\) is the last good"):
        run(folder, UNIFORM, "strategies.u.start_epoch=0", "compressor.epoch=9", learning_rate=1e9)
    names = [each.name for each in (folder / "out" / "checkpoints").iterdir()]
    assert [name for name in names if name.isdecimal()] == ["0"]
    assert (folder / "out" / "checkpoints" / "0" / "state.npz").read_bytes() == before
    assert run(folder, UNIFORM, "strategies.u.start_epoch=0").history[-1].epoch == 2


def test_an_error_in_an_epoch_is_not_swallowed(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from edgeslim.compression.state import CompressionState

    def broken(*_: object) -> None:
        raise RuntimeError("a strategy that is broken")

    monkeypatch.setattr(CompressionState, "cut", broken)
    with pytest.raises(RuntimeError, match="a strategy that is broken"):
        run(folder)
    assert newest_checkpoint(folder / "out" / "checkpoints")[0].context.epoch == 0  # type: ignore[union-attr]


def test_edits_of_epochs_to_come_win(folder: Path) -> None:
    run(folder, UNIFORM, "compressor.epoch=2")
    later = """
strategies:
  u: {class: UniformPruneStrategy, start_epoch: 1, target_ratio: 0.5}
  u2: {class: UniformPruneStrategy, start_epoch: 3, target_ratio: 0.3}
compressor: {epoch: 5, strategies: [u, u2], batch_size: 32, learning_rate: 0.001}
"""
    done = run(folder, later, resume=True)
    assert [each.epoch for each in done.history] == [0, 1, 2, 3, 4]
    assert done.history[4].parameters < done.history[2].parameters == 1298
    assert (done.history[2].learning_rate or 1) < 0.001


@pytest.fixture(scope="module")
def compressed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder in which a compression is done."""
    folder = tmp_path_factory.mktemp("compressed")
    save_trained(folder / "net")
    run(folder)
    return folder


@pytest.mark.parametrize(
    ("overrides", "more", "says"),
    [
        (("strategies.u.target_ratio=0.4",), {}, "strategies.u.target_ratio is 0.4, and it has"),
        (("strategies.u.start_epoch=2",), {}, "strategies.u.start_epoch is 2, and it has begun"),
        (("compressor.strategies=[]",), {}, "strategies.u is gone"),
        (("compressor.epoch=2",), {}, "compressor.epoch is 2"),
        ((), {"seed": 5}, "compressor.seed is 5"),
        ((), {"model": "other"}, "compressor.model: "),
        ((), {"task": "digits:nowhere"}, ""),
    ],
)
def test_edits_that_would_change_what_is_done_are_refused(
    compressed: Path, overrides: tuple[str, ...], more: dict[str, Any], says: str
) -> None:
    if "model" in more:
        more = {"model": str(_changed(compressed))}
    with pytest.raises(UsageError) as caught:
        run(compressed, UNIFORM, *overrides, **more)
    assert says in str(caught.value)


def _changed(folder: Path) -> Path:
    """The same network with one other weight."""
    shutil.copy(folder / "net.pdmodel", folder / "other.pdmodel")
    content = bytearray((folder / "net.pdiparams").read_bytes())
    content[-1] ^= 1
    (folder / "other.pdiparams").write_bytes(bytes(content))
    return folder / "other"


def test_a_network_of_a_function_is_the_same_when_it_is_built_again(folder: Path) -> None:
    given = {"model": user_network(folder), "input_shape": SHAPE}
    text = "compressor: {epoch: 1, batch_size: 128}"
    first = run(folder, text, **given)
    more = run(folder, text, "compressor.epoch=2", resume=True, **given)
    assert more.history[0] == first.history[0]
    with pytest.raises(UsageError, match=r"compressor\.seed is 1"):
        run(folder, text, "compressor.epoch=3", seed=1, **given)


def test_a_strategy_that_should_have_begun_already_is_refused(folder: Path) -> None:
    run(folder, "compressor: {epoch: 2}")
    with pytest.raises(UsageError, match=r"strategies\.u\.start_epoch is 1, and epochs up to 1"):
        run(folder)


def test_broken_checkpoints_are_passed_over_only_if_asked(folder: Path) -> None:
    whole = run(folder)
    checkpoints = folder / "out" / "checkpoints"
    (checkpoints / "2" / "state.npz").write_bytes(b"damaged")
    (checkpoints / "best").mkdir()
    with pytest.raises(BadFileError, match=r"checkpoints/2 is a broken checkpoint: state\.npz"):
        run(folder)
    again = run(folder, skip_broken=True)
    assert [each.metric for each in again.history] == [each.metric for each in whole.history]
    assert any("skipped" in note for note in again.notes)


def test_resume_insists_on_a_checkpoint(folder: Path) -> None:
    with pytest.raises(UsageError, match="--resume: there is no checkpoint in"):
        run(folder, resume=True)
    assert not (folder / "out" / "checkpoints").exists()


def test_an_inference_model_of_every_epoch_on_request(folder: Path) -> None:
    run(folder, UNIFORM, "compressor.inference_target=arm", "compressor.epoch=2")
    sizes = [
        (folder / "out" / "checkpoints" / str(epoch) / "inference" / "model.nb").stat().st_size
        for epoch in range(2)
    ]
    assert sizes[1] < sizes[0]


THIN = """
pruners: {p: {class: StructurePruner, criterions: {'exp*': l2_norm, '*': l1_norm}}}
strategies:
  u: {class: UniformPruneStrategy, pruner: p, start_epoch: 1, target_ratio: 0.93}
compressor: {epoch: 3, strategies: [u], batch_size: 128}
"""


def test_a_layer_of_which_next_to_nothing_is_left_is_a_warning(
    folder: Path, caplog: pytest.LogCaptureFixture
) -> None:
    done = run(folder, THIN)
    warnings = [each.warning for each in done.history]
    assert warnings[0] == ""
    assert warnings[1] == warnings[2] == done.notes[-1]
    assert warnings[1].startswith("next to no channels are left of ")
    assert "first_weights (1 of 10)" in warnings[1]
    said = [each.getMessage() for each in caplog.records]
    assert said == [f"epoch 1: {warnings[1]}"]


def test_checkpoints_hold_what_the_originals_keys_say(folder: Path) -> None:
    checkpoints = folder / "out" / "checkpoints"
    feed = next(iter(prepared_at(folder / "net", folder).feeds))
    keys = f"prune_infer_model: [[{feed}], [relu_0.tmp_0]], save_eval_model: true"
    text = UNIFORM.replace("batch_size", f"{keys}, batch_size").replace("epoch: 3", "epoch: 2")
    done = run(folder, text)
    for record in done.history:
        own = checkpoints / str(record.epoch) / "eval_model"
        assert {each.name for each in own.iterdir()} == {
            *("model.pdmodel", "model.pdiparams", "__model__", "__params__", "__model__.infer")
        }
        for name in ("", "__model__"):
            found = evaluate(str(own / name), task="digits")
            assert found.metrics["accuracy"] == pytest.approx(record.metric, abs=1e-9)
    part = prepared_at(checkpoints / "1" / "eval_model" / "__model__.infer", folder)
    assert part.fetches == ("relu_0.tmp_0",)
    assert [node.spec.kind for node in part.nodes] == ["conv2d", "batch_norm", "relu"]

    plain = run(folder, UNIFORM, out=folder / "plain")
    none = UNIFORM.replace("batch_size", "save_eval_model: False, batch_size")
    run(folder, none, out=folder / "none")
    kept = folder / "none" / "checkpoints"
    assert not [*kept.rglob("eval_model")]
    assert [*kept.rglob("result")] == [kept / "2" / "result"]
    shutil.rmtree(kept / "2")
    again = run(folder, none, out=folder / "none")  # goes on from what is there
    assert [each.metric for each in again.history] == [each.metric for each in plain.history]
    models = [Path(each.model) / "model.pdiparams" for each in (plain, again)]
    assert models[0].read_bytes() == models[1].read_bytes()


def prepared_at(model: Path, folder: Path) -> Graph:
    return prepare(find_model(str(model)), folder / "looked at").graph


def test_int8_without_models_in_its_checkpoints_goes_on_and_has_a_part(folder: Path) -> None:
    feed = next(iter(prepared_at(folder / "net", folder).feeds))
    text = f"""
strategies: {{q: {{class: QuantizationStrategy, start_epoch: 1,
                 mkldnn_int8_model_save_path: {folder / "mkldnn"}}}}}
compressor: {{epoch: 2, strategies: [q], batch_size: 128, save_eval_model: False,
             prune_infer_model: [[{feed}], [linear_0.tmp_1]]}}
"""
    done = run(folder, text)
    last = folder / "out" / "checkpoints" / "1"
    assert {each.name for each in (last / "eval_model").iterdir()} == {
        *("__model__.infer", "__params__")
    }
    for model in (last / "eval_model" / "__model__.infer", folder / "mkldnn", Path(done.model)):
        found = evaluate(str(model), task="digits")
        assert found.metrics["accuracy"] == pytest.approx(done.metrics["accuracy"], abs=1e-9)
    assert run(folder, text).history == done.history


def test_a_latency_that_is_met_already_cuts_nothing(folder: Path) -> None:
    model = prepare(find_model(str(folder / "net")), folder / "prepared")
    made_up_table(folder / "host.jsonl", model)
    text = """
strategies: {l: {class: LatencyPruneStrategy, target_latency: 10s, start_epoch: 1}}
compressor: {epoch: 2, strategies: [l], batch_size: 128}
"""
    done = run(folder, text, table=folder / "host.jsonl")
    assert [each.parameters for each in done.history] == [2268, 2268]
    (event,) = done.history[1].events
    assert event.startswith("strategies.l: the limit of 10.00 s is met already (predicted")
    plain = run(folder, "compressor: {epoch: 2, batch_size: 128}", out=folder / "plain")
    assert [each.metric for each in plain.history] == [each.metric for each in done.history]
    judged = done.judged["accuracy"]
    assert (judged.value, judged.examples) == (done.metrics["accuracy"], 397)
    assert judged.low is not None
    assert judged.low < judged.value


def test_post_training_quantization_is_the_end(folder: Path) -> None:
    text = """
strategies: {p: {class: PostTrainingQuantizationStrategy, method: mse, batches: 2}}
compressor: {epoch: 2, strategies: [p], batch_size: 128}
"""
    done = run(folder, text)
    assert done.history[-1].events == ("strategies.p: quantized by mse",)
    assert math.isclose(done.metrics["accuracy"], done.history[0].metric or 0, abs_tol=0.1)
    assert (folder / "out" / "checkpoints" / "1" / "network" / "model.pdmodel").exists()
    assert run(folder, text).history == done.history
    with pytest.raises(UsageError, match=r"strategies\.p"):
        run(folder, text, "compressor.epoch=3")


def test_the_result_is_written_beside_the_model(folder: Path) -> None:
    done = run(folder)
    found = json.loads((folder / "out" / "result.json").read_text())
    assert found["metrics"] == done.metrics
    assert len(found["history"]) == 3
    start = find_original(folder / "out")
    assert start is not None
    assert start.parameters.read_bytes() == (folder / "net.pdiparams").read_bytes()


def test_a_table_without_the_models_operators_is_refused_by_place(folder: Path) -> None:
    model = prepare(find_model(str(folder / "net")), folder / "prepared")
    made_up_table(folder / "gaps.jsonl", model, without="matmul_v2")
    text = """
strategies: {l: {class: LatencyPruneStrategy, target_latency: 1ms}}
compressor: {epoch: 2, strategies: [l]}
"""
    with pytest.raises(MissingLatencyError, match=r"strategies\.l: .*gaps\.jsonl"):
        run(folder, text, table=folder / "gaps.jsonl")
