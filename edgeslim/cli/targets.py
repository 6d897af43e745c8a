"""``edgeslim targets``: lists the laws of what each target's kernels get wrong."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from edgeslim.cli.output import Json, print_json, print_lines
from edgeslim.errors import UsageError
from edgeslim.execution import Precision, Target
from edgeslim.targets import (
    Law,
    Operator,
    Place,
    format_answer,
    format_place,
    known_laws,
    law_page,
    read_laws,
)

__all__ = ["command"]


def command(
    target: Annotated[
        Target | None, typer.Option(help="Only laws about this target's kernels.")
    ] = None,
    precision: Annotated[
        Precision | None, typer.Option(help="Only those about this precision.")
    ] = None,
    threads: Annotated[int | None, typer.Option(help="Only those about so many threads.")] = None,
    operator: Annotated[
        str | None, typer.Option(help="Only those about this kind of operator, such as pool2d.")
    ] = None,
    laws: Annotated[
        Path | None,
        typer.Option(help="TOML file with laws of another version of Paddle-Lite's kernels."),
    ] = None,
    markdown: Annotated[
        bool, typer.Option("--markdown", help="Print docs/targets.md: all laws, and what they are.")
    ] = False,
    as_json: Json = False,
) -> None:
    """List what kernels compute otherwise than Paddle, and what is done about it.

    Example: edgeslim targets --target arm --operator pool2d
    """
    book = known_laws() if laws is None else read_laws(laws)
    chosen = any(option is not None for option in (target, precision, threads, operator))
    if markdown:
        if chosen or as_json:
            raise UsageError("--markdown is the whole page; leave the other options out")
        print_lines(law_page(book).rstrip("\n"))
        return
    found = [
        law
        for law in book.laws
        if _is_about(law, target, precision, threads)
        and (operator is None or _is_of(law, operator))
    ]
    if as_json:
        print_json({"library": book.library, "laws": [law_document(law) for law in found]})
        return
    for law in found:
        print_lines(
            f"{law.name} ({format_place(law)})",
            f"  {' '.join(law.operators) or 'any'}: {law.condition}",
            f"  {law.happens}",
            f"  {format_answer(law)}",
            "",
        )
    print_lines(f"{len(found)} laws; edgeslim inspect MODEL --target says which a model meets")


def _is_about(
    law: Law, target: Target | None, precision: Precision | None, threads: int | None
) -> bool:
    targets = list(Target) if target is None else [target]
    precisions = list(Precision) if precision is None else [precision]
    return any(
        law.is_about(Place.of(one, other, threads)) for one in targets for other in precisions
    )


def _is_of(law: Law, kind: str) -> bool:
    """Whether a law is about operators of a kind in particular, not about all kinds."""
    return kind in law.operators if law.operators else law.is_met_by(Operator(kind=kind))


def law_document(law: Law) -> dict[str, object]:
    """The JSON document of a law."""
    return {
        "name": law.name,
        "operators": list(law.operators),
        "condition": law.condition,
        "kernels": sorted(kernel.value for kernel in law.kernels),
        "precisions": [precision.value for precision in Precision if precision in law.precisions],
        "several_threads": law.several_threads,
        "happens": law.happens,
        "answer": law.answer.value,
        "rewrite": law.rewrite,
        "form": law.form,
        "mend": law.mend,
        "source": law.source,
    }
