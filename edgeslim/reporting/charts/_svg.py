"""SVG elements as text: every text and every attribute is escaped where it is put in."""

from __future__ import annotations

import re
from dataclasses import dataclass

__all__ = ["Svg", "element", "group", "number", "percent", "printable"]

_UNPRINTABLE = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff]")
"""What XML 1.0 (section 2.2) has no place for, and the second set of control characters."""


@dataclass(frozen=True, slots=True)
class Svg:
    """Well-formed SVG; only `element` and `group` make it, so that all in it is escaped.

    Args:
        text: The SVG.
    """

    text: str

    def __html__(self) -> str:
        """What tells a template that this is markup already."""
        return self.text


def element(name: str, *children: Svg | str, **attributes: str | float | None) -> Svg:
    """One element; texts among its children are escaped.

    Args:
        name: Name of the element.
        children: What is in it.
        attributes: By name, with ``_`` for ``-`` and ``class_`` for ``class``; None leaves one
            out.
    """
    told = "".join(
        f' {key.rstrip("_").replace("_", "-")}="{_escaped(_text(value))}"'
        for key, value in attributes.items()
        if value is not None
    )
    inside = group(*children).text
    return Svg(f"<{name}{told}>{inside}</{name}>" if inside else f"<{name}{told}/>")


def group(*children: Svg | str) -> Svg:
    """Elements and texts, one after the other."""
    return Svg("".join(each.text if isinstance(each, Svg) else _escaped(each) for each in children))


def number(value: float) -> str:
    """A number in as few digits as a screen can show."""
    text = f"{value:.2f}".rstrip("0").rstrip(".")
    return "0" if text in {"-0", ""} else text


def percent(share: float) -> str:
    """A share of the plot as a length."""
    return f"{number(100 * share)}%"


def printable(text: str) -> str:
    """A text without what no document can hold."""
    return _UNPRINTABLE.sub("\N{REPLACEMENT CHARACTER}", text)


def _text(value: str | float) -> str:
    return value if isinstance(value, str) else number(value)


def _escaped(text: str) -> str:
    text = printable(text).replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return text.replace('"', "&quot;").replace("'", "&#39;")
