"""``edgeslim optimize``: writes a model in the equivalent form that a device runs fastest."""

from __future__ import annotations

import msgspec
import typer

from edgeslim.cli.output import GAPS, Json, print_json, print_lines, print_table
from edgeslim.cli.request_options import with_options
from edgeslim.cli.rewriting_output import forms_table, kinds_table, speedup_text
from edgeslim.deployment.optimize import OptimizeRequest, optimize
from edgeslim.durations import format_ms
from edgeslim.runs.rewriting_record import RewritingRecord

__all__ = ["command"]


@with_options
def command(request: OptimizeRequest, as_json: Json = False) -> None:
    """Write a model that computes the same, in the form that the device runs fastest.

    Nothing is trained or pruned. The result is a saved model for every other command.

    Example: edgeslim optimize my_model/ --device host --out optimized/my_model
    """
    record = optimize(request)
    if as_json:
        print_json(msgspec.to_builtins(record))
    else:
        _print(record)
    if record.unknown:
        raise typer.Exit(GAPS)


def _print(record: RewritingRecord) -> None:
    if record.taken:
        print_table(*forms_table(record))
        print_lines("")
    print_table(*kinds_table(record))
    print_lines("", *_lines(record))


def _lines(record: RewritingRecord) -> list[str]:
    """What came of it, in sentences."""
    lines = [
        f"predicted {format_ms(record.predicted_before_ms)} -> {format_ms(record.predicted_ms)}"
    ]
    if record.measured_before_ms is not None and record.measured_ms is not None:
        before, after = format_ms(record.measured_before_ms), format_ms(record.measured_ms)
        lines.append(f"measured {before} -> {after}, {speedup_text(record)}".rstrip(", "))
    if record.off is not None:
        bound = ""
        if record.rounding is not None:
            bound = (
                f"; moving each weight by the last of its bits takes them {record.rounding:.1e} off"
            )
        lines.append(
            f"its outputs are off by {record.off:.1e} of the largest value from those before{bound}"
        )
    if record.dropped:
        lines.append(f"left out, since outputs differed too much: {', '.join(record.dropped)}")
    if record.advice:
        lines += ["still dear for what it computes:", *(f"  {line}" for line in record.advice)]
    if record.unknown:
        lines += [
            (
                "forms with these operators were not considered, since the table does not know "
                "them (--device measures them):"
            ),
            *(f"  {name}" for name in record.unknown),
        ]
    what = "the rewritten model" if record.kept else f"the model as it came ({record.reason})"
    return [*lines, f"{what} is in {record.folder}"]
