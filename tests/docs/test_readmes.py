"""The README in English and in Chinese say the same: structure, commands, figures, links."""

from __future__ import annotations

import re
from collections import Counter

import pytest

from tests.docs.pages import READMES, commands, fenced
from tests.tools import PROJECT

ENGLISH, CHINESE = (page.read_text() for page in READMES)

MOST_LINES = 120
FIRST = ["profile", "search", "deploy"]
"""The job, as the first block types it."""

_NUMBER = re.compile(r"(?<![\w.])[+-]?\d+(?:[.,]\d+)*(?:e-?\d+)?")
_LINK = re.compile(r"\]\(([^)]+)\)")


def numbers(text: str) -> Counter[str]:
    return Counter(_NUMBER.findall(text))


def test_numbers_are_found_as_they_are_written() -> None:
    text = "1,580,000 个；-3.6 %，+2.1%；4.9e-07 到 1e-4"  # noqa: RUF001 - Chinese has these signs
    assert numbers(text) == Counter(["1,580,000", "-3.6", "+2.1", "4.9e-07", "1e-4"])


def test_sections_are_the_same_in_number_and_order() -> None:
    levels = [re.findall(r"^(#+) ", text, re.MULTILINE) for text in (ENGLISH, CHINESE)]
    assert levels[0] == levels[1]


def test_blocks_are_the_same_but_for_comments() -> None:
    lines = [
        [line.partition(" #")[0].rstrip() for line in fenced(text)] for text in (ENGLISH, CHINESE)
    ]
    assert lines[0] == lines[1]


def test_figures_are_the_same_paragraph_by_paragraph() -> None:
    parts = [text.split("\n\n") for text in (ENGLISH, CHINESE)]
    assert len(parts[0]) == len(parts[1])
    for english, chinese in zip(*parts, strict=True):
        assert numbers(english) == numbers(chinese), f"{english}\n\n{chinese}"


def test_links_are_the_same_but_for_those_to_each_other() -> None:
    links = [_LINK.findall(text) for text in (ENGLISH, CHINESE)]
    assert links[0][0] == "README.zh-CN.md"
    assert links[1][0] == "README.md"
    assert sorted(links[0][1:]) == sorted(links[1][1:])


@pytest.mark.parametrize("text", [ENGLISH, CHINESE], ids=["english", "chinese"])
def test_it_is_short_and_begins_with_the_job(text: str) -> None:
    assert len(text.splitlines()) < MOST_LINES
    typed = commands(text, "edgeslim")
    assert [words[1] for words in typed[: len(FIRST)]] == FIRST


def test_its_figures_are_those_of_the_page_of_figures() -> None:
    figures = (PROJECT / "docs" / "figures.md").read_text()
    rows = [line for line in ENGLISH.splitlines() if re.match(r"\| .+ \| [\d.]+ % \|", line)]
    assert len(rows) >= 2
    for row in rows:
        quoted = {number.removesuffix(".0") for number in numbers(row)}
        assert quoted <= set(numbers(figures)), row
