"""``edgeslim space agreement``: whether cheap estimates of accuracy rank networks like training."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Annotated, Any

import typer

from edgeslim.cli.options import Seed, SpaceInput, TaskName, only_shape
from edgeslim.cli.output import Json, print_json, print_lines, print_table
from edgeslim.cli.progress import terminal_progress
from edgeslim.conversion.find_space import find_space
from edgeslim.counts import format_count
from edgeslim.durations import parse_ms
from edgeslim.errors import UsageError
from edgeslim.latency_table import LatencyTable
from edgeslim.prediction.population import PopulationPredictor
from edgeslim.prediction.predictor import Predictor
from edgeslim.searching.accuracy import EvaluationSetup
from edgeslim.searching.agreement import Agreement, JudgeAgreement, measure_agreement
from edgeslim.searching.limits import LatencyLimit
from edgeslim.spaces import Space
from edgeslim.training.tasks import find_task

__all__ = ["command"]


def command(
    space: Annotated[str, typer.Option(help="The search space.")],
    task: TaskName,
    out: Annotated[Path, typer.Option(help="File for every result, such as agreement.jsonl.")],
    networks: Annotated[int, typer.Option(help="How many networks are trained.")] = 20,
    epochs: Annotated[int, typer.Option(help="Epochs that each of them is trained.")] = 10,
    supernet: Annotated[
        Path | None, typer.Option(help="A supernet to judge: the file supernet.npz.")
    ] = None,
    short_epochs: Annotated[
        int | None, typer.Option(help="Also judge trainings of so many epochs.")
    ] = None,
    proxies: Annotated[
        str, typer.Option(help="Proxies to judge: macs,parameters,synflow,zico; or none.")
    ] = "macs,parameters",
    eval_share: Annotated[
        float, typer.Option(help="Share of the examples that the supernet judges by.")
    ] = 1.0,
    table: Annotated[
        Path | None, typer.Option(help="Latency table, for networks within a latency only.")
    ] = None,
    target_latency: Annotated[str | None, typer.Option(help="That latency: 20ms.")] = None,
    input_shape: SpaceInput = None,
    seed: Seed = 0,
    as_json: Json = False,
) -> None:
    """Measure how well a supernet, short trainings and proxies rank networks of a space.

    Networks are trained in full, and their order compared with that of each estimate: Kendall's
    tau is 1 for the same order and 0 for chance. The same command goes on after an interruption.

    Example: edgeslim space agreement --space light-nas-small --task digits --supernet
    shared/supernet.npz --proxies macs,synflow --out agreement.jsonl
    """
    if (table is None) != (target_latency is None):
        raise UsageError("--table and --target-latency go together")
    found = find_task(task)
    chosen = find_space(space, progress=terminal_progress()).space(
        only_shape(input_shape), found.num_classes
    )
    estimators = [
        *(["supernet"] if supernet else []),
        *(["training"] if short_epochs is not None else []),
    ]
    done = measure_agreement(
        EvaluationSetup(
            space=chosen,
            task=found,
            seed=seed,
            epochs=2 if short_epochs is None else short_epochs,
            supernet=supernet,
            eval_share=eval_share,
        ),
        task,
        out,
        networks=networks,
        epochs=epochs,
        estimators=estimators,
        proxies=[] if proxies == "none" else [name for name in proxies.split(",") if name],
        within=_limit(chosen, table, target_latency).are_met if table and target_latency else None,
        limits=f"{target_latency} by {table.name}" if table else "",
        progress=terminal_progress(),
    )
    if as_json:
        print_json(_document(done, out))
    else:
        _print(done, out)


def _limit(space: Space, path: Path, target_latency: str) -> LatencyLimit:
    table = LatencyTable.read(path)
    return LatencyLimit(
        device=table.context.device,
        predictor=PopulationPredictor(Predictor(table), space),
        target_ms=parse_ms(target_latency),
        confidence=0.5,
    )


def _print(done: Agreement, out: Path) -> None:
    accuracies = [row.accuracy for row in done.trained]
    print_table(
        ["", "Kendall's tau", "95 %", "Spearman's rho", "seconds each", "seconds once"],
        [
            [
                judge.judge,
                f"{judge.correlation.tau:.2f}",
                "{:.2f} to {:.2f}".format(*judge.correlation.interval),
                f"{judge.correlation.rho:.2f}",
                f"{judge.seconds_each:.2g}",
                f"{judge.seconds_once:.0f}" if judge.seconds_once else "",
            ]
            for judge in done.judges
        ],
    )
    print_lines(
        "",
        f"against {format_count(len(done.trained), 'network')} trained in full, "
        f"{done.seconds_each:.0f} s each, "
        f"whose accuracies are from {min(accuracies):.1%} to {max(accuracies):.1%}; all results "
        f"are in {out}",
        *done.notes,
    )


def _document(done: Agreement, out: Path) -> dict[str, Any]:
    return {
        "judges": [_judge(judge) for judge in done.judges],
        "trained": [
            {"tokens": row.tokens, "accuracy": row.accuracy, "seconds": row.seconds}
            for row in done.trained
        ],
        "notes": done.notes,
        "file": out,
    }


def _judge(judge: JudgeAgreement) -> dict[str, Any]:
    low, high = judge.correlation.interval
    return {
        "judge": judge.judge,
        "kendall_tau": _number(judge.correlation.tau),
        "kendall_tau_95": [_number(low), _number(high)],
        "spearman_rho": _number(judge.correlation.rho),
        "seconds_each": judge.seconds_each,
        "seconds_once": judge.seconds_once,
    }


def _number(value: float) -> float | None:
    return value if math.isfinite(value) else None
