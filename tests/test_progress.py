"""The library is silent."""

from __future__ import annotations

import pytest

from edgeslim.progress import SILENT


def test_silent_progress_says_nothing(capfd: pytest.CaptureFixture[str]) -> None:
    with SILENT.stage("work", 3) as stage:
        stage.advance()
        stage.advance(2, note="half")
        stage.note("a block will be repeated")
    assert capfd.readouterr() == ("", "")
