"""Models that are deployed in the form that a table says is fastest."""

from __future__ import annotations

from pathlib import Path

import pytest

from edgeslim.conversion.model_source import SavedModel
from edgeslim.conversion.optimized import unfused_graph
from edgeslim.conversion.prepare import prepare
from edgeslim.deployment.deploy import deploy
from edgeslim.execution import Target
from edgeslim.fusion import fuse
from edgeslim.rewriting.choose import choose_forms
from edgeslim.rewriting.network import Network
from edgeslim.runs.deployment_history import read_history
from tests.rewriting.networks import affine_blocks, like_x86, made_up_prices
from tests.searching.made_up import host_context

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a model, and a table of this machine that prices all its forms."""
    made = tmp_path_factory.mktemp("rewritten")
    affine_blocks(1).write(made / "net")
    model = prepare(SavedModel.at(made / "net"), made / "prepared")
    specs = fuse(unfused_graph(model), Target.X86).specs
    prices = made_up_prices(made, specs, like_x86, context=host_context())
    choose_forms(Network.read(model.prefix), Target.X86, prices)
    return made


def test_what_goes_out_is_the_form_that_was_measured_to_be_faster(
    folder: Path, tmp_path: Path
) -> None:
    table, out = folder / "table.jsonl", tmp_path / "out"
    done = deploy(str(folder / "net.pdmodel"), table=table, out=out, rounds=2)
    form = done.record.rewriting
    assert form is not None
    assert {one.equivalence for one in form.taken} >= {"factors-into-layer-before"}
    assert form.predicted_ms < form.predicted_before_ms
    assert form.speedup is not None
    assert form.interval is not None
    assert form.kept == (form.interval[0] > 1.0) == (not form.reason)
    (model,) = done.models
    assert (model.name, Path(model.optimized).name) == ("net", "net.x86.nb")
    expected = form.predicted_ms if form.kept else form.predicted_before_ms
    assert model.predicted_ms == pytest.approx(expected)
    assert all(len(turn.order) == 4 for turn in done.record.rounds)
    (kept,) = read_history(done.history)
    assert kept.rewriting == form


def test_without_a_table_it_goes_out_as_it_came_and_says_what_would_find_more(
    folder: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    monkeypatch.chdir(tmp_path)
    done = deploy(str(folder / "net.pdmodel"), rounds=2)
    assert done.record.rewriting is None
    (line,) = (one for one in caplog.messages if "other forms" in one)
    assert f"edgeslim optimize {folder / 'net.pdmodel'} --device host" in line
