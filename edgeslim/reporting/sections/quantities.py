"""The section with start, tails and memory of every variant, in one view."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from edgeslim.reporting.document import (
    Block,
    Items,
    RecordColumn,
    ReportSection,
    Text,
    table_of,
)
from edgeslim.reporting.evidence import Evidence
from edgeslim.reporting.sections.variants import format_variant
from edgeslim.runs.model_records import ModelRecord, TailRecord

__all__ = ["memory_bytes", "quantities"]

_BYTES_OF_MB = 1e6

_START_COLUMNS: list[RecordColumn[ModelRecord]] = [
    ("model", "variant", "text", format_variant),
    ("load_ms", "load, warm", "ms", lambda model: model.load_ms),
    ("cold_load_ms", "load, cold", "ms", lambda model: model.known_starts.cold_load_ms),
    ("first_run_ms", "first run", "ms", lambda model: model.first_run_ms),
    ("measured_ms", "median", "ms", lambda model: model.latency_ms),
    ("missed", "longer than the limit", "share", lambda model: model.missed_share),
    ("starts", "starts", "count", lambda model: len(model.known_starts.starts) or None),
]
_MEMORY_COLUMNS: list[RecordColumn[ModelRecord]] = [
    ("model", "variant", "text", format_variant),
    (
        *("memory_bytes", "runtime and model", "bytes"),
        lambda model: memory_bytes(model.memory_mb),
    ),
    (
        *("runtime_bytes", "of the runtime alone", "bytes"),
        lambda model: memory_bytes(model.known_starts.alone_mb),
    ),
    (
        *("model_bytes", "of the model", "bytes"),
        lambda model: memory_bytes(model.known_starts.model_mb),
    ),
    (
        *("peak_bytes", "process, peak", "bytes"),
        lambda model: memory_bytes(model.known_starts.peak_mb),
    ),
    (
        *("loaded_bytes", "process, loaded", "bytes"),
        lambda model: memory_bytes(model.known_starts.loaded_mb),
    ),
    (
        *("ran_bytes", "process, after the first run", "bytes"),
        lambda model: memory_bytes(model.known_starts.ran_mb),
    ),
    ("size_bytes", "file", "bytes", lambda model: model.size_bytes),
]
_TAIL_COLUMNS: list[RecordColumn[tuple[ModelRecord, TailRecord]]] = [
    ("model", "variant", "text", lambda row: format_variant(row[0])),
    ("quantile", "quantile", "text", lambda row: f"p{100 * row[1].share:g}"),
    ("tail_ms", "latency", "ms", lambda row: row[1].value_ms),
    ("tail_interval_ms", "interval", "ms", lambda row: row[1].interval_ms),
    ("samples", "samples", "count", lambda row: row[1].samples),
]


def memory_bytes(mb: float | None) -> float | None:
    """Memory in bytes, of which reports make their own units; None stays unknown."""
    return None if mb is None else mb * _BYTES_OF_MB


def quantities(evidence: Evidence) -> ReportSection | None:
    """Makes the section, if the newest deployment measured how its models start."""
    record = evidence.latest
    if record is None:
        return None
    models = [model for model in record.models if model.starts is not None]
    tails = [(model, tail) for model in record.models for tail in model.tails]
    blocks: list[Block] = [*_starts(models), *_soaks(record.models)]
    if tails:
        blocks.append(table_of(tails, _TAIL_COLUMNS, title="Tails, where enough samples show them"))
    if not blocks:
        return None
    return ReportSection(key="quantities", title="Start, tails and memory", blocks=blocks)


def _starts(models: Sequence[ModelRecord]) -> Iterator[Block]:
    if not models:
        return
    yield table_of(
        models, _START_COLUMNS, title="Start: processes of their own, medians", drop_empty=True
    )
    if any(model.memory_mb is not None for model in models):
        title = "Memory, and the file on the device"
        yield table_of(models, _MEMORY_COLUMNS, title=title, drop_empty=True)
    else:
        yield Text(text="The device does not say what memory a process has.")
    kept = dict.fromkeys(model.known_starts.kept for model in models if model.known_starts.kept)
    if kept:
        yield Items(items=[f"No start is cold: {reason}." for reason in kept])


def _soaks(models: Sequence[ModelRecord]) -> Iterator[Block]:
    """What memory did over many runs, where that was looked at."""
    soaked = [(model, model.soak) for model in models if model.soak is not None]
    if soaked:
        yield table_of(
            soaked,
            [
                ("model", "variant", "text", lambda row: format_variant(row[0])),
                ("runs", "runs", "count", lambda row: row[1].runs),
                (
                    *("first_peak_bytes", "peak of the first run", "bytes"),
                    lambda row: memory_bytes(row[1].first_peak_mb),
                ),
                ("peak_bytes", "peak", "bytes", lambda row: memory_bytes(row[1].peak_mb)),
                ("growth_kb", "growth a run, kB", "number", lambda row: row[1].growth_kb),
                (
                    *("growth_interval_kb", "interval, kB", "number"),
                    lambda row: row[1].growth_interval_kb,
                ),
            ],
            title="Memory over many runs, each with other inputs",
            drop_empty=True,
        )
