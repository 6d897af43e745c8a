"""The commands that a run consists of, and that they are ones that edgeslim has."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

from edgeslim.cli.commands import load_command
from edgeslim.errors import ContextMismatchError, UsageError
from edgeslim.runs.slim_run import SlimFolder, SlimStep
from edgeslim.slimming.steps import Step, Steps
from tests.slimming.test_candidates import SETTINGS

EVERYTHING = msgspec.structs.replace(
    SETTINGS,
    model="my net",
    device={"name": "board", "host": "192.0.2.1", "port": 22},
    learning_rate=0.02,
    input_shapes=("1,3,32,32",),
)


def steps(tmp_path: Path) -> list[Step]:
    made = Steps(settings=EVERYTHING, folder=SlimFolder(tmp_path / "run"))
    return [
        made.profile(),
        made.evaluate(),
        made.measure("before", EVERYTHING.model),
        made.rewrite("rewritten", EVERYTHING.model),
        made.prune("pruned", "0.5ms"),
        made.train_on("longer", made.place("pruned")),
        made.quantize("int8", EVERYTHING.model),
        made.deploy("0.5ms"),
        made.report(),
    ]


def test_every_step_is_a_command_with_options_that_it_has(tmp_path: Path) -> None:
    for step in steps(tmp_path):
        name, *rest = step.arguments
        load_command(name).make_context(name, [*rest, "--json"])


def test_a_step_can_be_pasted(tmp_path: Path) -> None:
    evaluate = steps(tmp_path)[1]
    assert evaluate.command == "edgeslim evaluate 'my net' --task digits"


def test_steps_have_names_of_their_own(tmp_path: Path) -> None:
    names = [step.name for step in steps(tmp_path)]
    assert len(set(names)) == len(names)


def test_what_a_step_left_is_read_again(tmp_path: Path) -> None:
    folder = SlimFolder(tmp_path / "run")
    folder.begin(SETTINGS)
    assert folder.step("evaluate") is None
    left = SlimStep(name="evaluate", command=("edgeslim",), code=0, document={"examples": 3})
    folder.keep_step(left)
    assert folder.step("evaluate") == left


def test_a_folder_goes_on_with_the_same_settings_alone(tmp_path: Path) -> None:
    folder = SlimFolder(tmp_path / "run")
    folder.begin(SETTINGS)
    folder.begin(SETTINGS)
    other = msgspec.structs.replace(SETTINGS, max_loss=0.02)
    with pytest.raises(ContextMismatchError, match=r"its max loss is 0\.01, not 0\.02"):
        folder.begin(other)


def test_a_folder_with_something_else_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "thesis.tex").write_text("a")
    with pytest.raises(UsageError, match="no run of slim"):
        SlimFolder(tmp_path).begin(SETTINGS)
