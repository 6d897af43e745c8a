"""The whole of ``edgeslim report``: a run's folder to one file that says what came of it."""

from __future__ import annotations

from pathlib import Path

import msgspec

from edgeslim.durations import now
from edgeslim.errors import UsageError
from edgeslim.files import write_bytes
from edgeslim.reporting.document import Document
from edgeslim.reporting.evidence import Evidence
from edgeslim.reporting.formats import FORMATS
from edgeslim.reporting.read_run import read_run
from edgeslim.reporting.sections import sections
from edgeslim.reporting.sections.history import whole_history
from edgeslim.reporting.summary import facts, verdict
from edgeslim.version import __version__

__all__ = ["Report", "check_out", "chosen_format", "document_of", "report", "written"]


class Report(msgspec.Struct, frozen=True, kw_only=True):
    """A report that was written.

    Args:
        report: The file.
        format: What it is.
        size_bytes: Its size.
        verdict: What it says, in a sentence.
        met_target: Whether the target was met; None if there is none, or nobody knows.
        sections: Keys of its parts, in order.
        absent: Those that only say what would give them.
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
        history: Whether it is about all deployments, and not about the newest.

    Raises:
        UnknownNameError: No such format.
        UsageError: RUN is no run; the file has no folder, or is one.
        BadFileError: A file of the run is broken; the message has file, line and place.
        UnwritableError: Read-only folder, full disk.
    """
    name, file = chosen_format(run, out, format)
    check_out(file)
    document = document_of(read_run(run), history=history)
    return written(document, file, name)


def chosen_format(
    run: Path, out: Path | None, name: str | None, *, stem: str = "report"
) -> tuple[str, Path]:
    """The name of the format, and the file.

    Args:
        run: What the report is of.
        out: The file that was asked for.
        name: The format that was asked for.
        stem: Name of the file without its ending, if none was asked for.

    Raises:
        UnknownNameError: No such format.
        UsageError: Neither the option nor the file's name says one.
    """
    by_suffix = {each.suffix: known for known, each in FORMATS.members().items()}
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
    """Proves that a file can be of this name, before any work is done for it.

    Raises:
        UsageError: Its folder is not there, or it is a folder itself.
    """
    if not file.parent.is_dir():
        raise UsageError(f"there is no folder {file.parent} for {file.name}; make it first")
    if file.is_dir():
        raise UsageError(f"{file} is a folder; give --out the name of a file")


def document_of(evidence: Evidence, *, history: bool = False) -> Document:
    """A report of what is known of a run."""
    parts = (whole_history(evidence),) if history else sections(evidence)
    return Document(
        title=evidence.name,
        kind=evidence.kind.value,
        run=str(evidence.path),
        created=now(),
        edgeslim=__version__,
        verdict=verdict(evidence),
        facts=facts(evidence),
        sections=parts,
    )


def written(document: Document, file: Path, name: str) -> Report:
    """Writes a document, whole or not at all."""
    content = FORMATS.get(name).write(document).encode()
    write_bytes(file, content)
    return Report(
        report=str(file),
        format=name,
        size_bytes=len(content),
        verdict=document.verdict.sentence,
        met_target=document.verdict.met,
        sections=tuple(each.key for each in document.sections),
        absent=tuple(each.key for each in document.sections if each.is_absent),
    )
