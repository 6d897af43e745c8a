"""``edgeslim search``: finds the most accurate network within limits; joins or shows a search."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from edgeslim.cli.options import Host, Port, Seed, Serial, SpaceInput, TaskName, only_shape
from edgeslim.cli.output import Json, print_json, print_lines
from edgeslim.cli.progress import terminal_progress
from edgeslim.cli.search_defaults import FIRST_CANDIDATES, choose_defaults
from edgeslim.cli.search_output import print_result, print_status, result_document, status_document
from edgeslim.counts import parse_count
from edgeslim.device import DeviceChoice
from edgeslim.durations import parse_latency
from edgeslim.errors import UsageError
from edgeslim.searching.search import DEFAULT_CANDIDATES, search

__all__ = ["command"]


def command(
    target_latency: Annotated[
        list[str] | None,
        typer.Option(
            help="The limit: 20ms, or 75% of what the space's start takes; several, each with the "
            "--table of its device."
        ),
    ] = None,
    space: Annotated[
        str | None, typer.Option(help="The search space: a name, or space.py of your own.")
    ] = None,
    table: Annotated[list[Path] | None, typer.Option(help="Latency table of the device.")] = None,
    task: TaskName = "digits",
    algorithm: Annotated[
        str,
        typer.Option(
            help="annealing, evolution, nsga2, random, surrogate or tpe; with numbers as in "
            "annealing:initial_temperature=100,reduce_rate=0.9."
        ),
    ] = "surrogate",
    accuracy: Annotated[
        str,
        typer.Option(help="training: of each candidate, briefly; supernet: of all networks, once."),
    ] = "training",
    supernet: Annotated[
        Path | None, typer.Option(help="A supernet that is trained already, supernet.npz.")
    ] = None,
    prefilter: Annotated[
        str, typer.Option(help="Evaluate the best of several proposals by a proxy: macs:8.")
    ] = "",
    start: Annotated[
        list[str] | None,
        typer.Option(help="Begin with these tokens, a published network, or all: published."),
    ] = None,
    max_macs: Annotated[
        str | None, typer.Option(help="Most multiply-accumulate operations: 300M.")
    ] = None,
    max_paddleslim1_flops: Annotated[
        str | None,
        typer.Option(help="Most work as PaddleSlim 1.x counted it, without depthwise: 593M."),
    ] = None,
    max_parameters: Annotated[str | None, typer.Option(help="Most parameters: 3M.")] = None,
    max_size: Annotated[str | None, typer.Option(help="Largest file, in bytes: 4M.")] = None,
    confidence: Annotated[
        float, typer.Option(help="How probable it must be by prediction that latencies are met.")
    ] = 0.8,
    out: Annotated[
        Path | None,
        typer.Option(
            help="The run's folder; by default one under runs/: that of the same search if it was "
            "interrupted, or a new one."
        ),
    ] = None,
    input_shape: SpaceInput = None,
    candidates: Annotated[
        int | None,
        typer.Option(help="How many networks are evaluated; 20, or 8 where no space is named."),
    ] = None,
    most_candidates: Annotated[
        int | None,
        typer.Option(help="How many at most, if none of the best meets its limits when measured."),
    ] = None,
    parallel: Annotated[int, typer.Option(help="How many may be evaluated at once.")] = 4,
    epochs: Annotated[int, typer.Option(help="Epochs that candidates are trained.")] = 2,
    finalists: Annotated[
        int, typer.Option(help="Train so many of the best by themselves; the most accurate wins.")
    ] = 1,
    final_epochs: Annotated[
        int | None,
        typer.Option(help="Epochs that finalists and the winner are trained, if not --epochs."),
    ] = None,
    seed: Seed = 0,
    storage: Annotated[
        str,
        typer.Option(help="Database that other machines reach: postgresql://USER@HOST/DATABASE."),
    ] = "",
    measure: Annotated[
        bool, typer.Option(help="Measure here, or leave it to machines that join with --device.")
    ] = True,
    join: Annotated[
        str | None,
        typer.Option(help="Work on a running search: its folder, or its name in --storage."),
    ] = None,
    status: Annotated[
        str | None,
        typer.Option(help="Show a search's state: its folder, or its name in --storage."),
    ] = None,
    device: Annotated[
        str | None,
        typer.Option(
            help="Device whose table is used if none is named. With --join: measure on this "
            "device, and train nothing."
        ),
    ] = None,
    serial: Serial = None,
    host: Host = None,
    port: Port = None,
    as_json: Json = False,
) -> None:
    """Search a space for the most accurate network within limits, measured at the end.

    If no space or table is named, it says which one it takes.

    Example: edgeslim search --target-latency 20ms

    Example: edgeslim search --target-latency 0.3ms --space light-nas-small --table host.jsonl

    By work alone: edgeslim search --max-macs 5M --space light-nas-small

    On more machines: edgeslim search --join RUN. To watch: edgeslim search --status RUN.
    """
    reached = DeviceChoice(name=device or "", serial=serial, host=host, port=port)
    if status is not None or join is not None:
        if target_latency or space or table:
            raise UsageError("a search that was begun has its limits, space and tables already")
        _take_part(join, status, storage, reached if device else None, supernet, as_json=as_json)
        return
    if device is not None and table:
        raise UsageError(
            "--device says whose table is taken; a search's devices are those of its --table"
        )
    targets = [parse_latency(text) for text in target_latency or ()]
    shape = only_shape(input_shape)
    if candidates is None:
        candidates = DEFAULT_CANDIDATES if space else FIRST_CANDIDATES
    space, tables = choose_defaults(space, table or [], len(targets), device or "", shape, task)
    result = search(
        targets,
        space=space,
        table=tables,
        device=reached,
        out=out,
        task=task,
        algorithm=algorithm,
        accuracy=accuracy,
        supernet=supernet,
        prefilter=prefilter,
        starts=start or (),
        input_shape=shape,
        max_macs=_count(max_macs),
        max_paddleslim1_flops=_count(max_paddleslim1_flops),
        max_parameters=_count(max_parameters),
        max_bytes=_count(max_size),
        confidence=confidence,
        candidates=candidates,
        most_candidates=most_candidates,
        parallel=parallel,
        epochs=epochs,
        finalists=finalists,
        final_epochs=final_epochs,
        seed=seed,
        storage=storage,
        measure=measure,
        progress=terminal_progress(),
    )
    if as_json:
        print_json(result_document(result))
    else:
        print_result(result)


def _take_part(
    joined: str | None,
    watched: str | None,
    storage: str,
    device: DeviceChoice | None,
    supernet: Path | None,
    *,
    as_json: bool,
) -> None:
    """Runs ``--join`` or ``--status``."""
    if watched is not None:
        if joined is not None:
            raise UsageError("--join and --status are two things; give one")
        from edgeslim.searching.status import search_status

        found = search_status(watched, storage=storage)
        if as_json:
            print_json(status_document(found))
        else:
            print_status(found)
        return
    from edgeslim.searching.join import join

    done = join(
        joined or "",
        storage=storage,
        device=device,
        supernet=supernet,
        progress=terminal_progress(),
    )
    if as_json:
        print_json({"evaluated": done.evaluated, "measured": done.measured})
    else:
        print_lines(f"{done.evaluated} candidates evaluated and {done.measured} measured here")


def _count(text: str | None) -> int | None:
    return None if text is None else parse_count(text)
