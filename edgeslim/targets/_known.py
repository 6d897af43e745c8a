"""The laws that come with edgeslim."""

from __future__ import annotations

from functools import cache

from edgeslim.registry import Shelf
from edgeslim.targets._book import LawBook
from edgeslim.targets._law import Law

__all__ = ["FAMILIES", "known_laws"]

FAMILIES: Shelf[tuple[Law, ...]] = Shelf(
    what="family of laws", package="edgeslim.targets", attribute="LAWS"
)
"""The laws of each family of operators, by the name of its file."""


@cache
def known_laws() -> LawBook:
    """The laws of Paddle-Lite 2.12 to 2.14-rc, in the order of families and files."""
    return LawBook(tuple(law for family in FAMILIES.members().values() for law in family))
