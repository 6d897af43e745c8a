"""Laws: where Paddle-Lite's kernels and optimizer passes compute something else than Paddle.

Each file has the laws of one family of operators. An operator that meets a law of the target that
a program is converted for is rewritten (`edgeslim.paddle_io.rewrites`) or refused by name.
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
from edgeslim.targets._page import format_answer, format_place, law_page
from edgeslim.targets._place import Place
from edgeslim.targets._winograd_scratch import MOST_THREADS, IntegerConvolution

__all__ = [
    "ARM",
    "EVERYWHERE",
    "EVERY_PRECISION",
    "FAMILIES",
    "FLOATS",
    "FLOAT_KERNEL",
    "MOST_THREADS",
    "Answer",
    "IntegerConvolution",
    "Kernels",
    "Law",
    "LawBook",
    "Operator",
    "Place",
    "Violation",
    "format_answer",
    "format_place",
    "kernel_names",
    "known_laws",
    "law_page",
    "read_laws",
]
