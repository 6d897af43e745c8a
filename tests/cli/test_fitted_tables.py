"""Tables fit the terminal, and lose nothing by it."""

from __future__ import annotations

import pytest

from edgeslim.cli.fitted_tables import format_table
from edgeslim.cli.output import print_table, whole_tables

HEADERS = ["operator", "kernel", "latency", "share", "interval", "why"]
ROWS: list[list[str | None]] = [
    [
        "res1.down",
        "3x3",
        "12.30 us",
        "12.0 %",
        "11.90 to 12.60 us",
        "measured in three rounds " * 3,
    ],
    ["a_layer_with_a_name_without_any_space_in_it", "1x1", "1.20 us", "1.0 %", "", None],
]


def _letters(text: str) -> str:
    return "".join(character for character in text if not character.isspace() and character != "-")


def test_a_table_that_fits_is_left_as_it_is() -> None:
    rows = [row[:3] for row in ROWS]
    assert format_table(HEADERS[:3], rows, 80) == format_table(HEADERS[:3], rows)


@pytest.mark.parametrize("width", [40, 60, 80, 120])
def test_no_line_is_wider_than_the_terminal(width: int) -> None:
    assert max(map(len, format_table(HEADERS, ROWS, width).splitlines())) <= width
    assert max(map(len, format_table(HEADERS, ROWS).splitlines())) > 120


def test_wrapping_keeps_every_row_in_one_table() -> None:
    text = format_table(["group", "why"], [["conv1", "word " * 40]], 40)
    assert sorted(_letters(text)) == sorted("groupwhyconv1" + "word" * 40)
    assert "\n\n" not in text


def test_columns_that_do_not_fit_follow_below_with_the_first() -> None:
    rows = [["net", *[f"{number}.00 ms" for number in range(9)]]]
    blocks = format_table(["model", *[f"variant {n}" for n in range(9)]], rows, 40).split("\n\n")
    assert len(blocks) > 1
    assert all(block.startswith("model") and "net" in block for block in blocks)
    assert all(any(f"{number}.00 ms" in block for block in blocks) for number in range(9))


def test_a_number_with_its_unit_is_not_broken() -> None:
    assert "11.90 to 12.60" in format_table(HEADERS, ROWS, 60)
    assert "12.30 us" in format_table(HEADERS, ROWS, 40)


def test_wide_leaves_each_row_on_one_line(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("COLUMNS", "60")
    monkeypatch.setattr("sys.stdout.isatty", lambda: True, raising=False)
    print_table(HEADERS, ROWS)
    assert max(map(len, capsys.readouterr().out.splitlines())) <= 60
    with whole_tables(asked=True):
        print_table(HEADERS, ROWS)
    assert capsys.readouterr().out == format_table(HEADERS, ROWS) + "\n"


def test_a_pipe_has_each_row_on_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    print_table(HEADERS, ROWS)
    assert capsys.readouterr().out == format_table(HEADERS, ROWS) + "\n"
