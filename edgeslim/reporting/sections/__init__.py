"""The sections of a report, one file each: evidence of a run in, blocks of a document out."""

from __future__ import annotations

from collections.abc import Callable

from edgeslim.reporting.document import ReportSection
from edgeslim.reporting.evidence import Evidence
from edgeslim.reporting.sections.accuracy import accuracy
from edgeslim.reporting.sections.agreement import agreement
from edgeslim.reporting.sections.attempts import attempts
from edgeslim.reporting.sections.channel_curves import channel_curves
from edgeslim.reporting.sections.differences import differences
from edgeslim.reporting.sections.environment import environment
from edgeslim.reporting.sections.epochs import epochs
from edgeslim.reporting.sections.history import history
from edgeslim.reporting.sections.inside import inside
from edgeslim.reporting.sections.operators import operators
from edgeslim.reporting.sections.quantities import quantities
from edgeslim.reporting.sections.repeat import repeat
from edgeslim.reporting.sections.rewriting import rewriting
from edgeslim.reporting.sections.rounding import rounding
from edgeslim.reporting.sections.samples import samples
from edgeslim.reporting.sections.search import search
from edgeslim.reporting.sections.variants import variants
from edgeslim.reporting.sections.widths import widths

__all__ = ["SECTIONS", "sections"]

SECTIONS: tuple[Callable[[Evidence], ReportSection | None], ...] = (
    attempts,
    variants,
    quantities,
    accuracy,
    differences,
    agreement,
    operators,
    inside,
    rewriting,
    channel_curves,
    search,
    widths,
    epochs,
    rounding,
    samples,
    history,
    environment,
    repeat,
)
"""Makers of all sections, in the order of the report."""


def sections(evidence: Evidence) -> tuple[ReportSection, ...]:
    """Makes all sections for which a run has something to show."""
    made = [section(evidence) for section in SECTIONS]
    return tuple(section for section in made if section is not None)
