"""Which table says what other forms of a model take."""

from __future__ import annotations

from pathlib import Path

import pytest

from edgeslim.deployment.rewritten import find_table
from edgeslim.errors import BadFileError
from edgeslim.profiling.profile import default_table
from tests.values import CONTEXT


def test_a_damaged_table_that_nobody_named_is_a_warning_and_not_an_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.chdir(tmp_path)
    path = default_table(CONTEXT)
    assert find_table(CONTEXT, None) is None
    assert not caplog.messages
    path.parent.mkdir(parents=True)
    path.write_text("no table\n")
    assert find_table(CONTEXT, None) is None
    (line,) = caplog.messages
    assert str(path) in line
    with pytest.raises(BadFileError, match=path.name):
        find_table(CONTEXT, path)
