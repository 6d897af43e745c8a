"""Students that learn from a teacher, alone and with pruning and few bits."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from edgeslim.compression.compress import Compression
from edgeslim.conversion.inspect_model import inspect
from edgeslim.conversion.model_source import find_model
from edgeslim.conversion.prepare import prepare
from edgeslim.errors import (
    EdgeslimError,
    InfeasibleTargetError,
    UsageError,
)
from edgeslim.prediction.predict_model import predict
from tests.compression.in_process import UNIFORM, run, user_network
from tests.compression.runs import MAPS
from tests.pruning.tables import made_up_table
from tests.pruning.trained import SHAPE

pytestmark = pytest.mark.slow

DISTIL = f"""
distillers:
  l2: {{class: L2Distiller, student_feature_map: {MAPS[1]}, teacher_feature_map: {MAPS[1]}}}
  fsp: {{class: FSPDistiller, student_pairs: [[{MAPS[1]}, {MAPS[2]}]],
        teacher_pairs: [[{MAPS[1]}, {MAPS[2]}]]}}
  soft: {{class: SoftLabelDistiller, student_feature_map: {MAPS[0]},
         teacher_feature_map: {MAPS[0]}}}
strategies: {{d: {{class: DistillationStrategy, distillers: [l2, fsp, soft], end_epoch: 2}}}}
compressor: {{epoch: 2, strategies: [d], batch_size: 128}}
"""


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (lambda t: t.replace("student_feature_map: relu_0", "student_feature_map: relu_9"),
         "distillers.l2.student_feature_map: unknown feature map of the student"),
        (lambda t: t.replace("teacher_feature_map: linear_0.tmp_1",
                             "teacher_feature_map: relu_0.tmp_0"),
         "distillers.soft.student_feature_map: the student's scores are [10] and the teacher's"),
        (lambda t: t.replace(f"student_pairs: [[{MAPS[1]}, ", "student_pairs: [[conv2d_1.tmp_0, "),
         "distillers.fsp.student_pairs: the student's map is [16, 4, 4] and the teacher's [10"),
        (lambda t: t.replace(f"student_pairs: [[{MAPS[1]}, ", "student_pairs: [[linear_0.tmp_0, "),
         "distillers.fsp.student_pairs: a pair of the student is [10] and [10, 4, 4]"),
    ],
)  # fmt: skip
def test_feature_maps_that_do_not_exist_or_fit_are_refused_before_training(
    folder: Path, change: Callable[[str], str], says: str
) -> None:
    changed = change(DISTIL)
    assert changed != DISTIL
    with pytest.raises(UsageError) as caught:
        run(folder, changed, teacher=str(folder / "net"))
    assert says in str(caught.value)
    assert not (folder / "out").exists()


def test_pruning_may_not_cut_what_is_compared(folder: Path) -> None:
    text = DISTIL.replace("strategies: {d", "strategies: {u: {class: UniformPruneStrategy}, d")
    with pytest.raises(UsageError, match=r"distillers\.l2\.student_feature_map: the student's map"):
        run(folder, text.replace("[d]", "[u, d]"), teacher=str(folder / "net"))


def test_a_student_comes_nearer_to_its_teacher(folder: Path) -> None:
    fresh = run(
        folder,
        "compressor: {epoch: 1, learning_rate: 1.0e-9}",
        model=user_network(folder),
        input_shape=SHAPE,
        out=folder / "fresh",
    ).model
    (scores,) = inspect(fresh).graph.fetches
    text = DISTIL.replace("[l2, fsp, soft]", "[soft]").replace("epoch: 2", "epoch: 4")
    rate = {"model": fresh, "learning_rate": 0.05}
    taught = run(
        folder,
        text,
        f"distillers.soft.student_feature_map={scores}",
        "distillers.soft.distillation_loss_weight=5",
        out=folder / "taught",
        teacher=str(folder / "net"),
        **rate,
    )
    alone = run(folder, "compressor: {epoch: 4, batch_size: 128}", out=folder / "alone", **rate)
    assert _apart(folder, taught) < _apart(folder, alone) - 0.01


def _apart(folder: Path, done: Compression) -> float:
    """Cross-entropy of the teacher's classes and a student's, on the validation examples."""
    import paddle

    from edgeslim.training.program_net import load_program_net
    from edgeslim.training.tasks import SPLIT_SEED, find_task

    data = find_task("digits").data(SHAPE, SPLIT_SEED)
    images, _ = data.validation.batch(np.arange(len(data.validation)), None)
    scores = []
    for prefix in (folder / "net", Path(done.model) / "model"):
        net = load_program_net(prefix)
        net.eval()
        (found,) = net(paddle.to_tensor(images))
        scores.append(found.numpy().astype(np.float64))
    teacher, student = scores
    wanted = np.exp(teacher - np.logaddexp.reduce(teacher, axis=1, keepdims=True))
    known = student - np.logaddexp.reduce(student, axis=1, keepdims=True)
    return float(-(wanted * known).sum(axis=1).mean())


@pytest.mark.parametrize(
    ("text", "more", "says"),
    [
        (DISTIL, {}, "strategies.d needs a teacher: give --teacher"),
        (DISTIL, {"teacher": "mobilenet-v1"}, "compressor.teacher: mobilenet-v1 has no trained"),
        (DISTIL, {"teacher": "nowhere/net"}, "compressor.teacher: there is no model at nowhere"),
        (UNIFORM, {"model": None}, "compressor.model is missing"),
        (UNIFORM, {"task": None}, "compressor.task is missing"),
        (UNIFORM, {"out": None}, "compressor.checkpoint_path and --out are both missing"),
        (UNIFORM.replace("target_ratio", "metric_name: acc_top4, target_ratio"), {},
         "strategies.u.metric_name: unknown metric 'acc_top4'"),
        (UNIFORM.replace("target_ratio", "pruned_params: conv.*_weights, target_ratio"), {},
         "strategies.u: unknown parameter 'conv.*_weights'"),
        ("pruners: {p: {class: StructurePruner, criterions: {'*': l1_norm, 'conv*': l2_norm}}}"
         + UNIFORM.replace("target_ratio", "pruner: p, target_ratio"), {},
         "pruners.p.criterions: 'conv*' is the name of no weight"),
        (UNIFORM.replace("batch_size", "ap_version: integral, batch_size"), {},
         "compressor.ap_version: digits has its images with it and takes no folder"),
        (UNIFORM.replace("batch_size", "prune_infer_model: [[image], [a]], batch_size"), {},
         "compressor.prune_infer_model: unknown input 'image'"),
        (UNIFORM.replace("target_ratio", "pruned_params: '(', target_ratio"), {},
         "strategies.u.pruned_params: '(' is not a regular expression"),
        (UNIFORM.replace("target_ratio", "criterion: l3, target_ratio"), {},
         "strategies.u.criterion: unknown criterion 'l3'"),
        (("strategies: {q: {class: QuantizationStrategy, weight_bits: 99}}\n"
         "compressor: {epoch: 1, strategies: [q]}"), {},
         "strategies.q.weight_bits: weight_bits must be from 2 to 16, not 99"),
        (("strategies: {q: {class: QuantizationStrategy, skip: ['(']}}\n"
         "compressor: {epoch: 1, strategies: [q]}"), {}, "strategies.q.skip: skip '('"),
        (("strategies: {l: {class: LatencyPruneStrategy, target_latency: 20}}\n"
         "compressor: {epoch: 1, strategies: [l]}"), {}, "strategies.l.target_latency: expected"),
        (("strategies: {l: {class: LatencyPruneStrategy, target_latency: 20ms}}\n"
         "compressor: {epoch: 1, strategies: [l]}"), {}, "strategies.l.table is missing"),
        (("strategies: {n: {class: LightNASStrategy, target_latency: 0}}\n"
         "compressor: {epoch: 1, strategies: [n]}"), {},
         "strategies.n has neither target_latency nor target_flops"),
        (("strategies: {n: {class: LightNASStrategy, target_latency: -1}}\n"
         "compressor: {epoch: 1, strategies: [n]}"), {}, "strategies.n.target_latency is -1"),
        (("strategies: {n: {class: LightNASStrategy, target_latency: 2ms, table: t, "
         "finalists: 3}}\n"
         "compressor: {epoch: 1, strategies: [n]}"), {},
         "strategies.n.finalists: finalists are trained longer than the 1 epoch"),
    ],
)  # fmt: skip
def test_what_cannot_be_is_said_with_its_place_and_leaves_nothing(
    folder: Path, text: str, more: dict[str, Any], says: str
) -> None:
    with pytest.raises(EdgeslimError) as caught:
        run(folder, text, **more)
    assert str(folder / "c.yaml") in str(caught.value)
    assert says in str(caught.value)
    assert not (folder / "out").exists()


def test_a_searchs_work_is_limited_in_the_count_of_paddleslim(folder: Path) -> None:
    text = """
strategies: {n: {class: LightNASStrategy, space: light-nas-small, target_flops: 1000}}
compressor: {epoch: 1, strategies: [n]}
"""
    with pytest.raises(InfeasibleTargetError, match=r"[\d,]+ PaddleSlim 1\.x FLOPs where 1,000 "):
        run(folder, text, model=None)


def test_distilled_pruned_to_a_latency_in_two_steps_and_then_int8(folder: Path) -> None:
    model = prepare(find_model(str(folder / "net")), folder / "prepared")
    made_up_table(folder / "host.jsonl", model)
    whole = predict(str(folder / "net"), folder / "host.jsonl").total_ms
    text = f"""
distillers:
  soft: {{class: SoftLabelDistiller, student_feature_map: {MAPS[0]},
         teacher_feature_map: {MAPS[0]}}}
strategies:
  d: {{class: DistillationStrategy, distillers: [soft], end_epoch: 1}}
  l: {{class: LatencyPruneStrategy, target_latency: "{0.6 * whole}ms", start_epoch: 1,
      end_epoch: 2, num_steps: 2}}
  q: {{class: QuantizationStrategy, start_epoch: 3, weight_quantize_type: channel_wise_abs_max,
      activation_quantize_type: moving_average_abs_max}}
compressor: {{epoch: 5, strategies: [d, l, q], batch_size: 128}}
"""
    done = run(folder, text, teacher=str(folder / "net"), table=folder / "host.jsonl")
    before_int8 = folder / "out" / "checkpoints" / "2" / "eval_model"
    assert predict(str(before_int8), folder / "host.jsonl").total_ms <= 0.6 * whole
    sizes = [each.parameters for each in done.history]
    assert sizes[0] > sizes[1] > sizes[2] == sizes[3] == sizes[4]
    assert done.metrics["accuracy"] > 0.5
