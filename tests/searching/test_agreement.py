"""Agreement of estimates with trainings, from the first network drawn to the table."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from edgeslim.durations import LatencyShare
from edgeslim.errors import BadFileError, UsageError
from edgeslim.execution import Target
from edgeslim.prediction.predictor import Predictor
from edgeslim.searching.accuracy import ESTIMATORS, EvaluationSetup
from edgeslim.searching.agreement import Agreement, measure_agreement
from edgeslim.searching.limits import resolve_limit_ms
from edgeslim.spaces import SPACES
from edgeslim.training.tasks import find_task
from tests.program import edgeslim
from tests.searching.made_up import made_up_table

pytestmark = pytest.mark.slow

SPACE = SPACES.get("light-nas-small").space((1, 1, 8, 8), 10)
TASK = find_task("digits")


@pytest.fixture(scope="module")
def supernet(tmp_path_factory: pytest.TempPathFactory) -> Path:
    from edgeslim.training.train_supernet import train_supernet

    out = tmp_path_factory.mktemp("supernet")
    train_supernet(SPACE, "digits", out, epochs=1, batch_size=350, random_networks=0)
    return out / "supernet.npz"


def _agreement(out: Path, supernet: Path | None = None, **changed: Any) -> Agreement:
    options: dict[str, Any] = {"networks": 3, "epochs": 1, "proxies": ["macs"], **changed}
    return measure_agreement(SPACE, "digits", out, supernet=supernet, eval_share=0.3, **options)


def test_further_judges_train_nothing_again(tmp_path: Path, supernet: Path) -> None:
    out = tmp_path / "agreement.jsonl"
    first = _agreement(out)
    lines = out.read_bytes().splitlines()
    assert len(lines) == 1 + 3 + 3
    # As a run that was killed in the middle of its last line left it.
    out.write_bytes(b"\n".join(lines[:-1]) + b"\n" + lines[-1][:20])
    more = _agreement(out, supernet)
    assert more.trained == first.trained
    by_name = {each.judge.split()[0]: each for each in more.judges}
    assert set(by_name) == {"supernet", "macs"}
    assert by_name["macs"].correlation == first.judges[0].correlation
    assert by_name["supernet"].seconds_once > 0
    assert all(each.seconds_each > 0 for each in more.judges)
    # What was trained is what a search would train, as it would.
    full = ESTIMATORS.get("training")(
        EvaluationSetup(space=SPACE, task=TASK, epochs=1, batch_size=64)
    )
    network = more.trained[1]
    shares: list[float] = []
    assert full.of(network.tokens, shares.append) == network.accuracy
    assert sum(shares) == pytest.approx(1)


def test_other_networks_or_another_file_are_refused(tmp_path: Path) -> None:
    out = tmp_path / "agreement.jsonl"
    _agreement(out, proxies=[])
    with pytest.raises(UsageError, match="networks with epochs 1, not 2"):
        _agreement(out, epochs=2)
    with pytest.raises(UsageError, match="networks with networks 3, not 4"):
        _agreement(out, networks=4)
    table = made_up_table(tmp_path / "host.jsonl", SPACE).path
    with pytest.raises(UsageError, match=r"networks with limits none, not 3s by host\.jsonl"):
        _agreement(out, table=table, target_latency="3s")
    other = tmp_path / "table.jsonl"
    other.write_text('{"row":"context","schema":1}\n')
    with pytest.raises(BadFileError, match=r"table\.jsonl:1"):
        _agreement(other)
    few: list[dict[str, Any]] = [{"networks": 2}, {"epochs": 0}]
    for changed in few:
        with pytest.raises(UsageError, match="3 networks and 1 epoch at least"):
            _agreement(tmp_path / "new.jsonl", **changed)
    assert not (tmp_path / "new.jsonl").exists()


def test_only_networks_within_the_limits_are_trained(tmp_path: Path) -> None:
    table = made_up_table(tmp_path / "host.jsonl", SPACE)
    predictor = Predictor(table)

    def slowest_ms(done: Agreement) -> float:
        operators = [SPACE.operators(row.tokens, Target.X86) for row in done.trained]
        return max(predictor.predict(specs).total_ms for specs in operators)

    limit_ms = resolve_limit_ms(LatencyShare(0.6), SPACE, predictor)
    limit: dict[str, Any] = {"table": table.path, "target_latency": f"{limit_ms!r}ms"}
    assert slowest_ms(_agreement(tmp_path / "all.jsonl", proxies=[])) > limit_ms
    assert slowest_ms(_agreement(tmp_path / "within.jsonl", proxies=[], **limit)) <= limit_ms


def test_the_commands(tmp_path: Path) -> None:
    shape = ("--space", "light-nas-small", "--task", "digits", "--input-shape", "1,1,8,8")
    made = edgeslim(
        *("supernet", *shape, "--out", "shared", "--epochs", "1", "--batch-size", "350"),
        *("--random-networks", "0", "--json"),
        folder=tmp_path,
    )
    assert made.code == 0, made.err
    assert made.document["supernet"] == "shared/supernet.npz"
    asked = (
        *("space", "agreement", *shape, "--supernet", "shared/supernet.npz", "--networks", "3"),
        *("--epochs", "1", "--proxies", "parameters", "--eval-share", "0.3", "--out", "a.jsonl"),
    )
    shown = edgeslim(*asked, folder=tmp_path)
    assert shown.code == 0, shown.err
    assert "Kendall's tau" in shown.out
    assert "against 3 networks trained in full" in shown.out
    again = edgeslim(*asked, "--json", folder=tmp_path)
    judges = [each["judge"].split()[0] for each in again.document["judges"]]
    assert judges == ["supernet", "parameters"]
    for changed, message in (
        (("--space", "light-nas"), "is of networks with|is a supernet of light-nas-small"),
        (("--proxies", "mac"), "unknown proxy 'mac'; did you mean 'macs'"),
        (("--target-latency", "3ms"), "--table and --target-latency go together"),
    ):
        refused = edgeslim(*asked, *changed, folder=tmp_path)
        assert refused.code == 2
        assert any(part in refused.err for part in message.split("|"))
