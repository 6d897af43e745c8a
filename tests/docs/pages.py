"""Commands in pages: what stands in fenced blocks, section by section."""

from __future__ import annotations

import re
import shlex
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.tools import PROJECT

__all__ = [
    "CONTRIBUTING",
    "DOCUMENTS",
    "GUIDE",
    "PAGES",
    "READMES",
    "Section",
    "commands",
    "fenced",
    "page_id",
    "sections",
    "shell_lines",
]

READMES = (PROJECT / "README.md", PROJECT / "README.zh-CN.md")
GUIDE = PROJECT / "docs" / "from-paddleslim.md"
CONTRIBUTING = PROJECT / "CONTRIBUTING.md"
PAGES = (
    *READMES,
    CONTRIBUTING,
    PROJECT / "examples" / "README.md",
    *sorted((PROJECT / "docs").glob("*.md")),
)
"""Pages with commands that somebody may paste."""

DOCUMENTS = (
    *PAGES,
    PROJECT / "CHANGELOG.md",
    PROJECT / "SECURITY.md",
    PROJECT / "findings" / "README.md",
    *sorted((PROJECT / ".github").rglob("*.md")),
)
"""All that a reader meets."""

_BLOCK = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_SHELLS = {"", "bash", "sh"}
_CONTINUED = re.compile(r"\\\n\s*")


def page_id(page: Path) -> str:
    """The name of a page's test."""
    return str(page.relative_to(PROJECT))


@dataclass(frozen=True)
class Section:
    """A section with what its fenced blocks say, in order."""

    title: str
    commands: Sequence[Sequence[str]]


def fenced(text: str) -> list[str]:
    """The lines of all fenced blocks, whatever their language, as they are."""
    return [line for _, block in _BLOCK.findall(text) for line in block.splitlines()]


def shell_lines(text: str) -> list[str]:
    """The lines of blocks of a shell, or without a language; lines that go on are joined."""
    blocks = [block for language, block in _BLOCK.findall(text) if language in _SHELLS]
    return [line for block in blocks for line in _CONTINUED.sub("", block).splitlines()]


def commands(text: str, *programs: str) -> list[list[str]]:
    """The arguments of every line that begins with one of the programs, comments left out."""
    chosen = [line for line in shell_lines(text) if line.partition(" ")[0] in programs]
    return [shlex.split(line, comments=True) for line in chosen]


def sections(page: Path, *programs: str) -> list[Section]:
    """The sections of a page that have commands."""
    parts = re.split(r"^## ", page.read_text(), flags=re.MULTILINE)[1:]
    found = [Section(part.partition("\n")[0], commands(part, *programs)) for part in parts]
    return [section for section in found if section.commands]
