"""What commands print of a model that was rewritten to another form of the same function."""

from __future__ import annotations

from collections.abc import Sequence

from edgeslim.durations import format_ms
from edgeslim.runs.rewriting_record import RewritingRecord

__all__ = ["chosen_form_lines", "forms_table", "kinds_table", "speedup_text"]


def forms_table(record: RewritingRecord) -> tuple[Sequence[str], list[list[str]]]:
    """Headings and rows of the forms that were taken."""
    return ["equivalence", "form", "places", "predicted to save"], [
        [taken.equivalence, taken.form, str(len(taken.places)), format_ms(taken.saves_ms)]
        for taken in record.taken
    ]


def kinds_table(record: RewritingRecord) -> tuple[Sequence[str], list[list[str]]]:
    """Headings and rows of the operators before and after, by kind."""
    return ["operators", "before", "after", "predicted before", "after"], [
        [
            kind.kind,
            str(kind.before),
            str(kind.after),
            "-" if kind.before_ms is None else format_ms(kind.before_ms),
            "-" if kind.after_ms is None else format_ms(kind.after_ms),
        ]
        for kind in record.operators
    ]


def speedup_text(record: RewritingRecord) -> str:
    """How many times as fast it is, with the interval; empty without a measurement."""
    if record.speedup is None or record.interval is None:
        return ""
    low, high = record.interval
    return f"{record.speedup:.2f} times as fast (95 % between {low:.2f} and {high:.2f})"


def chosen_form_lines(record: RewritingRecord, model: str) -> list[str]:
    """What a deployment says of the form that it chose; nothing if there was none to choose.

    Args:
        record: The forms that were chosen for the model, predicted and as measured.
        model: The model, as on a command line.
    """
    lines = []
    forms = ", ".join(f"{one.equivalence} ({len(one.places)})" for one in record.taken)
    predicted = (
        f"predicted {format_ms(record.predicted_before_ms)} -> {format_ms(record.predicted_ms)}"
    )
    if record.kept:
        lines.append(
            f"rewritten to a form that computes the same, by {forms}: {predicted}, measured "
            f"{speedup_text(record)} as it came; --no-rewrite leaves it as it came"
        )
    elif record.speedup is not None:
        lines.append(
            f"it goes out as it came: another form, by {forms}, was {predicted}, and measured "
            f"{speedup_text(record)}, which is not surely faster"
        )
    if record.unknown:
        lines.append(
            f"forms with {len(record.unknown)} operators that the table lacks were not considered: "
            f"edgeslim optimize {model} --device {record.device} --table {record.table} measures "
            "them"
        )
    return lines
