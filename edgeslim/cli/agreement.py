"""``edgeslim space agreement``: whether cheap estimates of accuracy rank networks like training."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

from edgeslim.cli.output import Json, print_json, print_lines, print_table
from edgeslim.cli.request_options import with_options
from edgeslim.counts import format_count
from edgeslim.searching.agreement import (
    Agreement,
    AgreementRequest,
    JudgeAgreement,
    measure_agreement,
)

__all__ = ["command"]


@with_options
def command(request: AgreementRequest, as_json: Json = False) -> None:
    """Measure how well a supernet, short trainings and proxies rank networks of a space.

    Networks are trained in full, and their order compared with that of each estimate: Kendall's
    tau is 1 for the same order and 0 for chance. The same command goes on after an interruption.

    Example: edgeslim space agreement --space light-nas-small --task digits --supernet
    shared/supernet.npz --proxies macs,synflow --out agreement.jsonl
    """
    done = measure_agreement(request)
    if as_json:
        print_json(_document(done, request.out))
    else:
        _print(done, request.out)


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
