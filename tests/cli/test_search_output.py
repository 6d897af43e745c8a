"""What a search prints of its result."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

from edgeslim.cli.search_output import print_result, result_document
from edgeslim.runs.search_run import SearchResult
from tests.searching.searches import candidate, result_in


@pytest.fixture
def result(tmp_path: Path) -> SearchResult:
    """Where the least accurate by the estimate, and slowest, won the final; none was measured."""
    first = candidate(0, (1, 3), accuracy=0.9, final_accuracy=0.7)
    second = candidate(1, (1, 2), accuracy=0.8, predicted_ms=(0.3,), final_accuracy=0.75)
    return msgspec.structs.replace(
        result_in(tmp_path),
        candidates=(first, second, candidate(2, (1, 1), accuracy=0.1)),
        front=(first,),
        best=second,
        trained_accuracy=0.75,
    )


def test_all_finalists_are_listed_with_what_their_training_came_to(
    result: SearchResult, capsys: pytest.CaptureFixture[str]
) -> None:
    print_result(result)
    header, _, *lines = capsys.readouterr().out.splitlines()
    assert header.split() == ["predicted", "measured", "accuracy", "trained", "tokens"]
    assert lines[0].split() == ["200.0", "us", "90.0%", "70.0%", "1,3"]
    assert lines[1].split() == ["best", "300.0", "us", "80.0%", "75.0%", "1,2"]
    assert lines[2] == ""
    assert "75.0% right" in lines[3]


def test_a_document_has_the_finalists(result: SearchResult) -> None:
    found = result_document(result)
    finalists = found["finalists"]
    assert isinstance(finalists, list)
    assert [finalist["final_accuracy"] for finalist in finalists] == [0.7, 0.75]
    assert found["best"] == finalists[1]


def test_without_a_final_nothing_is_said_of_one(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    print_result(result_in(tmp_path))
    assert "trained" not in capsys.readouterr().out.splitlines()[0]
    assert result_document(result_in(tmp_path))["finalists"] == []
