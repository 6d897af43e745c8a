"""Every command in the pages is one that the program has, with options that it has."""

from __future__ import annotations

from pathlib import Path

import pytest
from typer import TyperException

from tests.docs.pages import GUIDE, PAGES, commands, page_id, sections, shell_lines
from tests.typed import parsed


def misunderstood(arguments: list[str]) -> str:
    """What is wrong with a command, or nothing."""
    try:
        parsed(arguments)
    except TyperException as error:
        return f"{' '.join(arguments)}: {error.format_message()}"
    return ""


@pytest.mark.parametrize("page", PAGES, ids=page_id)
def test_every_command_of_a_page_is_understood(page: Path) -> None:
    lines = commands(page.read_text(), "edgeslim")
    assert not [why for line in lines if (why := misunderstood(line[1:]))]


@pytest.mark.parametrize(
    "wrong",
    [
        "profil --device host",
        "profile --devices host",
        "table shw host.jsonl",
        "deploy net --threads",
        "prune net --epochs many --out pruned",
        "train net --task digits",
    ],
)
def test_what_the_program_does_not_have_is_found(wrong: str) -> None:
    with pytest.raises(TyperException):
        parsed(wrong.split())


def test_the_pages_have_commands() -> None:
    with_commands = [page.name for page in PAGES if commands(page.read_text(), "edgeslim")]
    assert {"README.md", "README.zh-CN.md", "from-paddleslim.md"} <= set(with_commands)
    assert len(with_commands) > 10


def test_nothing_in_the_guide_is_left_out_when_its_commands_are_run() -> None:
    """`tests/docs/test_guide.py` runs what begins with these two."""
    text = GUIDE.read_text()
    run = [line for each in sections(GUIDE, "edgeslim", "python") for line in each.commands]
    starts = [line.partition(" ")[0] for line in shell_lines(text)]
    assert set(starts) == {"edgeslim", "python"}
    assert len(run) == len(starts)


def test_blocks_of_other_languages_and_continued_lines() -> None:
    text = (
        "```python\nedgeslim = 1\n```\nedgeslim in between\n```sh\nedgeslim a \\\n  b  # c\n```\n"
    )
    assert commands(text, "edgeslim") == [["edgeslim", "a", "b"]]
