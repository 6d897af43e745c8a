"""The page of laws is what the command makes of the table, and its example is one."""

from __future__ import annotations

import re
from pathlib import Path

from edgeslim.targets import Kernels, known_laws, law_page, read_laws
from tests.tools import PROJECT

PAGE = (PROJECT / "docs" / "targets.md").read_text()


def test_the_page_is_that_of_the_table() -> None:
    assert law_page() == PAGE, "edgeslim targets --markdown prints it anew"


def test_every_law_has_a_row() -> None:
    rows = re.findall(r"^\| `([a-z0-9-]+)` \|", PAGE, re.MULTILINE)
    assert sorted(rows) == sorted(law.name for law in known_laws().laws)


def test_the_example_of_a_file_is_one(tmp_path: Path) -> None:
    (example,) = re.findall(r"^```toml\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)
    (tmp_path / "laws.toml").write_text(example)
    book = read_laws(tmp_path / "laws.toml")
    assert book.library == "v2.14-rc"
    (law,) = (each for each in book.laws if each.name == "means-of-rows")
    assert (law.kernels, law.several_threads) == (frozenset({Kernels.ARMV7}), True)
    assert "recurrent-states" not in {each.name for each in book.laws}
