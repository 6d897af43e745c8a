"""The page on rewriting lists every equivalence as it is."""

from __future__ import annotations

from edgeslim.rewriting.equivalences import EQUIVALENCES
from tests.tools import PROJECT

PAGE = PROJECT / "docs" / "rewriting.md"


def listed() -> str:
    """The table of all equivalences, as the page has it."""
    lines = ["| equivalence | law | bound | not where | saves |", "|---|---|---|---|---|"]
    lines += [
        f"| {name} | `{one.law}` | {one.bound:.0e} | {one.limits} | {one.saves} |"
        for name, one in EQUIVALENCES.members().items()
    ]
    return "\n".join(lines)


def test_the_page_lists_every_equivalence() -> None:
    assert listed() in PAGE.read_text(), f"the table in {PAGE.name} should be:\n{listed()}"
