"""What ``edgeslim deploy`` prints of start, tails and memory."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from edgeslim.cli.output import print_lines, print_table
from edgeslim.counts import format_count
from edgeslim.durations import format_ms
from edgeslim.runs.model_records import ModelRecord
from edgeslim.runs.start_records import PredictedNumber, PredictedStartRecord, SoakRecord

__all__ = ["print_quantities", "quantities_document"]


def _mb(value: float) -> str:
    return f"{value:.1f} MB"


_START = PredictedStartRecord()


def _predicted_row(
    field: str, write: Callable[[float], str]
) -> tuple[Callable[[ModelRecord], Any], Callable[[Any], str]]:
    """How a predicted quantity is found in a record, and written with its interval."""

    def format_number(number: PredictedNumber) -> str:
        low, high = map(write, number.interval)
        return f"{write(number.value)} ({low} to {high})"

    return lambda model: getattr(model.predicted_start or _START, field), format_number


_COLUMNS: dict[str, tuple[Callable[[ModelRecord], Any], Callable[[Any], str]]] = {
    "load, warm": (lambda model: model.load_ms, format_ms),
    "load, warm, predicted": _predicted_row("load_ms", format_ms),
    "load, cold": (lambda model: model.known_starts.cold_load_ms, format_ms),
    "load, cold, predicted": _predicted_row("cold_load_ms", format_ms),
    "first run": (lambda model: model.first_run_ms, format_ms),
    "first run, predicted": _predicted_row("first_run_ms", format_ms),
    "median": (lambda model: model.latency_ms, format_ms),
    "p90": (lambda model: _tail_ms(model, 0.9), format_ms),
    "p99": (lambda model: _tail_ms(model, 0.99), format_ms),
    "p99.9": (lambda model: _tail_ms(model, 0.999), format_ms),
    "longer than the limit": (lambda model: model.missed_share, "{:.1%}".format),
    "samples": (lambda model: model.samples, "{:,}".format),
    "memory": (lambda model: model.memory_mb, _mb),
    "memory, predicted": _predicted_row("memory_mb", _mb),
    "of the runtime": (lambda model: model.known_starts.alone_mb, _mb),
    "of the model": (lambda model: model.known_starts.model_mb, _mb),
    "process peak": (lambda model: model.known_starts.peak_mb, _mb),
    "loaded": (lambda model: model.known_starts.loaded_mb, _mb),
    "after the first run": (lambda model: model.known_starts.ran_mb, _mb),
    "growth a run": (lambda model: model.soak and _growth(model.soak), str),
}


def print_quantities(models: Sequence[ModelRecord], names: Sequence[str]) -> None:
    """Prints start, tails and memory of all variants, and what the numbers do not say.

    Args:
        models: The variants in order.
        names: How each is called.
    """
    cells = {
        header: ["" if (value := get(model)) is None else write(value) for model in models]
        for header, (get, write) in _COLUMNS.items()
    }
    shown = [header for header, column in cells.items() if any(column)]
    headers = ["", *names]
    print_table(headers, [[header, *cells[header]] for header in shown])
    print_lines(*dict.fromkeys(line for model in models for line in _notes(model)))


def _growth(soak: SoakRecord) -> str | None:
    """How much a process grows in each run, with the interval."""
    if soak.growth_kb is None or soak.growth_interval_kb is None:
        return None
    low, high = soak.growth_interval_kb
    return f"{soak.growth_kb:+.2f} kB ({low:+.2f} to {high:+.2f}) over {soak.runs:,} runs"


def _tail_ms(model: ModelRecord, share: float) -> float | None:
    tail = model.tail(share)
    return None if tail is None else tail.value_ms


def _notes(model: ModelRecord) -> list[str]:
    starts, predicted = model.starts, model.predicted_start or _START
    notes = [f"not all of the start is predicted: {predicted.reason}"] if predicted.reason else []
    if starts is None:
        return notes
    if starts.kept:
        notes.append(f"no start is cold: {starts.kept}")
    if starts.peak_mb is None:
        notes.append("nothing is known of memory: the device does not say what a process has")
    disturbed = sum(start.is_disturbed for start in starts.starts)
    if disturbed:
        notes.append(
            f"other programs disturbed {disturbed} of "
            f"{format_count(len(starts.starts), 'start')} of {model.name}"
        )
    return notes


def quantities_document(model: ModelRecord) -> dict[str, Any]:
    """The JSON document of start, tails and memory; None is not known."""
    starts = model.known_starts
    return {
        "load_ms": model.load_ms,
        "cold_load_ms": starts.cold_load_ms,
        "first_run_ms": model.first_run_ms,
        "memory_mb": model.memory_mb,
        "runtime_memory_mb": starts.alone_mb,
        "model_memory_mb": starts.model_mb,
        "process_peak_mb": starts.peak_mb,
        "process_loaded_mb": starts.loaded_mb,
        "process_ran_mb": starts.ran_mb,
        "starts": len(starts.starts),
        "disturbed_starts": sum(start.is_disturbed for start in starts.starts),
        "page_cache_kept": starts.kept or None,
        "tails": list(model.tails),
        "missed_share": model.missed_share,
        "soak": model.soak,
        "predicted": model.predicted_start,
    }
