"""A search's folder: its settings, its own table, its evaluations, its result."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgeslim.errors import BadFileError, UnwritableError, UsageError
from edgeslim.latency_table import LatencyTable
from edgeslim.search.run_folder import (
    Candidate,
    RunFolder,
    SearchResult,
    SearchSettings,
    default_folder,
    newest_run,
)
from edgeslim.search.search import pareto_front
from tests.values import relu, row, table_at

SETTINGS = SearchSettings(
    space="light-nas-small",
    input_shape=(1, 1, 32, 32),
    num_classes=10,
    target_ms=0.3,
    device="host",
    task="digits",
    algorithm="annealing",
    candidates=20,
    epochs=2,
    seed=0,
)

OTHER: dict[str, Any] = {
    "space": "light-nas",
    "input_shape": (1, 1, 16, 16),
    "num_classes": 11,
    "target_ms": 0.25,
    "device": "phone",
    "task": "letters",
    "algorithm": "random",
    "candidates": 21,
    "epochs": 3,
    "seed": 1,
}


def candidate(*tokens: int, ms: float = 0.2, accuracy: float = 0.5, **more: Any) -> Candidate:
    return Candidate(tokens=tokens, predicted_ms=ms, accuracy=accuracy, **more)


def result_in(folder: Path) -> SearchResult:
    best = candidate(1, 2, measured_ms=0.19)
    return SearchResult(
        run=str(folder),
        target_ms=0.3,
        evaluated=1,
        front=(candidate(1, 2),),
        measured=(best,),
        best=best,
        model=str(folder / "model"),
    )


@pytest.fixture
def run(tmp_path: Path) -> RunFolder:
    """A search that has begun."""
    table = table_at(tmp_path / "host.jsonl", row(relu(8), 1.0)).path
    folder = RunFolder(tmp_path / "runs" / "first")
    folder.begin(SETTINGS, table)
    return folder


def test_a_new_folder_has_no_search(tmp_path: Path) -> None:
    assert not RunFolder(tmp_path).check(SETTINGS)
    assert not RunFolder(tmp_path / "none").check(SETTINGS)


def test_a_search_goes_on_with_the_same_settings(run: RunFolder) -> None:
    assert run.check(SETTINGS)
    assert run.settings() == SETTINGS
    assert run.evaluations() == {}


def test_there_is_another_value_for_every_setting() -> None:
    assert set(OTHER) == set(SETTINGS.__struct_fields__)


@pytest.mark.parametrize("name", OTHER)
def test_another_setting_is_refused_and_named(run: RunFolder, name: str) -> None:
    other = msgspec.structs.replace(SETTINGS, **{name: OTHER[name]})
    with pytest.raises(UsageError) as caught:
        run.check(other)
    assert str(caught.value).startswith(
        f"{run.path} is a search with {name.replace('_', ' ')} {getattr(SETTINGS, name)}, "
        f"not {OTHER[name]}; "
    )


def test_a_settings_file_that_is_none_is_said_so(run: RunFolder) -> None:
    (run.path / "search.json").write_text('{"space": 3}')
    with pytest.raises(BadFileError, match=r"search\.json: Expected `str`, got `int`.*space"):
        run.check(SETTINGS)


def test_the_table_is_copied_and_does_not_grow_with_its_original(
    run: RunFolder, tmp_path: Path
) -> None:
    LatencyTable.read(tmp_path / "host.jsonl").add(row(relu(16), 2.0))
    assert list(LatencyTable.read(run.table)) == [relu(8)]


def test_a_table_that_is_not_there_leaves_no_search_behind(tmp_path: Path) -> None:
    folder = RunFolder(tmp_path / "runs" / "first")
    with pytest.raises(BadFileError, match=r"cannot read .*none\.jsonl: No such file"):
        folder.begin(SETTINGS, tmp_path / "none.jsonl")
    assert not folder.check(SETTINGS)


def test_a_folder_below_a_file_takes_no_search(tmp_path: Path) -> None:
    table = table_at(tmp_path / "host.jsonl").path
    with pytest.raises(UnwritableError, match="Not a directory"):
        RunFolder(table / "run").begin(SETTINGS, table)


def test_evaluations_come_back_exactly_and_in_order(run: RunFolder) -> None:
    added = [
        candidate(3, 1, ms=0.1 + 0.2, accuracy=1 / 3),
        candidate(0, 1),
        candidate(2, 2, accuracy=0.0),
    ]
    for each in added:
        run.add(each)
    assert list(RunFolder(run.path).evaluations().items()) == [(c.tokens, c) for c in added]


def test_an_evaluation_that_a_killed_search_left_incomplete_is_none(run: RunFolder) -> None:
    run.add(candidate(1, 2))
    with (run.path / "evaluations.jsonl").open("ab") as stream:
        stream.write(b'{"tokens":[3,4],"predi')
    assert list(run.evaluations()) == [(1, 2)]
    run.add(candidate(5, 6))
    assert list(run.evaluations()) == [(1, 2), (5, 6)]


def test_a_damaged_evaluation_is_named_with_its_line(run: RunFolder) -> None:
    run.add(candidate(1, 2))
    with (run.path / "evaluations.jsonl").open("ab") as stream:
        stream.write(b'{"tokens":[3,4],"predicted_ms":"fast","accuracy":0.5}\n')
    with pytest.raises(BadFileError, match=r"evaluations\.jsonl:2: Expected `float`, got `str`"):
        run.evaluations()


def test_a_result_comes_back_as_it_was(run: RunFolder) -> None:
    run.finish(result_in(run.path))
    assert RunFolder(run.path).result() == result_in(run.path)


def test_a_search_without_a_result_says_how_to_go_on(run: RunFolder) -> None:
    with pytest.raises(BadFileError, match="has no result yet; start its search again"):
        run.result()


def test_without_a_folder_the_same_search_goes_on_where_it_was(
    run: RunFolder, tmp_path: Path
) -> None:
    runs, table = tmp_path / "runs", tmp_path / "host.jsonl"
    assert default_folder(runs, SETTINGS, table) == run.path
    other = msgspec.structs.replace(SETTINGS, seed=1)
    assert default_folder(runs, other, table) != run.path
    run.finish(result_in(run.path))
    assert default_folder(runs, SETTINGS, table) != run.path


def test_without_a_folder_a_search_with_a_table_that_has_changed_is_new(
    run: RunFolder, tmp_path: Path
) -> None:
    LatencyTable.read(tmp_path / "host.jsonl").add(row(relu(16), 2.0))
    assert default_folder(tmp_path / "runs", SETTINGS, tmp_path / "host.jsonl") != run.path


def test_a_new_folder_is_called_by_space_and_time_and_not_made_yet(tmp_path: Path) -> None:
    (tmp_path / "runs" / "damaged").mkdir(parents=True)
    (tmp_path / "runs" / "damaged" / "search.json").write_text("{")
    (tmp_path / "runs" / "damaged" / "table.jsonl").write_text("")
    found = default_folder(tmp_path / "runs", SETTINGS, tmp_path / "host.jsonl")
    assert re.fullmatch(r"light-nas-small-\d{8}-\d{6}", found.name)
    assert found.parent == tmp_path / "runs"
    assert not found.exists()


def test_the_newest_run_is_the_one_that_ended_last(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="there is no finished search in"):
        newest_run(tmp_path)
    for number, name in enumerate(["a", "c", "b"]):
        folder = RunFolder(tmp_path / name)
        folder.path.mkdir()
        folder.finish(result_in(folder.path))
        os.utime(folder.result_file, (number, number))
    (tmp_path / "unfinished").mkdir()
    assert newest_run(tmp_path) == tmp_path / "b"


CANDIDATES = st.lists(
    st.builds(
        Candidate,
        tokens=st.tuples(st.integers(0, 9)),
        predicted_ms=st.sampled_from([0.1, 0.2, 0.3, 0.5]),
        accuracy=st.sampled_from([0.1, 0.5, 0.6, 0.9]),
    )
)


def at_least_as_good(left: Candidate, right: Candidate) -> bool:
    return left.predicted_ms <= right.predicted_ms and left.accuracy >= right.accuracy


@given(candidates=CANDIDATES)
def test_the_front_is_what_nothing_beats_and_it_leaves_out_nothing_better(
    candidates: list[Candidate],
) -> None:
    front = pareto_front(candidates)
    assert set(map(msgspec.json.encode, front)) <= set(map(msgspec.json.encode, candidates))
    assert [each.predicted_ms for each in front] == sorted(each.predicted_ms for each in front)
    for index, each in enumerate(front):
        others = [*front[:index], *front[index + 1 :]]
        assert not any(at_least_as_good(other, each) for other in others)
    for each in candidates:
        assert any(at_least_as_good(other, each) for other in front)
