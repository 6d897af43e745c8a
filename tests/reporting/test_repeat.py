"""The command that a report gives for a run asks for what the run was asked for."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import Any

import pytest

from edgeslim.files import write_json
from edgeslim.reporting.document import Commands, Text
from edgeslim.reporting.read_run import read_run
from edgeslim.reporting.sections.repeat import repeat
from edgeslim.runs.pruning_run import PruneSettings
from edgeslim.training.schedules import RateKeys
from tests.reporting.made_up_runs import pruning, search
from tests.typed import parsed

PRUNING: dict[str, Any] = {
    "model": "nets.py:small net",
    "task": "digits",
    "strategy": "annealing",
    "criterion": "l2",
    "match": "conv.*",
    "eval_share": 0.5,
    "steps": 2,
    "tries": 7,
    "epochs": 3,
    "batch_size": 16,
    "learning_rate": 0.125,
    "seed": 5,
    "counter": "paddleslim1-flops",
}


def own_command(run: Path) -> tuple[dict[str, Any], list[str]]:
    """What the run's own command is understood as, and the sentences beside it."""
    section = repeat(read_run(run))
    assert section is not None
    lines, *_ = [list(block.lines) for block in section.blocks if isinstance(block, Commands)]
    (line,) = lines
    return parsed(shlex.split(line)[1:]), [
        str(block.text) for block in section.blocks if isinstance(block, Text)
    ]


def test_a_search_is_asked_for_with_all_that_decides_it(tmp_path: Path) -> None:
    wanted: dict[str, Any] = {
        "starts": ((1, 2), (3, 0)),
        "algorithm": "evolution",
        "accuracy": "supernet",
        "prefilter": "macs:8",
        "candidates": 7,
        "most_candidates": 11,
        "parallel": 3,
        "confidence": 0.75,
        "epochs": 4,
        "finalists": 3,
        "final_epochs": 9,
        "seed": 6,
        "task": "my tasks.py",
    }
    values, _ = own_command(search(tmp_path / "run", **wanted))
    assert values.pop("start") == ["1,2", "3,0"]
    assert values["input_shape"] == ["1,1,32,32"]
    assert values["target_latency"] == ["0.3ms"]
    assert values["table"] == [str(tmp_path / "run" / "table.jsonl")]
    del wanted["starts"]
    assert {name: values[name] for name in wanted} == wanted


@pytest.mark.parametrize(
    "goal",
    [
        {"target_macs": "-50%"},
        {"metric_loss": 0.05, "sensitivities": "known.jsonl"},
        {"target_ms": 1.5, "table": "host.jsonl", "device": "host"},
    ],
    ids=lambda goal: next(iter(goal)),
)
def test_a_pruning_is_asked_for_with_all_that_decides_it(
    tmp_path: Path, goal: dict[str, Any]
) -> None:
    wanted = {**PRUNING, **goal}
    run = pruning(tmp_path / "run")
    schedule = RateKeys(lr_decay_epochs=(2,), lr_decay_gamma=0.5, warmup_steps=9).schedule()
    settings = PruneSettings(**wanted, schedule=schedule, input_shapes={"a b": (1, 3, 8, 8)})
    write_json(run / "pruning.json", settings)
    values, _ = own_command(run)
    assert (values["lr_decay_epochs"], values["lr_decay_gamma"]) == ("2", 0.5)
    assert values["warmup_steps"] == 9
    assert values["input_shape"] == ["a b=1,3,8,8"]
    if "target_ms" in goal:
        assert values["target_latency"] == f"{wanted.pop('target_ms')}ms"
    found = {name: values[name] for name in wanted}
    for name in ("table", "sensitivities"):
        if name in found:
            found[name] = str(found[name])
    assert found == wanted


def test_ratios_that_are_no_file_any_more_are_said_to_be_in_the_folder(tmp_path: Path) -> None:
    run = pruning(tmp_path / "run")
    write_json(run / "pruning.json", PruneSettings(model="net", ratios={"w0": 0.5}))
    values, told = own_command(run)
    assert values["ratios"] == "ratios.json"
    assert any("ratios.json" in each and "pruning.json" in each for each in told)
