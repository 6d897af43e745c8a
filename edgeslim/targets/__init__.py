"""What is known of Paddle-Lite's kernels and passes: where they compute something else.

Each file has the laws of one family of operators. Where a program meets one for the target that
it is converted for, it is rewritten (`edgeslim.paddle_io.rewrites`) or refused by name.
"""

from __future__ import annotations

from functools import cache

from edgeslim.registry import Shelf
from edgeslim.targets._book import LawBook, Violation, kernel_names
from edgeslim.targets._law import (
    ARM,
    EVERY_PRECISION,
    EVERYWHERE,
    FLOAT_KERNEL,
    FLOATS,
    Answer,
    Kernels,
    Law,
    Operator,
    Place,
)

__all__ = [
    "ARM",
    "EVERYWHERE",
    "EVERY_PRECISION",
    "FAMILIES",
    "FLOATS",
    "FLOAT_KERNEL",
    "Answer",
    "Kernels",
    "Law",
    "LawBook",
    "Operator",
    "Place",
    "Violation",
    "kernel_names",
    "known_laws",
]

FAMILIES: Shelf[tuple[Law, ...]] = Shelf(
    what="family of laws", package="edgeslim.targets", attribute="LAWS"
)
"""All laws by family."""


@cache
def known_laws() -> LawBook:
    """The laws of Paddle-Lite 2.12 to 2.14-rc, in the order of families and files."""
    return LawBook(tuple(law for family in FAMILIES.members().values() for law in family))
