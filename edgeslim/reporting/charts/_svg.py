"""SVG elements as text: every text and every attribute is escaped where it is put in."""

from __future__ import annotations

import re

from markupsafe import Markup

__all__ = ["Svg", "element", "group", "number", "percent", "printable"]

_UNPRINTABLE = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff]")
"""What XML 1.0 (section 2.2) has no place for, and the second set of control characters."""

Svg = Markup
"""Well-formed SVG; only `element` and `group` make it, so that all in it is escaped."""


def element(name: str, *children: Svg | str, **attributes: str | float | None) -> Svg:
    """Makes one element; texts among its children are escaped.

    Args:
        name: Name of the element.
        children: Elements and texts that are in it.
        attributes: By name, with ``_`` for ``-`` and ``class_`` for ``class``; None leaves one
            out.
    """
    pairs = Svg().join(
        Svg(' {}="{}"').format(
            key.rstrip("_").replace("_", "-"),
            printable(value) if isinstance(value, str) else number(value),
        )
        for key, value in attributes.items()
        if value is not None
    )
    inside = group(*children)
    form = Svg("<{0}{1}>{2}</{0}>") if inside else Svg("<{0}{1}/>")
    return form.format(name, pairs, inside)


def group(*children: Svg | str) -> Svg:
    """Joins elements and texts, one after the other."""
    return Svg().join(
        child if isinstance(child, Markup) else printable(child) for child in children
    )


def number(value: float) -> str:
    """Writes a number with two decimals at most, which is as fine as a screen can show."""
    text = f"{value:.2f}".rstrip("0").rstrip(".")
    return "0" if text in {"-0", ""} else text


def percent(share: float) -> str:
    """Writes a share of the plot as a length in percent."""
    return f"{number(100 * share)}%"


def printable(text: str) -> str:
    """Replaces the characters that XML and HTML documents cannot hold."""
    return _UNPRINTABLE.sub("\N{REPLACEMENT CHARACTER}", text)
