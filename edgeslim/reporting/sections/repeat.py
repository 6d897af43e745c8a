"""The section with the commands that repeat a run and its report."""

from __future__ import annotations

import shlex
from collections.abc import Iterable, Mapping
from typing import Any

from edgeslim.options import option_words, shared_fields
from edgeslim.reporting.document import Block, Commands, ReportSection, Text
from edgeslim.reporting.evidence import Evidence, Kind
from edgeslim.runs.pruning_run import PruneOptions, PruneSettings
from edgeslim.runs.search_settings import SearchOptions, SearchSettings

__all__ = ["repeat"]

_RATIOS = "ratios.json"
"""Name for the file of ratios in a command: a pruning keeps its content, not its path."""


def repeat(evidence: Evidence) -> ReportSection | None:
    """Makes the section: the command of each deployment, and of the run itself if it is known."""
    blocks: list[Block] = []
    own = _own(evidence)
    if any(_RATIOS in command for command in own):
        blocks.append(Text(text=f"{_RATIOS} is a file with what pruning.json has under ratios."))
    if own:
        blocks.append(Commands(title=f"The {evidence.kind.value}, as its folder has it", lines=own))
    commands = [shlex.join(record.command) for record in evidence.deployments]
    if commands:
        newest_first = list(dict.fromkeys(reversed(commands)))
        blocks.append(Commands(title="Deployments, the newest first", lines=newest_first))
    evaluated = [shlex.join(record.command) for record in evidence.evaluations if record.command]
    if evaluated:
        newest_first = list(dict.fromkeys(reversed(evaluated)))
        blocks.append(
            Commands(title="Evaluations on devices, the newest first", lines=newest_first)
        )
    report = f"edgeslim report {shlex.quote(str(evidence.path))} --out report.html"
    blocks.append(Commands(title="This report", lines=[report]))
    if evidence.notes:
        blocks.append(Text(text="; ".join(evidence.notes)))
    return ReportSection(key="repeat", title="To repeat it", blocks=blocks)


def _own(evidence: Evidence) -> list[str]:
    """The commands of a run, made from the settings in its folder or kept there."""
    if evidence.search is not None:
        return [_search(evidence.search.description.settings, evidence)]
    if evidence.slimming is not None:
        return list(evidence.slimming.commands)
    if evidence.kind is Kind.PRUNING and evidence.pruning is not None:
        return [_pruning(evidence.pruning.settings)]
    return []


def _search(settings: SearchSettings, evidence: Evidence) -> str:
    from edgeslim.searching.request import SearchRequest

    values = {
        **shared_fields(settings, SearchOptions),
        "space": settings.space,
        "target_ms": [f"{target.target_ms:g}ms" for target in settings.targets],
        "table": [table.table.path for table in evidence.tables[: len(settings.targets)]],
        "candidates": settings.candidates,
        "most_candidates": settings.most_candidates,
        "starts": [_comma(tokens) for tokens in settings.starts],
        "input_shape": _comma(settings.input_shape),
    }
    return _command("search", SearchRequest, values)


def _pruning(settings: PruneSettings) -> str:
    from edgeslim.pruning.prune import PruneRequest

    shapes = settings.input_shapes.items()
    values = {
        **shared_fields(settings, PruneOptions),
        "target_ms": None if settings.target_ms is None else f"{settings.target_ms:g}ms",
        "table": settings.table,
        "device": {"name": settings.device},
        "strategy": settings.strategy,
        "sensitivities": settings.sensitivities,
        "schedule": settings.schedule.options,
        "input_shapes": [f"{name}={_comma(shape)}" for name, shape in shapes],
        "ratios": None if settings.ratios is None else _RATIOS,
    }
    return _command("prune", PruneRequest, values)


def _command(name: str, request: type, values: Mapping[str, Any]) -> str:
    return shlex.join(["edgeslim", name, *option_words(request, {**values, "out": "AGAIN"})])


def _comma(numbers: Iterable[int]) -> str:
    return ",".join(map(str, numbers))
