"""Every command of the guide, example by example, as a reader pastes them, at a small size."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

from edgeslim.cli.output import GAPS
from edgeslim.models import MODELS
from tests.docs.pages import GUIDE, Section, sections
from tests.made_once import made_once
from tests.program import Ended, one_after_another
from tests.tools import PROJECT

pytestmark = pytest.mark.slow

BEGIN, *EXAMPLES = sections(GUIDE, "edgeslim", "python")
"""What all examples begin with, and the examples."""

NETWORKS = {
    "mobilenet-v2": "small.py:mobilenet_v2",
    "resnet18": "small.py:mobilenet_v2",
    "yolov3-mobilenet-v1": "small.py:yolov3",
    "ssd-mobilenet-v1": "small.py:ssd",
}

SMALL: dict[str, dict[str, str]] = {
    "--task": {"digits": "small.py"},
    "--space": {"light-nas-small": "small.py"},
    "--epochs": {"": "1"},
    "--input-shape": {"1,3,32,32": "1,3,16,16", "1,3,128,128": "1,3,64,64"},
    "--batch-size": {"": "4"},
    "--budget": {"": "32"},
    "--candidates": {"": "2"},
    "--train": {"": "8"},
    "--validation": {"": "4"},
    "--side": {"": "64"},
    # No time is asserted in tests: what a machine does that others use is nobody's fault.
    "--target-latency": {"": "10s"},
    "--assert-latency": {"": "10s"},
    "--assert-speedup": {"": "0.01"},
}
"""Values of options that are replaced; all of an option's where its name is empty."""

PARTS = {
    "checkpoints/pruning_uniform/9/": "checkpoints/pruning_uniform/1/",
    "[[tmp_3,tmp_5]]": "[[tmp_0,tmp_1]]",
    "[[relu_2.tmp_0,relu_4.tmp_0]]": "[[tmp_0,tmp_1]]",
}
"""Parts of arguments that are replaced: another epoch, and other feature maps."""

MORE = {
    "configs/pruning_uniform.yaml": "-o compressor.epoch=2",
    "configs/distillation.yaml": "-o compressor.epoch=2 -o strategies.distillation.end_epoch=1",
    "configs/quantization.yaml": "-o compressor.epoch=2 -o strategies.quantization.end_epoch=1",
    "configs/quantization_dist.yaml": "-o compressor.epoch=2 "
    "-o strategies.distillation.end_epoch=1 -o strategies.quantization.start_epoch=1 "
    "-o strategies.quantization.end_epoch=1",
    "configs/quantization_pruning.yaml": "-o compressor.epoch=2 "
    "-o strategies.quantization.start_epoch=1 -o strategies.quantization.end_epoch=1",
    "profile": "--networks 1 --starts 0",
    "deploy --device": "--rounds 2",
    "deploy --baseline": "--rounds 2",
    "sensitivity": "--ratios 0.3,0.6",
}
"""What is added to commands that have all of these words."""


def small(command: Sequence[str]) -> list[str]:
    """A command of the guide as it is run here."""
    program, *arguments = command
    if program == "python":
        return [sys.executable, str(PROJECT / arguments[0]), *_values(arguments[1:])]
    more = [MORE[words] for words in MORE if set(words.split()) <= set(arguments)]
    return [program, *_values(arguments), *" ".join(more).split()]


def _values(arguments: Sequence[str]) -> list[str]:
    replaced = []
    for before, argument in zip(("", *arguments), arguments, strict=False):
        values = SMALL.get(before, {})
        value = values.get(argument, values.get("", NETWORKS.get(argument, argument)))
        for part, other in PARTS.items():
            value = value.replace(part, other)
        replaced.append(value)
    return replaced


def run(section: Section, folder: Path) -> list[Ended]:
    """Runs a section's commands in order; each must end well."""
    given = [small(command) for command in section.commands]
    for command in given:
        if command[0] == sys.executable:
            subprocess.run(command, cwd=folder, check=True, env=PROJECT_PATH)
    calls = [command[1:] for command in given if command[0] == "edgeslim"]
    done = one_after_another(calls, folder)
    for call, each in zip(calls, done, strict=False):
        # Which networks int8 kernels of x86 compute wrongly is theirs to say; deploy refuses
        # those, and goes on with the other precisions.
        well = {0, GAPS} if "--precisions" in call else {0}
        assert each.code in well, (call, each.out, each.err)
    assert len(done) == len(calls)
    return done


PROJECT_PATH = {**os.environ, "PYTHONPATH": str(PROJECT)}


@pytest.fixture(scope="module")
def begun(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with what all examples begin with."""
    return made_once(tmp_path_factory, "guide", _begin)


def _begin(folder: Path) -> Path:
    shutil.copy(Path(__file__).with_name("small_networks.py"), folder / "small.py")
    shutil.copytree(PROJECT / "configs", folder / "configs")
    run(BEGIN, folder)
    return folder


@pytest.mark.timeout(1800)  # It waits for quiet moments on a busy machine.
@pytest.mark.parametrize("example", EXAMPLES, ids=[each.title for each in EXAMPLES])
def test_an_example_can_be_pasted(example: Section, begun: Path, tmp_path: Path) -> None:
    shutil.copytree(begun, tmp_path / "own")
    run(example, tmp_path / "own")
    reports = [line[line.index("--out") + 1] for line in example.commands if line[1] == "report"]
    assert reports
    for report in reports:
        assert "<html" in (tmp_path / "own" / report).read_text()


def test_networks_that_are_replaced_are_there() -> None:
    assert set(NETWORKS) <= set(MODELS.names())
    given = {argument for each in (BEGIN, *EXAMPLES) for line in each.commands for argument in line}
    assert set(NETWORKS) <= given
