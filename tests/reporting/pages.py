"""What is in a page, as a browser would read it."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from pathlib import Path
from xml.etree import ElementTree as ET

from edgeslim.reporting.charts import Svg
from edgeslim.reporting.report import report

SVG = "{http://www.w3.org/2000/svg}"


class Tags(HTMLParser):
    """Every element with its attributes, and all texts."""

    def __init__(self, page: str) -> None:
        super().__init__(convert_charrefs=True)
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self.feed(page)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.text += data

    def of(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.found if name == tag]


def page_of(run: Path) -> str:
    """The page of a run."""
    out = run.parent / "page.html"
    report(run, out=out)
    return out.read_text("utf-8")


def tree(svg: Svg) -> ET.Element:
    """A chart, which must be well-formed XML with one root."""
    return ET.fromstring(svg)  # noqa: S314 - our own


def charts(page: str) -> list[ET.Element]:
    """All charts of a page."""
    found = re.findall(r'<svg class="chart".*?</svg></div>', page, flags=re.DOTALL)
    return [ET.fromstring(each.removesuffix("</div>")) for each in found]  # noqa: S314
