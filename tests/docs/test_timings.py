"""The example of docs/tables.md, pasted as it stands, gives a prediction."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.docs.pages import commands
from tests.program import edgeslim
from tests.tools import PROJECT

pytestmark = pytest.mark.slow

_SECTION = re.compile(r"^## Your own timings\n(.*?)^## ", re.MULTILINE | re.DOTALL)


def block(section: str, language: str) -> str:
    found = re.search(rf"^```{language}\n(.*?)^```", section, re.MULTILINE | re.DOTALL)
    assert found is not None
    return found[1]


def test_the_documented_example_is_imported_checked_and_predicts(tmp_path: Path) -> None:
    section = _SECTION.search((PROJECT / "docs/tables.md").read_text())
    assert section is not None
    (tmp_path / "times.csv").write_text(block(section[1], "csv"))
    (tmp_path / "net.py").write_text(block(section[1], "python"))
    load, check, predict, *_ = commands(section[1], "edgeslim")
    loaded = edgeslim(*load[1:], "--json", folder=tmp_path)
    assert (loaded.code, loaded.err) == (0, "")
    assert (loaded.document["operators"], loaded.document["networks"]) == (4, 4)
    checked = edgeslim(*check[1:], "--json", folder=tmp_path)
    assert (checked.code, checked.document["findings"]) == (0, [])
    predicted = edgeslim(*predict[1:], "--json", folder=tmp_path)
    assert predicted.code == 0, predicted.err
    assert {each["source"] for each in predicted.document["operators"]} == {"measured"}
    # The network `small` of the table is this one: it takes 5.93 ms, and its operators 5.33 ms.
    assert predicted.document["total_ms"] == pytest.approx(5.93, rel=0.08)
