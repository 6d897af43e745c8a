"""Shelves find their members by file name."""

from __future__ import annotations

from pathlib import Path

import pytest

from edgeslim.errors import UnknownNameError
from edgeslim.registry import Shelf


@pytest.fixture
def shelf(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest) -> Shelf:
    """A shelf of a package that is made for one test."""
    name = f"shelf_{abs(hash(request.node.nodeid))}"
    folder = tmp_path / name
    folder.mkdir()
    (folder / "__init__.py").touch()
    (folder / "plain.py").write_text("MEMBER = 1")
    (folder / "two_words.py").write_text("MEMBER = 2")
    (folder / "_private.py").write_text("raise RuntimeError")
    (folder / "broken.py").write_text("raise RuntimeError('imported')")
    (folder / "notes.txt").touch()
    monkeypatch.syspath_prepend(tmp_path)
    return Shelf(what="thing", package=name, attribute="MEMBER")


def test_names_are_those_of_the_files_and_nothing_is_imported(shelf: Shelf) -> None:
    assert shelf.names() == ["broken", "plain", "two-words"]


def test_a_member_is_found_however_its_name_is_written(shelf: Shelf) -> None:
    for name in ("two-words", "two_words", " Two-Words "):
        assert name in shelf
        assert shelf.get(name) == 2


def test_a_name_that_is_on_no_shelf_offers_the_nearest_one(shelf: Shelf) -> None:
    with pytest.raises(UnknownNameError) as caught:
        shelf.get("two_word")
    assert str(caught.value) == (
        "unknown thing 'two_word'; did you mean 'two-words'? known: broken, plain, two-words"
    )
    assert caught.value.exit_code == 2
    for name in ("", "_private", "__init__", "../plain", "plain.py", "notes", "zzz"):
        assert name not in shelf
        with pytest.raises(UnknownNameError):
            shelf.get(name)


def test_a_new_file_is_a_new_member_in_the_next_process(shelf: Shelf, tmp_path: Path) -> None:
    (folder,) = tmp_path.iterdir()
    (folder / "broken.py").unlink()
    assert shelf.members() == {"plain": 1, "two-words": 2}
    (folder / "added.py").write_text("MEMBER = 3")
    after: Shelf[int] = Shelf(what="thing", package=folder.name, attribute="MEMBER")
    assert after.members() == {"added": 3, "plain": 1, "two-words": 2}


def test_an_empty_shelf_says_that_none_is_known() -> None:
    error = UnknownNameError("thing", "x", [])
    assert str(error) == "unknown thing 'x'; known: none"
