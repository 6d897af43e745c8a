"""Links, and names of files, in all documents lead to something that is there."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest

from tests.docs.pages import DOCUMENTS, page_id
from tests.tools import PROJECT

_FENCED = re.compile(r"^```.*?^```$", re.MULTILINE | re.DOTALL)
_CODE = re.compile(r"`[^`\n]+`")
_LINK = re.compile(r"\]\(([^()\s]+)\)")
_HEADING = re.compile(r"^#{1,6} (.+?)\s*#*$", re.MULTILINE)
_PLACE = re.compile(
    r"`((?:benchmarks|configs|device_profiles|docs|edgeslim|examples|findings|latency_tables"
    r"|scripts|tests)/[\w./-]*)"
)
NOT_OURS = {"configs/mobilenet_v2.yaml", "device_profiles/NAME.toml"}
"""A file of PaddleSlim's, and one that a user makes."""

_ADDED = re.compile(r"^# ((?:edgeslim|device_profiles)/\S+)$", re.MULTILINE)
"""Files that examples in CONTRIBUTING make."""


def anchors(page: Path) -> set[str]:
    """The places in a page that a link can name, as code hosts and the site name them."""
    counts: Counter[str] = Counter()
    found = set()
    for heading in _HEADING.findall(_FENCED.sub("", page.read_text())):
        plain = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", heading).replace("`", "").lower()
        slug = re.sub(r"[^\w\- ]", "", plain).replace(" ", "-")
        found.add(f"{slug}-{counts[slug]}" if counts[slug] else slug)
        counts[slug] += 1
    return found


def links(text: str) -> Iterator[str]:
    """What a page links to, and the pictures in it."""
    yield from _LINK.findall(_CODE.sub("", _FENCED.sub("", text)))


def fault(page: Path, link: str) -> str:
    """Why a link leads nowhere, or nothing."""
    parts = urlsplit(link)
    if parts.scheme:
        return "" if parts.scheme == "https" else f"{link}: not https"
    target = (page.parent / unquote(parts.path)).resolve() if parts.path else page
    if not target.exists():
        return f"{link}: there is no {target}"
    if PROJECT not in target.parents:
        return f"{link}: outside of the project"
    if parts.fragment and parts.fragment not in anchors(target):
        return f"{link}: {target.name} has no such heading"
    return ""


@pytest.mark.parametrize("page", DOCUMENTS, ids=page_id)
def test_every_link_leads_somewhere(page: Path) -> None:
    assert not [why for link in links(page.read_text()) if (why := fault(page, link))]


@pytest.mark.parametrize("page", DOCUMENTS, ids=page_id)
def test_every_file_that_is_named_is_there(page: Path) -> None:
    text = page.read_text()
    added = set(_ADDED.findall(text))
    places = {place.rstrip("./") for place in _PLACE.findall(text)} - added
    assert not [place for place in places - NOT_OURS if not (PROJECT / place).exists()]


def test_every_page_is_in_the_index() -> None:
    index = PROJECT / "docs" / "README.md"
    pages = {page.name for page in index.parent.glob("*.md")} - {"README.md"}
    linked = {link for link in links(index.read_text()) if "/" not in link}
    assert linked == pages


def test_wrong_links_are_found(tmp_path: Path) -> None:
    page = PROJECT / "docs" / "search.md"
    assert not fault(page, "pruning.md#figures")
    assert not fault(page, "../README.md")
    assert "no such heading" in fault(page, "pruning.md#figure")
    assert "there is no" in fault(page, "prunin.md")
    assert "outside" in fault(page, "../../")
    assert "not https" in fault(page, "http://example.com")
    text = "[a](b.md) `[c](d.md)`\n\n```\n[e](f.md)\n```\n\n[![g](h.png)](i.html)\n"
    assert sorted(links(text)) == ["b.md", "h.png", "i.html"]
    (tmp_path / "page.md").write_text("# A `b` c's\n\n## Twice\n\n## Twice\n")
    assert anchors(tmp_path / "page.md") == {"a-b-cs", "twice", "twice-1"}
