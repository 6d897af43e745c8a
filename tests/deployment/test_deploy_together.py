"""Several models in one deployment, each with a record of its own."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

import edgeslim
from edgeslim.deployment.gates import Gates
from edgeslim.errors import UsageError
from edgeslim.runs.deployment_history import read_history
from edgeslim.spaces import SPACES
from tests import program

SPACE = SPACES.get("light-nas-small").space((1, 1, 16, 16), 10)


@pytest.mark.slow
def test_models_are_measured_in_the_same_rounds_and_reported_beside_each_other(
    tmp_path: Path,
) -> None:
    smallest, start = tuple(0 for _ in SPACE.ranges), SPACE.initial_tokens
    # Both are called alike, as models of different runs often are.
    for name, tokens in {"first/net": start, "second/net": smallest}.items():
        edgeslim.build_network(
            SPACE.name, tokens, tmp_path / name, input_shape=SPACE.input_shape, num_classes=10
        )
    done = program.edgeslim(
        *("deploy", "first/net", "second/net", "--rounds", "2", "--assert-speedup", "0.001"),
        *("--patience", "1ms", "--json"),
        folder=tmp_path,
    )
    one, two = done.document["deployments"]
    assert [one["speedup"], one["gates"]] == [None, []], "the first is what others are compared to"
    assert two["speedup"] > 0
    assert [gate["asked"] for gate in two["gates"]] == ["--assert-speedup 0.001"]
    assert done.code == {"PASS": 0, "INCONCLUSIVE": 3}[two["gates"][0]["verdict"]]
    (first,), (second,) = (read_history(tmp_path / name / "net") for name in ("first", "second"))
    assert first.rounds == second.rounds
    assert first.models[0].rounds == second.models[1].rounds, "they are the same measurements"
    assert [model.name for model in second.models] == ["net", "net"]
    kept = sorted(path.name for path in (tmp_path / "second/net/deployment").iterdir())
    assert kept == ["baseline.net.x86.nb", "net.x86.nb"]
    reported = program.edgeslim(
        "report", "first/net", "second/net", "--out", "models.md", folder=tmp_path
    )
    assert reported.code == 0, reported.err
    assert "| second | " not in (page := (tmp_path / "models.md").read_text())
    assert page.count("| net | fp32, 1 thread |") == 2


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ({"out": Path("out")}, "--out is of one model"),
        ({"baseline": "net"}, "--baseline is of one model"),
        ({"soak": 10}, "--soak is of one model"),
        ({"sustained_s": 10.0}, "--sustained is of one model"),
        ({"operators": True}, "--operators is of one model"),
        ({"engines": ("all",)}, "--engine compares engines for one model"),
        ({"rounds": 1}, "--rounds of at least 2, not 1"),
        ({"gates": Gates(growth_kb=1.0)}, "--max-growth is of a soak"),
    ],
)
def test_what_is_of_one_model_is_refused(asked: dict[str, Any], said: str) -> None:
    with pytest.raises(UsageError, match=said):
        edgeslim.deploy_together("net", others=["other"], **asked)


def test_a_model_that_is_named_twice_is_refused(tmp_path: Path) -> None:
    for name in ("one/net", "other/net"):
        folder = tmp_path / name
        folder.parent.mkdir()
        for ending in ("pdmodel", "pdiparams"):
            folder.with_suffix(f".{ending}").touch()
    with pytest.raises(UsageError, match="would both be deployed into deployments/net"):
        edgeslim.deploy_together(str(tmp_path / "one/net"), others=[str(tmp_path / "other/net")])
    with pytest.raises(UsageError, match="one/net is given twice"):
        edgeslim.deploy_together(str(tmp_path / "one/net"), others=[str(tmp_path / "one/net")])
    with pytest.raises(UsageError, match="several models are deployed by"):
        edgeslim.deploy("net", others=["other"])
