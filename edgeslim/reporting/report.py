"""``edgeslim report``: one file that says what came of a run."""

from __future__ import annotations

from pathlib import Path

import msgspec

from edgeslim.durations import now
from edgeslim.errors import UsageError
from edgeslim.files import write_bytes
from edgeslim.own_paths import hide_own_paths
from edgeslim.reporting.document import ReportDocument
from edgeslim.reporting.evidence import Evidence
from edgeslim.reporting.formats import FORMATS
from edgeslim.reporting.read_run import read_run
from edgeslim.reporting.sections import sections
from edgeslim.reporting.sections.history import whole_history
from edgeslim.reporting.summary import facts, verdict
from edgeslim.version import __version__

__all__ = ["Report", "check_out", "choose_format", "document_of", "report", "write_report"]


class Report(msgspec.Struct, frozen=True, kw_only=True):
    """A report that was written.

    Args:
        report: Path of the file.
        format: Name of its format.
        size_bytes: Size of the file.
        verdict: The whole report in a sentence.
        met_target: Whether the target was met; None if there is none, or it is not known.
        sections: Keys of its sections, in order.
        absent: Keys of the sections that only say which command would fill them.
    """

    report: str
    format: str
    size_bytes: int
    verdict: str
    met_target: bool | None
    sections: tuple[str, ...]
    absent: tuple[str, ...]


def report(
    run: Path,
    *,
    out: Path | None = None,
    format: str | None = None,  # noqa: A002 - as on the command line
    history: bool = False,
) -> Report:
    """Writes a report of a run.

    Args:
        run: Folder of a search, a pruning, a compression, or of deployments.
        out: The file; by default ``report`` in the run's folder.
        format: ``html``, ``markdown`` or ``json``; by default what the file's name says.
        history: Whether the report is about all deployments instead of the newest.

    Raises:
        UnknownNameError: No such format.
        UsageError: ``run`` is no run; the file's folder does not exist, or the file is a folder.
        BadFileError: A file of the run is broken; the message has file, line and place.
        UnwritableError: Read-only folder, full disk.
    """
    name, file = choose_format(run, out, format)
    check_out(file)
    document = document_of(read_run(run), history=history)
    return write_report(document, file, name)


def choose_format(
    run: Path, out: Path | None, name: str | None, *, stem: str = "report"
) -> tuple[str, Path]:
    """Chooses the format of a report by its name or the file's ending, and the file.

    Args:
        run: What the report is about.
        out: The file that was asked for.
        name: The format that was asked for.
        stem: Name of the file without its ending, if none was asked for.

    Raises:
        UnknownNameError: No such format.
        UsageError: Neither the option nor the file's name says which format.
    """
    by_suffix = {form.suffix: known for known, form in FORMATS.members().items()}
    if name is None:
        suffix = ".html" if out is None else out.suffix.lower()
        name = {".htm": "html", ".markdown": "markdown"}.get(suffix, by_suffix.get(suffix, ""))
        if not name:
            raise UsageError(
                f"{out} does not say what it is; end it with "
                f"{', '.join(sorted(by_suffix))}, or give --format"
            )
    folder = run if run.is_dir() else run.parent
    return name, out or folder / f"{stem}{FORMATS.get(name).suffix}"


def check_out(file: Path) -> None:
    """Checks that a file of this name can be written, before any work is done for it.

    Raises:
        UsageError: Its folder does not exist, or it is a folder itself.
    """
    if not file.parent.is_dir():
        raise UsageError(f"there is no folder {file.parent} for {file.name}; make it first")
    if file.is_dir():
        raise UsageError(f"{file} is a folder; give --out the name of a file")


def document_of(evidence: Evidence, *, history: bool = False) -> ReportDocument:
    """Makes a report of everything that is known of a run."""
    parts = (whole_history(evidence),) if history else sections(evidence)
    return ReportDocument(
        title=evidence.name,
        kind=evidence.kind.value,
        run=str(evidence.path),
        created=now(),
        edgeslim=__version__,
        verdict=verdict(evidence),
        facts=facts(evidence),
        sections=parts,
    )


def write_report(document: ReportDocument, file: Path, name: str) -> Report:
    """Writes a document, whole or not at all, without the paths of this machine's user."""
    content = hide_own_paths(FORMATS.get(name).write(document)).encode()
    write_bytes(file, content)
    return Report(
        report=str(file),
        format=name,
        size_bytes=len(content),
        verdict=document.verdict.sentence,
        met_target=document.verdict.met,
        sections=tuple(section.key for section in document.sections),
        absent=tuple(section.key for section in document.sections if section.is_absent),
    )
