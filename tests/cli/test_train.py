"""``edgeslim train`` and ``edgeslim evaluate``, as a user starts them."""

from __future__ import annotations

import signal
from pathlib import Path

import pytest

from tests.program import edgeslim, ended, fork, full_after
from tests.tools import wait_until
from tests.training.own_files import FILES, write_own_files

pytestmark = pytest.mark.slow

TRAIN = ("train", "nets.py:slow", "--input-shape", "1,1,16,16", "--epochs", 8, "--batch-size", 16)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    write_own_files(tmp_path)
    return tmp_path


def _names(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir()}


def test_a_training_from_the_first_step_to_a_deployed_model(folder: Path) -> None:
    done = edgeslim(*TRAIN, "--task", "task.py", "--out", "net", "--json", folder=folder)
    assert done.code == 0, done.err
    document = done.document
    assert set(document) == {"model", "task", "metrics", "losses", "judged"}
    judged_ = document["judged"]["share_of_halves"]
    assert (judged_["value"], judged_["examples"]) == (document["metrics"]["share_of_halves"], 64)
    assert judged_["low"] < judged_["value"] <= judged_["high"]  # it counts shares by default
    assert (document["model"], document["task"]) == ("net", "task.py")
    assert len(document["losses"]) == 8
    assert document["losses"][-1] < document["losses"][0]
    assert document["metrics"]["share_of_halves"] > 0.9
    assert "loss" in done.err
    assert _names(folder / "net") == {"checkpoint.npz", "model.pdmodel", "model.pdiparams"}

    shown = f"share_of_halves: {document['metrics']['share_of_halves']:.2%}"
    again = edgeslim(*TRAIN, "--task", "task.py", "--out", "net", folder=folder)
    assert shown in again.out
    assert "saved in net" in again.out
    judged = edgeslim("evaluate", "net", "--task", "task.py", folder=folder)
    assert f"{shown} of 64 examples" in judged.out

    inspected = edgeslim("inspect", "net", "--json", folder=folder)
    assert inspected.document["operators"]["conv2d"] == 1
    converted = edgeslim("deploy", "net", "--convert-only", "arm", "--json", folder=folder)
    assert converted.code == 0, converted.err


def test_an_interrupted_training_goes_on_and_ends_with_the_same_weights(folder: Path) -> None:
    whole = edgeslim(*TRAIN, "--task", "task.py", "--out", "whole", "--json", folder=folder)
    assert whole.code == 0, whole.err
    arguments = (*TRAIN, "--task", "task.py:SLOW", "--out", "net", "--json")
    process = fork(*arguments, folder=folder)
    try:
        assert wait_until((folder / "net" / "checkpoint.npz").exists, timeout_s=120)
    finally:
        process.send_signal(signal.SIGINT)
    interrupted = ended(process)
    assert interrupted.error(130) == "interrupted; run the same command again to continue"
    assert interrupted.out == ""
    assert _names(folder / "net") == {"checkpoint.npz"}
    done = edgeslim(*arguments, folder=folder)
    assert done.code == 0, done.err
    assert "continues after step" in done.err
    assert done.document["metrics"] == whole.document["metrics"]
    assert done.document["losses"] == whole.document["losses"]
    weights = [folder / out / "model.pdiparams" for out in ("whole", "net")]
    assert weights[0].read_bytes() == weights[1].read_bytes()


def test_a_network_by_name_is_judged_with_fresh_weights(tmp_path: Path) -> None:
    arguments = ("mobilenet-v1", "--task", "digits", "--input-shape", "1,3,16,16")
    judged = edgeslim("evaluate", *arguments, "--json", folder=tmp_path)
    assert judged.code == 0, judged.err
    assert judged.document["examples"] == 397
    assert judged.document["metrics"]["accuracy"] < 0.4


WRONG = {
    "train mobilenet-v1 --out net": (2, "Missing option '--task'"),
    "evaluate mobilenet-v1": (2, "Missing option '--task'"),
    "train mobilenet-v1 --task digits": (2, "Missing option '--out'"),
    "train mobilenet-v1 --task digit --out net": (2, "did you mean 'digits'?"),
    "train mobilenet-v1 --task digits --out net --input-shape x=1,3,8,8": (2, "has one input"),
    "train mobilenet-v1 --task digits --out net --gamma 0.5": (2, "add --lr-decay-epochs"),
    "train mobilenet-v1 --task image_folder:/no/where --out net": (1, "/no/where does not exist"),
    "train nets.py:slow --task nets.py --out net": (1, "nets.py defines no TASK"),
    "train nets.py:slow --task task.py --input-shape 1,1,16,16 --out net --learning-rate 1e30": (
        1,
        "training failed: the loss is",
    ),
}


@pytest.mark.parametrize("command", WRONG)
def test_what_is_wrong_is_said_in_one_line_and_nothing_is_left(folder: Path, command: str) -> None:
    code, message = WRONG[command]
    done = edgeslim(*command.split(), folder=folder)
    assert message in done.error(code)
    assert done.out == ""
    assert _names(folder) - {"__pycache__"} == set(FILES)


def test_a_full_disk_keeps_the_state_there_was(folder: Path) -> None:
    arguments = (*TRAIN, "--task", "task.py", "--out", "net")
    done = edgeslim(*arguments, folder=folder, first=full_after(2_000))
    assert done.code == 1
    assert len(done.err.splitlines()) >= 1
    assert "File too large" in done.err
    assert not (folder / "net" / "model.pdmodel").exists()
    finished = edgeslim(*arguments, folder=folder)
    assert finished.code == 0, finished.err


def test_a_network_of_a_space_is_trained_by_its_tokens(folder: Path) -> None:
    tokens = "0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0"
    net = ("light-nas-small", "--task", "digits", "--input-shape", "1,1,16,16")
    train = ("train", *net, "--epochs", 1, "--out", "net")
    done = edgeslim(*train, "--tokens", tokens, "--json", folder=folder)
    assert done.code == 0, done.err
    assert 0.05 < done.document["metrics"]["accuracy"] <= 1
    said = edgeslim("inspect", "net", "--json", folder=folder).document
    built = edgeslim(
        *("space", "build", "light-nas-small", "--tokens", tokens, "--out", "built"),
        *("--input-shape", "1,1,16,16"),
        folder=folder,
    )
    assert built.code == 0, built.err
    assert said["macs"] == edgeslim("inspect", "built", "--json", folder=folder).document["macs"]
    assert "there must be 18 tokens, not 2" in edgeslim(
        *train, "--tokens", "1,2", folder=folder
    ).error(2)
