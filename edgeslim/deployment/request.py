"""What is to be deployed, how it is meant to run, and what is known of it beforehand."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

from edgeslim.conversion.model_source import ModelSource, find_model
from edgeslim.device import DeviceChoice
from edgeslim.latency_table import LatencyTable, TableContext
from edgeslim.pruning.settings import PruneFolder
from edgeslim.searching.run_folder import RunFolder, newest_run

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
    """

    source: ModelSource
    folder: Path
    table: Path | None
    target_ms: float | None = None
    context: TableContext | None = None


def request_for(what: str | None, table: Path | None, out: Path | None, runs: Path) -> Request:
    """A model, a pruned one with its limit, or a search's winner with its table and limit."""
    run = newest_run(runs) if what is None else Path(what)
    if not (run / "search.json").exists():
        source = find_model(str(run) if what is None else what)
        target_ms = PruneFolder(run).target_ms
        if target_ms is not None:
            source = replace(source, name=run.resolve().name)
        return Request(
            source=source,
            folder=out or Path("deployments") / source.name,
            table=table,
            target_ms=target_ms,
        )
    found = RunFolder(run)
    result = found.result()
    return Request(
        source=replace(find_model(str(found.model)), name=run.resolve().name),
        folder=out or run / "deployment",
        table=table or found.table(),
        target_ms=result.targets[0].target_ms,
        context=LatencyTable.read(found.table()).context,
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
