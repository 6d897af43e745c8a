"""The section with the commands that repeat a run and its report."""

from __future__ import annotations

import shlex
from collections.abc import Iterable, Mapping

from edgeslim.reporting.document import Block, Commands, ReportSection, Text
from edgeslim.reporting.evidence import Evidence, Kind
from edgeslim.runs.search_settings import SearchSettings

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
    report = f"edgeslim report {shlex.quote(str(evidence.path))} --out report.html"
    blocks.append(Commands(title="This report", lines=[report]))
    if evidence.notes:
        blocks.append(Text(text="; ".join(evidence.notes)))
    return ReportSection(key="repeat", title="To repeat it", blocks=blocks)


def _own(evidence: Evidence) -> list[str]:
    """The command of a search or a pruning, made from the settings in its folder."""
    if evidence.search is not None:
        return [_search(evidence.search.description.settings, evidence)]
    if evidence.kind is Kind.PRUNING and evidence.pruning is not None:
        return [_pruning(evidence)]
    return []


def _search(settings: SearchSettings, evidence: Evidence) -> str:
    words = ["edgeslim", "search", "--space", settings.space, "--task", settings.task]
    for place, target in enumerate(settings.targets):
        words += ["--target-latency", f"{target.target_ms:g}ms"]
        if place < len(evidence.tables):
            words += ["--table", str(evidence.tables[place].table.path)]
    given: dict[str, object] = {
        "--algorithm": settings.algorithm,
        "--accuracy": settings.accuracy,
        "--prefilter": settings.prefilter or None,
        "--candidates": settings.candidates,
        "--most-candidates": settings.most_candidates,
        "--parallel": settings.parallel,
        "--confidence": f"{settings.confidence:g}",
        "--epochs": settings.epochs,
        "--finalists": settings.finalists,
        "--final-epochs": settings.final_epochs,
        "--seed": settings.seed,
        "--max-macs": settings.max_macs,
        "--max-paddleslim1-flops": settings.max_paddleslim1_flops,
        "--max-parameters": settings.max_parameters,
        "--max-size": settings.max_bytes,
        "--start": [_comma(tokens) for tokens in settings.starts],
        "--input-shape": _comma(settings.input_shape),
    }
    return shlex.join([*words, *_options(given), "--out", "AGAIN"])


def _comma(numbers: Iterable[int]) -> str:
    return ",".join(map(str, numbers))


def _options(given: Mapping[str, object]) -> list[str]:
    """Options and their values, without those that were not given; a list repeats its option."""
    return [
        word
        for name, values in given.items()
        for value in (values if isinstance(values, list) else [values])
        if value is not None
        for word in (name, str(value))
    ]


def _pruning(evidence: Evidence) -> str:
    assert evidence.pruning is not None  # noqa: S101 - asked for by the caller
    settings = evidence.pruning.settings
    words = ["edgeslim", "prune", settings.model]
    words += ["--keep-widths"] * settings.keep_widths
    given: dict[str, object] = {
        "--target-latency": None if settings.target_ms is None else f"{settings.target_ms:g}ms",
        "--target-macs": settings.target_macs,
        "--metric-loss": None if settings.metric_loss is None else f"{settings.metric_loss:g}",
        "--table": settings.table,
        "--device": settings.device,
        "--strategy": settings.strategy or None,
        "--criterion": settings.criterion,
        "--task": settings.task,
        "--sensitivities": settings.sensitivities,
        "--eval-share": f"{settings.eval_share:g}",
        "--match": settings.match or None,
        "--counter": settings.counter,
        "--steps": settings.steps,
        "--tries": settings.tries,
        "--epochs": settings.epochs,
        "--batch-size": settings.batch_size,
        "--learning-rate": settings.learning_rate,
        **settings.schedule.options,
        "--seed": settings.seed,
        "--input-shape": [
            f"{name}={_comma(shape)}" for name, shape in settings.input_shapes.items()
        ],
        "--ratios": None if settings.ratios is None else _RATIOS,
    }
    return shlex.join([*words, *_options(given), "--out", "AGAIN"])
