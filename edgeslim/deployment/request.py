"""The model that is to be deployed, its device, and what its run says of it."""

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
    """A model that is to be deployed, and what its run says of it.

    Args:
        source: Where the model comes from.
        folder: Folder for the result.
        table: Latency table to predict with, if any.
        target_ms: Latency limit in ms that it was made for, if any.
        context: Context of its search's table: device and execution.
        run: Folder of the search, pruning or compression that made it.
        baseline: The model that it is compared with, if any.
        history: File that its deployments are added to.
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
    """The request for a model, a pruned one with its limit, or a search's winner with its table.

    Args:
        what: The model, a run, or None for the newest search.
        table: Table to predict with; a search has its own.
        out: Folder for the result.
        runs: Folder with searches, for when none is named.
        baseline: The model that it is compared with; None for what it was made from.

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
    """The device, with the search's threads and power mode where the user names none."""
    context = request.context
    if context is None:
        return DeviceChoice.of(device).with_name("host")
    chosen = DeviceChoice.of(device).with_name(context.device)
    if chosen.name != context.device:
        return chosen
    execution = context.execution
    return replace(
        chosen,
        threads=execution.threads if chosen.threads is None else chosen.threads,
        power_mode=chosen.power_mode or execution.power_mode,
    )
