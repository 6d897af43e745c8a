"""Forms of the same function, one file for each kind of equivalence.

A file defines ``EQUIVALENCE``: the law that it keeps, how far results may be off, where it does
not hold, where it finds operators, and an example that its contract test draws at random. Files
are found by name; nothing else lists them.
"""

from __future__ import annotations

from edgeslim.registry import Shelf
from edgeslim.rewriting.equivalences._equivalence import Equivalence, OtherForm

__all__ = ["EQUIVALENCES", "Equivalence", "OtherForm"]

EQUIVALENCES: Shelf[Equivalence] = Shelf(
    what="equivalence", package="edgeslim.rewriting.equivalences", attribute="EQUIVALENCE"
)
"""All equivalences, by the name of their file."""
