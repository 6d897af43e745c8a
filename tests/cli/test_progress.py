"""Progress in a log: lines with what is done, of how much."""

from __future__ import annotations

import pytest

from edgeslim.cli.progress import terminal_progress


@pytest.mark.parametrize(
    ("total", "done", "shown"),
    [(12, 7.3, "7 of 12, "), (3, 3, "3 of 3, "), (1, 0.5, "50%, "), (0, 0, "0%, ")],
)
def test_a_line_counts_whole_ones_or_a_share_of_a_single_one(
    total: float, done: float, shown: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with terminal_progress().stage("candidates", total) as stage:
        stage.advance(done, note="the last")
    line = capsys.readouterr().err
    assert line.startswith(f"candidates: {shown}")
    assert line.endswith(", the last\n")
