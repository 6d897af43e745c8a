"""Detectors pruned, trained again on real images, converted and run on this machine."""

from __future__ import annotations

from pathlib import Path

import pytest

import edgeslim
from edgeslim.execution import Target
from tests.training.voc_folders import write_small_voc

pytestmark = pytest.mark.slow

YOLO_NAMES = (
    r"conv(2_[12]|3_1|4_1|5_[1-6])_sep_weights"
    r"|yolo_block\.0\.(0|1)\.(0|1)\.conv\.weights"
)
"""Some of the 24 names that the original pruned."""


def test_ssd_is_pruned_trained_and_deployed(tmp_path: Path) -> None:
    voc = tmp_path / "voc"
    write_small_voc(voc, train=8, validation=4, side=64, kinds=(0, 1), seed=0)
    result = edgeslim.prune(
        "ssd-mobilenet-v1",
        out=tmp_path / "pruned",
        target_macs="-30%",
        strategy="uniform",
        match=r"conv2d_[1-9].w_0|conv2d_1[0-2].w_0",
        task=f"voc:{voc}",
        epochs=1,
        batch_size=4,
        learning_rate=1e-3,
        input_shapes={"": (1, 3, 64, 64)},
    )
    assert result.macs_after <= 0.7 * result.macs_before
    assert result.metric == "mean_average_precision"
    narrowed = [group for group in result.groups if group.after < group.before]
    assert len(narrowed) == 12
    done = edgeslim.deploy(
        str(tmp_path / "pruned"),
        device="host",
        out=tmp_path / "deployed",
        baseline="none",
        rounds=1,
    )
    (model,) = done.models
    assert model.latency_ms > 0


def test_yolov3_is_pruned_by_the_names_of_the_original_and_runs(tmp_path: Path) -> None:
    result = edgeslim.prune(
        "yolov3-mobilenet-v1",
        out=tmp_path / "pruned",
        target_macs="-30%",
        match=YOLO_NAMES,
        input_shapes={"": (1, 3, 64, 64)},
    )
    assert result.macs_after <= 0.7 * result.macs_before
    done = edgeslim.convert(str(tmp_path / "pruned"), [Target.X86], out=tmp_path / "converted")
    (model,) = done.models
    assert model.outputs is not None  # it was run here, and by Paddle
    assert model.outputs.max_rel < 1e-3
