"""What is known of Paddle-Lite's kernels and passes: where they compute something else.

Each file has the laws of one family of operators. Where a program meets one for the target that
it is converted for, it is rewritten (`edgeslim.paddle_io.rewrites`) or refused by name.
"""

from __future__ import annotations

from edgeslim.targets._book import LawBook, Violation, kernel_names
from edgeslim.targets._file import read_laws
from edgeslim.targets._known import FAMILIES, known_laws
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
)
from edgeslim.targets._page import law_page, told_answer, told_place
from edgeslim.targets._place import Place

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
    "law_page",
    "read_laws",
    "told_answer",
    "told_place",
]
