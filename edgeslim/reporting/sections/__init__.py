"""The parts of a report, one file each: what a run gave in, blocks of a document out."""

from __future__ import annotations

from collections.abc import Callable

from edgeslim.reporting.document import Section
from edgeslim.reporting.evidence import Evidence
from edgeslim.reporting.sections.agreement import agreement
from edgeslim.reporting.sections.circumstances import circumstances
from edgeslim.reporting.sections.differences import differences
from edgeslim.reporting.sections.epochs import epochs
from edgeslim.reporting.sections.front import front
from edgeslim.reporting.sections.history import history
from edgeslim.reporting.sections.operators import operators
from edgeslim.reporting.sections.repeat import repeat
from edgeslim.reporting.sections.samples import samples
from edgeslim.reporting.sections.stairs import stairs
from edgeslim.reporting.sections.ways import ways
from edgeslim.reporting.sections.widths import widths

__all__ = ["SECTIONS", "sections"]

SECTIONS: tuple[Callable[[Evidence], Section | None], ...] = (
    ways,
    differences,
    agreement,
    operators,
    stairs,
    front,
    widths,
    epochs,
    samples,
    history,
    circumstances,
    repeat,
)
"""In the order that they are read in."""


def sections(evidence: Evidence) -> tuple[Section, ...]:
    """All parts that a run has something to say in."""
    made = [section(evidence) for section in SECTIONS]
    return tuple(each for each in made if each is not None)
