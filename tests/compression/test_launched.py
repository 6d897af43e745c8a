"""Several processes that share the steps of a training, really begun, over gloo on the CPU."""

from __future__ import annotations

import json
import signal
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from edgeslim.compression.compress import Compression, compress
from edgeslim.runs.checkpoint import read_arrays
from edgeslim.training.train_model import train
from tests.compression.files import write
from tests.compression.launched import each, forked, launch
from tests.compression.runs import same, weights
from tests.program import Ended, ended
from tests.pruning.trained import save_trained
from tests.tools import wait_until

pytestmark = pytest.mark.slow

CONFIG = """
strategies:
  u: {class: UniformPruneStrategy, start_epoch: 1, target_ratio: 0.3}
  d: {class: DistillationStrategy, distillers: [l], start_epoch: 0, end_epoch: 1}
  q: {class: QuantizationStrategy, start_epoch: 2, weight_quantize_type: channel_wise_abs_max,
      activation_quantize_type: moving_average_abs_max}
distillers:
  l: {class: L2Distiller, student_feature_map: linear_0.tmp_1,
      teacher_feature_map: linear_0.tmp_1, distillation_loss_weight: 0.1}
compressor: {epoch: 3, strategies: [u, d, q], batch_size: 100, checkpoint_path: ckpt}
"""

COMMAND = ("compress", "c.yaml", "--model", "net", "--teacher", "net", "--task", "digits")


def folder_with(path: Path) -> Path:
    path.mkdir(parents=True, exist_ok=True)
    save_trained(path / "net")
    write(path, CONFIG)
    return path


def read_lines(file: Path) -> list[Any]:
    return [json.loads(line) for line in file.read_text().splitlines()]


def test_killed_and_launched_again(tmp_path: Path) -> None:
    whole, killed = (folder_with(tmp_path / name) for name in ("whole", "killed"))
    one, two = each(whole, *COMMAND)
    assert (one.code, two.code, two.out, two.err) == (0, 0, "", ""), one.err + two.err
    assert "accuracy: " in one.out
    numbered = sorted(path.name for path in (whole / "ckpt").iterdir() if path.name.isdecimal())
    assert numbered == ["0", "1", "2"]
    lines = read_lines(whole / "ckpt" / "metrics.jsonl")
    assert [line["epoch"] for line in lines] == [0, 1, 2]
    assert all(line["processes"] == 2 and line["accuracy"] > 0.85 for line in lines)

    processes = forked(killed, *COMMAND)
    try:
        assert wait_until((killed / "ckpt" / "1").exists, timeout_s=240)
    finally:
        for process in processes:
            process.send_signal(signal.SIGKILL)
    assert {ended(process).code for process in processes} == {-signal.SIGKILL}
    assert not (killed / "ckpt" / "model.pdmodel").exists()
    launcher = launch(killed, *COMMAND, "--resume")
    said, _ = launcher.communicate(timeout=240)
    assert launcher.returncode == 0, said
    assert "accuracy: " in said
    assert list((killed / "ckpt").glob(".edgeslim.*")) == []
    assert same(weights(whole), weights(killed))


NETS = """
from paddle import nn

def plain():
    return nn.Sequential(
        nn.Conv2D(1, 8, 3, stride=2), nn.ReLU(), nn.Flatten(), nn.Linear(392, 10)
    )

class Watched(nn.Layer):
    def __init__(self):
        super().__init__()
        self.net = plain()
        self.norm = nn.BatchNorm2D(1)

    def forward(self, images):
        return self.net(images) + 0 * self.norm(images).mean()
"""

GIVEN: dict[str, Any] = {
    "task": "digits",
    "batch_size": 175,
    "learning_rate": 0.02,
    "input_shape": (1, 1, 16, 16),
}


def train_and_compress(folder: Path) -> Compression:
    """Two epochs of each, without batch norms that the scores depend on."""
    nets = folder.parent / "nets.py"
    train(f"{nets}:Watched", out=folder / "trained", epochs=2, **GIVEN)
    config = folder.parent / "plain.yaml"
    return compress(config, model=f"{nets}:plain", out=folder / "small", **GIVEN)


BOTH_THEN_NAN_IN_ONE = """
import os
from pathlib import Path
from tests.compression.test_launched import train_and_compress
print(train_and_compress(Path("two")).metrics)

from edgeslim.training import _training_loop

inner, calls = _training_loop._PendingStep.take, [0]

def take(self, find_gradients):
    calls[0] += 1
    if calls[0] == 16 and os.environ["PADDLE_TRAINER_ID"] == "1":
        find_gradients = lambda *_: float("nan")
    return inner(self, find_gradients)

_training_loop._PendingStep.take = take
"""


@pytest.fixture(scope="module")
def two(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Ended, Ended]:
    """A folder, and how two processes ended that did the above and then met what is no number."""
    folder = folder_with(tmp_path_factory.mktemp("two"))
    (folder / "nets.py").write_text(NETS)
    write(folder, "compressor: {epoch: 2}", "plain.yaml")
    one, other = map(ended, forked(folder, *COMMAND, first=BOTH_THEN_NAN_IN_ONE))
    return folder, one, other


def test_the_mean_of_the_parts_is_the_gradient_of_the_batch(
    two: tuple[Path, Ended, Ended],
) -> None:
    # 175 examples are parts of 88 and 87, which do not weigh the same.
    folder, one, other = two
    done = train_and_compress(folder / "alone")
    assert one.out == other.out == f"{done.metrics}\n"  # every process has the result
    places = (Path("trained/checkpoint.npz"), Path("small/checkpoints/1/state.npz"))
    for place in places:
        alone, shared = (read_arrays(folder / name / place) for name in ("alone", "two"))
        assert alone.keys() == shared.keys()
        for name, value in alone.items():
            if name == "about":
                continue
            # The running variance of the norm, the last of all: within a part images vary less
            # than within the batch, by how the parts' means differ.
            tolerance = 1e-2 if name == "net_7" else 1e-5
            assert np.abs(value - shared[name]).max() < tolerance, (place, name)


def test_other_numbers_of_processes_may_go_on(two: tuple[Path, Ended, Ended]) -> None:
    folder, _, _ = two
    done = compress(
        folder / "plain.yaml",
        model=f"{folder / 'nets.py'}:plain",
        out=folder / "two" / "small",
        overrides=["compressor.epoch=3"],
        resume=True,
        **GIVEN,
    )
    assert [each.processes for each in done.history] == [2, 2, 1]


def test_what_is_no_number_in_one_process_ends_both(two: tuple[Path, Ended, Ended]) -> None:
    folder, one, other = two
    assert one.error(1) == (
        "training failed: the loss is nan at step 16 of 42; try a learning rate below 0.01; "
        "ckpt/0 (epoch 0) is the last good checkpoint"
    )
    assert (other.code, other.err) == (1, "")
    assert not (folder / "ckpt" / "1").exists()
