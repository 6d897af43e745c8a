"""``edgeslim quantize``, as a user starts it."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.program import edgeslim
from tests.tools import require_module
from tests.training.own_files import write_own_files

pytestmark = pytest.mark.slow

TRAIN = ("train", "nets.py:slow", "--input-shape", "1,1,16,16", "--epochs", 8, "--batch-size", 16)
QUANTIZE = ("quantize", "net", "--task", "task.py", "--batch-size", 16, "--batches", 2)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Holds a network ``net`` that was trained."""
    require_module("paddlelite")
    folder = tmp_path_factory.mktemp("quantize")
    write_own_files(folder)
    done = edgeslim(*TRAIN, "--task", "task.py", "--out", "net", folder=folder)
    assert done.code == 0, done.err
    return folder


def test_a_trained_model_to_a_converted_int8_model(folder: Path) -> None:
    done = edgeslim(*QUANTIZE, "--method", "mse", "--out", "int8", "--json", folder=folder)
    assert done.code == 0, done.err
    document = done.document
    assert {path.name for path in (folder / "int8").iterdir()} == {
        "model.pdmodel",
        "model.pdiparams",
        "quantization.json",
    }
    assert (document["model"], document["task"], document["examples"]) == ("int8", "task.py", 64)
    assert len(document["layers"]) == 2
    assert document["in_floats"] == []
    assert document["before"]["share_of_halves"] > 0.9
    assert document["after"]["share_of_halves"] > 0.9
    assert document["bytes_after"] < document["bytes_before"]
    assert document["chosen"] == "mse"
    assert document["tried"]["mse"] > 10

    judged = edgeslim("evaluate", "int8", "--task", "task.py", "--json", folder=folder)
    assert judged.document["metrics"].items() >= document["after"].items()
    inspected = edgeslim("inspect", "int8", "--json", folder=folder)
    floats = edgeslim("inspect", "net", "--json", folder=folder)
    assert inspected.document["operators"] == floats.document["operators"]
    converted = edgeslim("deploy", "int8", "--convert-only", "arm", "--out", "o", folder=folder)
    assert converted.code == 0, converted.err


def test_what_is_skipped_is_told(folder: Path) -> None:
    done = edgeslim(*QUANTIZE, "--out", "part", "--skip", "^linear", folder=folder)
    assert "before," in done.out
    assert "1 layer has int8 kernels; in floats: linear" in done.out
    assert "kept: " in done.out
    assert "saved in part" in done.out


def test_layers_are_explained_in_the_document_and_the_report(folder: Path) -> None:
    explain = (*QUANTIZE, "--explain", "--images", 32, "--out", "told")
    refused = edgeslim(*explain, "--max-loss", "much", folder=folder)
    assert "a loss in percentage points like 0.5, not 'much'" in refused.error(2)
    done = edgeslim(*explain, "--max-loss", "100", "--json", folder=folder)
    assert done.code == 0, done.err
    found = done.document["explanation"]
    assert {one["weight"] for one in found["layers"]} == set(done.document["layers"])
    assert found["images"] == 32
    assert all(one["snr_alone_db"] > 10 for one in found["layers"])
    assert not (folder / "told" / "layer_errors.jsonl").exists()
    reported = edgeslim("report", "told", "--format", "markdown", folder=folder)
    assert reported.code == 0, reported.err
    assert "Loss by layer" in (folder / "told" / "report.md").read_text()


@pytest.mark.parametrize(
    ("more", "code", "said"),
    [
        (("--method", "best"), 2, "must be one of abs_max, auto, histogram, kl, mse, not 'best'"),
        (("--skip", "nowhere"), 2, "skip 'nowhere' is found in no name of a weight or output"),
        (("--skip", "."), 1, "no convolution or fully connected layer left"),
        (("--weight-bits", 9), 2, "int8 kernels compute with activations of 8 bits"),
        (("--images", 0), 2, "images must be at least 1, not 0"),
        (("--batches", 0), 2, "batches must be at least 1, not 0"),
        (("--batches", 1, "--batch-size", 9), 2, "needs at least 10 pictures, not 9"),
    ],
)
def test_what_cannot_be_meant_leaves_nothing(
    more: tuple[object, ...], code: int, said: str, folder: Path
) -> None:
    assert said in edgeslim(*QUANTIZE, "--out", "none", *more, folder=folder).error(code)
    assert not (folder / "none").exists()


def test_no_model_is_overwritten_and_none_quantized_twice(folder: Path) -> None:
    told = edgeslim(*QUANTIZE, "--out", "net", folder=folder).error(2)
    assert told == "net holds model.pdmodel already; give another folder"
    done = edgeslim(*QUANTIZE, "--out", "first", folder=folder)
    assert done.code == 0, done.err
    again = edgeslim("quantize", "first", "--task", "task.py", "--out", "again", folder=folder)
    assert again.error(2) == "the model is quantized already; give the model before quantization"
    pruned = edgeslim(
        *("prune", "first", "--target-macs", "-50%", "--strategy", "uniform", "--out", "p"),
        folder=folder,
    )
    assert "the model is quantized; prune the model first" in pruned.error(2)
