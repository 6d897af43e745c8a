"""Prints results on standard output: one JSON document, or tables and lines."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, TextIO

import typer

if TYPE_CHECKING:
    from edgeslim.training.metric_value import MetricValue

__all__ = [
    "GAPS",
    "Json",
    "metric_lines",
    "print_json",
    "print_lines",
    "print_table",
    "reserved_output",
    "whole_tables",
]

GAPS = 3
"""Exit code of commands whose results have gaps, which they list."""

Json = Annotated[
    bool,
    typer.Option("--json", help="Print one JSON document; everything else goes to standard error."),
]
"""The option that every command has."""


_RESERVED: ContextVar[TextIO | None] = ContextVar("reserved output", default=None)
_WIDE: ContextVar[bool] = ContextVar("tables are wide", default=False)


@contextmanager
def whole_tables(asked: bool) -> Iterator[None]:
    """Leaves every row of a table on one line, as wide as it is, if the user asked for it."""
    token = _WIDE.set(asked)
    try:
        yield
    finally:
        _WIDE.reset(token)


@contextmanager
def reserved_output() -> Iterator[None]:
    """Keeps standard output for the JSON document; everything else goes to standard error.

    A model's own code may print, and so may native code, which only knows file descriptors.
    """
    sys.stdout.flush()
    descriptor = sys.stdout.fileno()
    with os.fdopen(os.dup(descriptor), "w", encoding="utf-8") as stream:
        token = _RESERVED.set(stream)
        os.dup2(sys.stderr.fileno(), descriptor)
        try:
            yield
        finally:
            sys.stdout.flush()
            os.dup2(stream.fileno(), descriptor)
            _RESERVED.reset(token)


def print_json(document: dict[str, Any]) -> None:
    """Prints one indented JSON document."""
    import msgspec

    encoded = msgspec.json.encode(document, enc_hook=_encode)
    stream = _RESERVED.get() or sys.stdout
    stream.write(msgspec.json.format(encoded, indent=2).decode() + "\n")


def _encode(value: Any) -> Any:  # noqa: ANN401 - msgspec's contract
    if isinstance(value, Path):
        return str(value)
    raise NotImplementedError(f"cannot encode {type(value).__name__}")


def print_table(headers: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
    """Prints a table that fits the terminal; numbers come as text with their unit.

    Where the output is no terminal, every row is one line, for programs that read it by line.
    """
    from edgeslim.cli.fitted_tables import format_table

    fitted = sys.stdout.isatty() and not _WIDE.get()
    width = shutil.get_terminal_size().columns if fitted else None
    sys.stdout.write(format_table(headers, rows, width) + "\n")


def metric_lines(judged: Mapping[str, MetricValue]) -> list[str]:
    """Lines of metrics by name, each with its number of examples and its interval."""
    return [f"{name}: {metric.value:.2%} of {metric.about}" for name, metric in judged.items()]


def print_lines(*lines: str) -> None:
    """Prints lines of text."""
    sys.stdout.write("".join(f"{line}\n" for line in lines))
