"""Killed at any moment, and resumed: the same bits."""

from __future__ import annotations

import signal
from pathlib import Path

import pytest

from tests.compression.files import write
from tests.compression.runs import (
    BATCH,
    command,
    killed,
    killing,
    run,
    same,
    weights,
)
from tests.program import ended, fork
from tests.pruning.trained import save_trained
from tests.tools import wait_until

pytestmark = pytest.mark.slow

CONFIG = """
strategies:
  s: {class: SensitivePruneStrategy, start_epoch: 1, target_ratio: 0.4, delta_rate: 0.5}
  q: {class: QuantizationStrategy, start_epoch: 2, activation_quantize_type: range_abs_max}
compressor: {epoch: 4, strategies: [s, q]}
"""

STEP = ("edgeslim.training._training_loop", "_PendingStep.take")
STEPS_AN_EPOCH = 1400 // BATCH

MOMENTS = {
    "the last step of an epoch": killing(*STEP, 2 * STEPS_AN_EPOCH),
    "a step of quantized training": killing(*STEP, 2 * STEPS_AN_EPOCH + 7),
    "pruning, after sensitivities": killing("edgeslim.compression.state", "write_pruned", 1),
    "a sensitivity": killing("edgeslim.pruning.trial", "Trial.evaluate", 2),
    "a checkpoint half written": killing("edgeslim.runs.checkpoint", "write_json", 2),
    "a checkpoint not yet renamed": killing("edgeslim.compression.pipeline", "replace_folder", 2),
    "a checkpoint just renamed": killing("edgeslim.compression.pipeline", "write_metrics", 3),
    "an evaluation": killing("edgeslim.training.staged_net", "evaluate_all", 3),
    "the copy of the model": killing("edgeslim.compression.compress", "copy_model", 1),
}


def folder_with(path: Path) -> tuple[Path, tuple[object, ...]]:
    """A folder with a network and the command that compresses it."""
    path.mkdir(parents=True, exist_ok=True)
    save_trained(path / "net")
    return path, command(write(path, CONFIG), path)


@pytest.fixture(scope="module")
def uninterrupted(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder, arguments = folder_with(tmp_path_factory.mktemp("whole"))
    done = run(folder, *arguments)
    assert done.code == 0, done.err
    assert [each["epoch"] for each in done.document["history"]] == [0, 1, 2, 3]
    return folder


@pytest.mark.parametrize("moment", list(MOMENTS))
def test_killed_and_resumed(uninterrupted: Path, tmp_path: Path, moment: str) -> None:
    folder, arguments = folder_with(tmp_path)
    killed(folder, *arguments, first=MOMENTS[moment])
    done = run(folder, *arguments)
    assert done.code == 0, done.err
    assert same(weights(uninterrupted), weights(folder))
    left = [each.name for each in (folder / "ckpt").glob(".edgeslim.*")]
    assert left == []


def test_killed_again_and_again(uninterrupted: Path, tmp_path: Path) -> None:
    folder, arguments = folder_with(tmp_path)
    for step in (3, STEPS_AN_EPOCH + 2, STEPS_AN_EPOCH + 1):
        killed(folder, *arguments, first=killing(*STEP, step))
    assert run(folder, *arguments, "--resume").code == 0
    assert same(weights(uninterrupted), weights(folder))


def test_interrupted_by_the_user(uninterrupted: Path, tmp_path: Path) -> None:
    folder, arguments = folder_with(tmp_path)
    first = killing(*STEP, STEPS_AN_EPOCH + 5, "signal.SIGINT")
    done = run(folder, *arguments, first=first)
    assert done.error(130) == "interrupted; run the same command again to continue"
    assert done.out == ""
    assert (folder / "ckpt" / "0").is_dir()
    assert not (folder / "ckpt" / "1").exists()
    assert run(folder, *arguments).code == 0
    assert same(weights(uninterrupted), weights(folder))


def test_what_is_done_is_not_done_again(uninterrupted: Path) -> None:
    before = weights(uninterrupted)
    arguments = command(uninterrupted / "c.yaml", uninterrupted)
    done = run(uninterrupted, *arguments, first=killing(*STEP, 1))  # it would be killed
    assert done.code == 0, done.err
    assert same(before, weights(uninterrupted))


def test_two_processes_do_not_share_a_folder(tmp_path: Path) -> None:
    folder, arguments = folder_with(tmp_path)
    waiting = "import time\n" + killing(*STEP, 1).replace(
        "os.kill(os.getpid(), number)", "time.sleep(600)"
    )
    process = fork(*arguments, folder=folder, first=waiting)
    try:
        assert wait_until((folder / ".ckpt.lock").exists, timeout_s=120)
        wait_until(lambda: False, timeout_s=1)
        done = run(folder, *arguments)
    finally:
        process.send_signal(signal.SIGKILL)
        ended(process)
    assert "ckpt is being written by edgeslim compress, process " in done.error(1)
