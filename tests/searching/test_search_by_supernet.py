"""Searches whose candidates are judged by weights that they share."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import msgspec
import pytest

from edgeslim.errors import UsageError
from edgeslim.runs.search_run import RunFolder, SearchResult
from edgeslim.searching.join import join
from edgeslim.searching.search import search
from edgeslim.spaces import SPACES
from edgeslim.training.train_supernet import SUPERNET_FILE, train_supernet
from tests.searching.made_up import made_up_table
from tests.values import CONTEXT

pytestmark = pytest.mark.slow

SPACE = SPACES.get("light-nas-small").space((1, 1, 8, 8), 10)


@pytest.fixture(scope="module")
def supernet(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("supernet")
    train_supernet(SPACE, "digits", out, epochs=1, batch_size=350, random_networks=0)
    return out / SUPERNET_FILE


@pytest.fixture(scope="module")
def table(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Of a device that is nowhere: nothing is measured."""
    context = msgspec.structs.replace(CONTEXT, device="far-away", provenance="another project")
    return made_up_table(tmp_path_factory.mktemp("far") / "far.jsonl", SPACE, context).path


def found(table: Path, out: Path, supernet: Path | None, **changed: Any) -> SearchResult:
    options: dict[str, Any] = {
        "space": SPACE.name,
        "input_shape": SPACE.input_shape,
        "candidates": 4,
        "epochs": 1,
        **changed,
    }
    return search(1.0, table=table, out=out, supernet=supernet, **options)


def test_candidates_are_judged_and_only_the_winner_is_trained(
    table: Path, supernet: Path, tmp_path: Path
) -> None:
    result = found(table, tmp_path / "run", supernet)
    assert len(result.candidates) == 4
    assert result.best.accuracy == max(each.accuracy for each in result.candidates)
    assert result.trained_accuracy != result.best.accuracy
    # The folder has its own copy, so that the same command goes on without the original.
    copy = RunFolder(tmp_path / "run").supernet / SUPERNET_FILE
    assert copy.read_bytes() == supernet.read_bytes()
    assert found(table, tmp_path / "run", None, accuracy="supernet") == result
    # Whoever joins without that copy is told what to do.
    copy.unlink()
    with pytest.raises(UsageError, match=r"the search's supernet is not in .*; copy it from"):
        join(str(tmp_path / "run"))
    assert join(str(tmp_path / "run"), supernet=supernet).evaluated == 0


def test_finalists_are_trained_by_themselves_and_the_best_of_them_wins(
    table: Path, supernet: Path, tmp_path: Path
) -> None:
    run = RunFolder(tmp_path / "run")
    more = {"finalists": 2, "final_epochs": 2}
    result = found(table, run.path, supernet, **more)
    finals = {
        each.number: each.final_accuracy
        for each in result.candidates
        if each.final_accuracy is not None
    }
    ranked = sorted(result.candidates, key=lambda each: -each.accuracy)
    assert set(finals) <= {each.number for each in ranked[:3]}  # two may be one network
    assert len(finals) == 2
    assert result.trained_accuracy == result.best.final_accuracy == max(finals.values())
    # Each of them can be deployed, and the winner's model is its own.
    kept = {number: run.finalist(number) / "model.pdiparams" for number in finals}
    winner = (run.model / "model.pdiparams").read_bytes()
    assert [n for n, file in kept.items() if file.read_bytes() == winner] == [result.best.number]
    # Trained on another machine, the winner is trained here once more, to the very same weights.
    shutil.rmtree(run.path / "finalists")
    shutil.rmtree(run.model)
    run.result_file.unlink()
    assert found(table, run.path, supernet, **more) == result
    assert (run.model / "model.pdiparams").read_bytes() == winner


def test_another_supernet_is_refused_before_anything_is_written(
    table: Path, supernet: Path, tmp_path: Path
) -> None:
    with pytest.raises(UsageError, match="input"):
        found(table, tmp_path / "run", supernet, input_shape=(1, 1, 16, 16))
    assert not (tmp_path / "run").exists()
