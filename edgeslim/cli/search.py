"""``edgeslim search``: the most accurate network within a latency."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from edgeslim.cli.options import Host, Port, Serial, TaskName, only_shape
from edgeslim.cli.output import Json, print_json, print_lines, print_table
from edgeslim.cli.progress import terminal_progress
from edgeslim.device import DeviceChoice
from edgeslim.durations import format_ms, parse_ms
from edgeslim.search.run_folder import Candidate, SearchResult
from edgeslim.search.search import search

__all__ = ["command"]


def command(
    target_latency: Annotated[str, typer.Option(help="The limit, such as 20ms.")],
    space: Annotated[str, typer.Option(help="The search space.")],
    table: Annotated[Path, typer.Option(help="Latency table of the device.")],
    task: TaskName = "digits",
    algorithm: Annotated[str, typer.Option(help="Search algorithm.")] = "annealing",
    out: Annotated[
        Path | None,
        typer.Option(
            help="The run's folder; by default one under runs/: that of the same search if it was "
            "interrupted, or a new one."
        ),
    ] = None,
    input_shape: Annotated[
        list[str] | None, typer.Option(help="Input of the networks: 1,3,224,224.")
    ] = None,
    candidates: Annotated[int, typer.Option(help="How many networks are trained.")] = 20,
    epochs: Annotated[int, typer.Option(help="How long each is trained.")] = 2,
    seed: Annotated[int, typer.Option(help="Of everything random.")] = 0,
    serial: Serial = None,
    host: Host = None,
    port: Port = None,
    as_json: Json = False,
) -> None:
    """Search a space for the most accurate network that meets a latency, measured at the end.

    Example: edgeslim search --target-latency 0.3ms --space light-nas-small --table host.jsonl
    """
    result = search(
        parse_ms(target_latency),
        space=space,
        table=table,
        device=DeviceChoice(serial=serial, host=host, port=port),
        out=out,
        task=task,
        algorithm=algorithm,
        input_shape=only_shape(input_shape),
        candidates=candidates,
        epochs=epochs,
        seed=seed,
        progress=terminal_progress(),
    )
    if as_json:
        print_json(_document(result))
    else:
        _print(result)


def _print(result: SearchResult) -> None:
    measured = {each.tokens: each for each in result.measured}
    listed = {each.tokens: each for each in (*result.front, *result.measured)}
    print_table(
        ["", "predicted", "measured", "accuracy", "tokens"],
        [
            [
                "best" if tokens == result.best.tokens else "",
                format_ms(each.predicted_ms),
                format_ms(measured[tokens].measured_ms or 0) if tokens in measured else "",
                f"{each.accuracy:.1%}",
                ",".join(map(str, tokens)),
            ]
            for tokens, each in sorted(listed.items(), key=lambda item: item[1].predicted_ms)
        ],
    )
    how = "measured" if result.measured else "predicted"
    print_lines(
        "",
        f"{result.evaluated} candidates trained; the best meets {format_ms(result.target_ms)} "
        f"as {how}; its model is in {result.model}",
        *result.notes,
    )


def _document(result: SearchResult) -> dict[str, object]:
    return {
        "run": result.run,
        "target_ms": result.target_ms,
        "evaluated": result.evaluated,
        "front": [_candidate(each) for each in result.front],
        "measured": [_candidate(each) for each in result.measured],
        "best": _candidate(result.best),
        "model": result.model,
        "notes": result.notes,
    }


def _candidate(candidate: Candidate) -> dict[str, object]:
    return {
        "tokens": candidate.tokens,
        "predicted_ms": candidate.predicted_ms,
        "accuracy": candidate.accuracy,
        "measured_ms": candidate.measured_ms,
    }
