"""What is to be deployed, how it is meant to run, and what is known of it beforehand."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

from edgeslim.conversion.model_source import ModelSource, find_model
from edgeslim.deployment.origins import NO_BASELINE, baseline_for, is_run
from edgeslim.device import DeviceChoice
from edgeslim.latency_table import LatencyTable, TableContext
from edgeslim.runs.deployment_history import HISTORY
from edgeslim.runs.pruning_run import PruneFolder
from edgeslim.runs.search_run import RunFolder, newest_run

__all__ = ["Request", "device_for", "request_for"]


@dataclass(frozen=True, kw_only=True, slots=True)
class Request:
    """A model, and what is known of it beforehand.

    Args:
        source: The model.
        folder: Where the result goes.
        table: What its latency is predicted with, if anything.
        target_ms: The limit it was made for.
        context: What the table of its search is of.
        run: The folder that it was made in, of a search, a pruning or a compression.
        baseline: What it is compared with, if anything.
        history: The file that its deployments are written into.
        path: The model, as on a command line.
    """

    source: ModelSource
    folder: Path
    table: Path | None
    history: Path
    path: str
    target_ms: float | None = None
    context: TableContext | None = None
    run: Path | None = None
    baseline: ModelSource | None = None


def request_for(
    what: str | None,
    table: Path | None,
    out: Path | None,
    runs: Path,
    baseline: str | None = NO_BASELINE,
) -> Request:
    """A model, a pruned one with its limit, or a search's winner with its table and limit.

    Args:
        what: The model, a run, or None for the newest search.
        table: Table to predict with; a search has its own.
        out: Folder for the result.
        runs: Where searches are.
        baseline: What it is compared with; None for what it was made from.

    Raises:
        UsageError: There is no finished search.
        UnknownNameError, BadFileError, ModelError: No such model, or no such baseline.
    """
    run = newest_run(runs) if what is None else Path(what)
    path = str(run) if what is None else what
    if not (run / "search.json").exists():
        source = find_model(path)
        target_ms = PruneFolder(run).target_ms
        if target_ms is not None:
            source = replace(source, name=run.resolve().name)
        made = run if is_run(run) else None
        folder = out or Path("deployments") / source.name
        return Request(
            source=source,
            folder=folder,
            table=table,
            history=(made or folder) / HISTORY,
            path=path,
            target_ms=target_ms,
            run=made,
            baseline=baseline_for(made, baseline),
        )
    found = RunFolder(run)
    result = found.result()
    return Request(
        source=replace(find_model(str(found.model)), name=run.resolve().name),
        folder=out or run / "deployment",
        table=table or (found.table() if result.targets else None),
        history=run / HISTORY,
        path=path,
        target_ms=result.targets[0].target_ms if result.targets else None,
        context=LatencyTable.read(found.table()).context if result.targets else None,
        run=run,
        baseline=baseline_for(run, baseline),
    )


def device_for(device: str | DeviceChoice, request: Request) -> DeviceChoice:
    """The device, run as the search was for unless the user wants otherwise."""
    context = request.context
    if context is None:
        return DeviceChoice.of(device).named("host")
    chosen = DeviceChoice.of(device).named(context.device)
    if chosen.name != context.device:
        return chosen
    execution = context.execution
    return replace(
        chosen,
        threads=execution.threads if chosen.threads is None else chosen.threads,
        power_mode=chosen.power_mode or execution.power_mode,
    )
