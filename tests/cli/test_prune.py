"""``edgeslim prune`` as a user starts it, with a model that was trained, and this machine."""

from __future__ import annotations

import json
import signal
from pathlib import Path

import pytest

from edgeslim.conversion.model_source import find_model
from edgeslim.conversion.prepare import prepare
from edgeslim.device import DeviceChoice
from edgeslim.measuring.device_session import open_device
from tests.cli.test_sensitivity import SLOW_TASK
from tests.program import edgeslim, ended, fork
from tests.pruning.tables import made_up_table
from tests.pruning.trained import save_trained
from tests.tools import wait_until

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the trained model ``net``, ratios, and a slow task."""
    folder = tmp_path_factory.mktemp("prune")
    save_trained(folder / "net", stride=1)
    (folder / "ratios.json").write_text('{"expand_weights": 0.25}')
    (folder / "slow.py").write_text(SLOW_TASK)
    return folder


@pytest.mark.alone
def test_a_latency_is_met_on_this_machine_and_the_model_deployed(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))  # with the profile that users have
    profiled = edgeslim(
        *("profile", "--device", "host", "--model", "net", "--budget", "32", "--starts", "0"),
        *("--out", "host.jsonl", "--json"),
        folder=folder,
    )
    assert profiled.code == 0, profiled.err
    # Of what it takes, not of what is predicted, so that there is something to be cut.
    deploy_net = ("deploy", "net", "--device", "host", "--no-rewrite", "--json")
    (whole,) = edgeslim(*deploy_net, folder=folder).document["models"]
    target_us = 800 * whole["measured_ms"]
    pruned = edgeslim(
        *("prune", "net", "--target-latency", f"{target_us:.2f}us", "--table", "host.jsonl"),
        *("--device", "host", "--task", "digits", "--epochs", "1", "--eval-share", "0.25"),
        *("--out", "pruned", "--json"),
        folder=folder,
    )
    assert pruned.code == 0, pruned.err
    found = pruned.document
    assert set(found) >= {"model", "predicted_ms", "macs_before", "macs_after", "groups"}
    assert found["measured_ms"] * 1e3 <= target_us
    assert found["macs_after"] < found["macs_before"]
    assert found["metric_after"] > 0.5
    deployed = edgeslim(
        *("deploy", "pruned", "--device", "host", "--table", "host.jsonl", "--baseline", "none"),
        *("--no-rewrite", "--json"),
        folder=folder,
    )
    assert deployed.code == 0, deployed.err
    (model,) = deployed.document["models"]
    assert model["output_max_abs_error"] < 1e-3
    assert model["measured_ms"] > 0
    assert model["met_target"] == (model["measured_ms"] * 1e3 <= target_us)
    assert model["name"] == "pruned"
    again = edgeslim("inspect", "pruned", "--json", folder=folder)
    assert again.document["macs"] == found["macs_after"]

    met = edgeslim(
        *("prune", "net", "--target-latency", "10s", "--table", "host.jsonl"),
        *("--device", "host", "--task", "digits", "--epochs", "1", "--out", "met"),
        folder=folder,
    )
    assert met.code == 0, met.err
    assert "the limit of 10.00 s is met already (predicted" in met.out
    assert ", measured " in met.out
    assert "the model as it came is in met" in met.out
    assert (folder / "met" / "model.pdiparams").read_bytes() == (
        folder / "net.pdiparams"
    ).read_bytes()


def test_what_the_device_runs_within_the_limit_is_not_cut_whatever_a_table_says(
    folder: Path,
) -> None:
    model = prepare(find_model(str(folder / "net")), folder / "prepared")
    with open_device(DeviceChoice(name="host")) as session:
        made_up_table(folder / "slower.jsonl", model, session.context())
    whole = edgeslim("predict", "net", "--table", "slower.jsonl", "--json", folder=folder)
    target_us = 900 * whole.document["total_ms"]  # several times what it takes here
    done = edgeslim(
        *("prune", "net", "--target-latency", f"{target_us:.2f}us", "--table", "slower.jsonl"),
        *("--device", "host", "--out", "fast-enough", "--json"),
        folder=folder,
    )
    assert done.code == 0, done.err
    found = done.document
    assert found["predicted_ms"] * 1e3 > target_us >= found["measured_ms"] * 1e3
    assert "is met already (predicted" in found["note"]
    assert all(group["before"] == group["after"] for group in found["groups"])


def test_people_get_a_table(folder: Path) -> None:
    done = edgeslim(
        *("prune", "net", "--ratios", "ratios.json", "--out", "by-ratios"), folder=folder
    )
    assert done.code == 0, done.err
    lines = done.out.splitlines()
    assert any(line.split() == ["expand_weights", "16", "12", "-25%"] for line in lines)
    assert any(line.split() == ["first_weights", "10", "10"] for line in lines)
    untrained = edgeslim(
        *("prune", "net", "--ratios", "ratios.json", "--task", "digits", "--epochs", "0"),
        *("--out", "untrained"),
        folder=folder,
    )
    assert untrained.code == 0, untrained.err
    assert "accuracy pruned: 0." in untrained.out
    assert " of 397 examples, " in untrained.out
    assert "trained for" not in untrained.out
    assert "it was not trained after pruning" in untrained.out
    assert "the pruned model is in by-ratios" in done.out


def test_interrupted_it_goes_on_where_it_was(folder: Path) -> None:
    arguments = (
        *("prune", "net", "--target-macs", "-40%", "--task", "slow.py", "--epochs", "1"),
        *("--out", "slow", "--json"),
    )
    process = fork(*arguments, folder=folder)
    points = folder / "slow" / "steps" / "1" / "sensitivities.jsonl"
    assert wait_until(
        lambda: points.exists() and points.read_bytes().count(b"\n") >= 4, timeout_s=120
    )
    process.send_signal(signal.SIGINT)
    assert "interrupted; run the same command again to continue" in ended(process).error(130)
    assert not (folder / "slow" / "model.pdmodel").exists()
    before = points.read_bytes()
    done = edgeslim(*arguments, folder=folder)
    assert done.code == 0, done.err
    assert points.read_bytes().startswith(before)
    assert json.loads((folder / "slow" / "result.json").read_text()) == done.document


@pytest.mark.parametrize(
    ("arguments", "code", "says"),
    [
        (("net",), 2, "exactly one of --target-latency"),
        (("net", "--target-latency", "20"), 2, "20"),
        (("net", "--target-latency", "20ms", "--table", "missing.jsonl"), 1, "missing.jsonl"),
        (("nte", "--target-macs", "-50%"), 2, "nte"),
        (("net", "--ratios", "missing.json"), 1, "missing.json"),
        (("net", "--target-macs", "-50%", "--match", "nothing.*"), 2, "nothing.*"),
    ],
)
def test_what_is_wrong_is_one_line_and_nothing_is_left(
    folder: Path, arguments: tuple[str, ...], code: int, says: str
) -> None:
    ended_ = edgeslim("prune", *arguments, "--out", "wrong", folder=folder)
    assert says in ended_.error(code)
    assert not (folder / "wrong").exists()
