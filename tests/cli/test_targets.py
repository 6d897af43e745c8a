"""What is known of targets, and which of it a model meets, as commands say it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from edgeslim.targets import known_laws
from tests.program import edgeslim

pytestmark = pytest.mark.slow

NET = """
import paddle
from paddle import nn

class Net(nn.Layer):
    def __init__(self):
        super().__init__()
        self.first, self.second = nn.Conv2D(3, 8, 1), nn.Conv2D(8, 8, 3, stride=2)
        self.pool = nn.AdaptiveAvgPool2D(3)

    def forward(self, images):
        return self.pool(paddle.tanh(self.second(self.first(images))))

def net():
    return Net()

def volume():
    return nn.Conv3DTranspose(1, 2, 1)
"""
SHAPE = ("--input-shape", "1,3,16,16")
LAWS = """
[[laws]]
name = "small-pictures"
operators = ["conv2d"]
condition = "of pictures smaller than 32 pixels"
happens = "columns are left out"
source = "made up"
several_threads = true
[laws.when]
extents = [{ slot = "Input", axis = 3, most = 31 }]
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "net.py").write_text(NET)
    (tmp_path / "laws.toml").write_text(LAWS)
    return tmp_path


def test_all_laws_are_listed(tmp_path: Path) -> None:
    listed = edgeslim("targets", "--json", folder=tmp_path).document["laws"]
    assert [each["name"] for each in listed] == [law.name for law in known_laws().laws]
    shown = edgeslim("targets", folder=tmp_path)
    assert (shown.code, shown.err) == (0, "")
    assert all(law.name in shown.out for law in known_laws().laws)


def test_those_of_a_place_and_of_an_operator(tmp_path: Path) -> None:
    def found(*arguments: str) -> dict[str, dict[str, Any]]:
        laws = edgeslim("targets", "--json", *arguments, folder=tmp_path).document["laws"]
        return {law["name"]: law for law in laws}

    assert "magnitudes-behind-sums" not in found("--target", "arm")
    assert found("--target", "x86")["magnitudes-behind-sums"]["kernels"] == ["x86"]
    pools = found("--operator", "pool2d")
    assert pools["adaptive-windows"]["rewrite"] == "pools"
    assert all("pool2d" in pool["operators"] for pool in pools.values())
    assert set(found("--operator", "conv3d_transpose", "--target", "arm")) == {"absent-on-arm"}
    assert {"int8-products"} < set(found("--precision", "int8"))
    assert "int8-products" not in found("--precision", "fp32")
    threads = found("--target", "arm", "--precision", "fp32")
    alone = found("--target", "arm", "--precision", "fp32", "--threads", "1")
    assert {name for name in threads if threads[name]["several_threads"]} == set(threads) - set(
        alone
    )


def test_laws_of_a_file_are_among_them(folder: Path) -> None:
    laws = ("--laws", "laws.toml")
    listed = edgeslim("targets", "--operator", "conv2d", *laws, "--json", folder=folder).document
    assert listed["laws"][-1]["name"] == "small-pictures"
    assert "## From a file of laws" in edgeslim("targets", *laws, "--markdown", folder=folder).out
    (folder / "laws.toml").write_text("[[laws]]\nname = 3")
    said = edgeslim("targets", *laws, folder=folder).error(1)
    assert "laws.toml: Expected `str`, got `int` - at `$.laws[0].name`" in said


def test_inspect_says_what_a_target_gets_wrong_and_what_is_done(folder: Path) -> None:
    done = edgeslim(
        *("inspect", "net.py:net", *SHAPE, "--target", "arm", "--target", "x86", "--json"),
        folder=folder,
    )
    assert done.code == 0
    met = {(each["target"], each["law"]): each for each in done.document["laws"]}
    windows = met["arm", "adaptive-windows"]
    assert (windows["operator"], windows["shape"], windows["done"]) == (
        *("pool2d", [1, 8, 7, 7], "rewritten"),
    )
    assert ("x86", "adaptive-windows") not in met
    for target in ("arm", "x86"):
        pair = met[target, "convolution-pairs"]
        assert (pair["operator"], pair["done"]) == ("conv2d", "rewritten")
        assert pair["form"] == "kept apart from the convolution before it"
    shown = edgeslim("inspect", "net.py:net", *SHAPE, "--target", "arm", folder=folder)
    assert "on arm in fp32 with several threads" in shown.out
    assert "written by the general kernel" in shown.out


def test_inspect_says_before_a_conversion_that_a_model_is_refused(folder: Path) -> None:
    command = ("inspect", "net.py:volume", "--input-shape", "1,1,3,8,8", "--target", "arm")
    shown = edgeslim(*command, folder=folder)
    assert shown.code == 3
    assert "conv3d_transpose that makes" in shown.out
    assert "REFUSED: build the network without it" in shown.out
    document = edgeslim(*command, "--json", folder=folder).document
    assert [each["law"] for each in document["laws"] if each["done"] == "refused"] == [
        "absent-on-arm"
    ]


def test_inspect_knows_threads_and_laws_of_a_file(folder: Path) -> None:
    command = ("inspect", "net.py:net", *SHAPE, "--target", "arm", "--laws", "laws.toml")
    several = edgeslim(*command, "--json", folder=folder)
    refused = [each for each in several.document["laws"] if each["done"] == "refused"]
    assert (several.code, len(refused)) == (3, 2)
    assert {each["law"] for each in refused} == {"small-pictures"}
    assert edgeslim(*command, "--threads", "1", "--json", folder=folder).code == 0


def test_what_says_more_of_a_target_needs_one(folder: Path) -> None:
    said = edgeslim("inspect", "net.py:net", *SHAPE, "--threads", "1", folder=folder).error(2)
    assert "--precisions, --threads and --laws say more of --target" in said
    said = edgeslim("targets", "--markdown", "--target", "arm", folder=folder).error(2)
    assert "--markdown is the whole page" in said
