"""Does a supernet rank networks as their own trainings do, and what do proxies know?

    .venv/bin/python benchmarks/supernet.py FOLDER [SEED] [--quick] [--again]

On 12,000 images of Fashion-MNIST at 16x16, in the space narrow_light_nas.py: trains one supernet,
and 20 networks each by itself, and prints for each estimate Kendall's tau and Spearman's rho
with those trainings, and what each costs. With ``--again`` the 20 are trained from other first
weights as well: how far trainings agree among themselves is what an estimate can reach at most.
``--quick`` shows in some minutes that all of it works; its figures mean nothing. What is in the
folder already is not done again.
"""

from __future__ import annotations

import argparse
import os
from dataclasses import dataclass, replace
from pathlib import Path

from machine import machine_line
from narrow_light_nas import SPACE as NARROW
from tabulate import tabulate

from edgeslim.cli.progress import terminal_progress
from edgeslim.searching.agreement import Agreement, AgreementRequest, measure_agreement
from edgeslim.searching.rank_correlation import RankCorrelation, rank_correlation
from edgeslim.training.train_supernet import SUPERNET_FILE, train_supernet

SPACE = NARROW.space((1, 1, 16, 16), 10)
TASK = str(Path(__file__).parent / "fewer_clothes.py")
PROXIES = ("macs", "parameters", "synflow", "zico")


@dataclass(frozen=True, kw_only=True)
class Size:
    """How much is done; batches are of 64."""

    networks: int
    epochs: int
    supernet_epochs: int
    images: int


FULL = Size(networks=20, epochs=10, supernet_epochs=20, images=12_000)
QUICK = Size(networks=4, epochs=1, supernet_epochs=1, images=640)


def main(folder: Path, seed: int, size: Size, *, again: bool) -> None:
    os.environ["CLOTHES"] = str(size.images)
    supernet = train_supernet(
        SPACE,
        TASK,
        folder / "supernet",
        epochs=size.supernet_epochs,
        seed=seed,
        progress=terminal_progress(),
    )
    request = AgreementRequest(
        SPACE,
        TASK,
        folder / "agreement.jsonl",
        networks=size.networks,
        epochs=size.epochs,
        supernet=folder / "supernet" / SUPERNET_FILE,
        short_epochs=1,
        short_batch_size=64,
        proxies=PROXIES,
        eval_share=0.3,
        seed=seed,
        progress=terminal_progress(),
    )
    done = measure_agreement(request)
    rows = [
        row(each.judge, each.correlation, each.seconds_each, each.seconds_once)
        for each in done.judges
    ]
    if again:
        rows.append(trained_again(request, done))
    print(tabulate(rows, ["", "tau", "95 %", "rho", "s each", "s once"], tablefmt="github"))
    accuracies = sorted(each.accuracy for each in done.trained)
    print(
        f"\n{len(accuracies)} trainings of {done.seconds_each:.0f} s, accuracies "
        f"{accuracies[0]:.2%} to {accuracies[-1]:.2%}; the supernet's took "
        f"{supernet.about.seconds / done.seconds_each:.1f} times as long as one\n{machine_line()}"
    )


def trained_again(request: AgreementRequest, done: Agreement) -> list[str]:
    """What the same trainings from other first weights and in another order say."""
    other = replace(
        request,
        out=request.out.with_name("again.jsonl"),
        seed=request.seed + 1000,
        supernet=None,
        short_epochs=None,
        proxies=(),
        drawn=[each.tokens for each in done.trained],
    )
    again = measure_agreement(other)
    correlation = rank_correlation(
        [each.accuracy for each in done.trained], [each.accuracy for each in again.trained]
    )
    return row("the same trainings again", correlation, again.seconds_each, 0)


def row(name: str, found: RankCorrelation, each: float, once: float) -> list[str]:
    low, high = found.interval
    spread = f"{low:.2f} to {high:.2f}"
    return [name, f"{found.tau:.2f}", spread, f"{found.rho:.2f}", f"{each:.3g}", f"{once:.0f}"]


if __name__ == "__main__":
    parser = argparse.ArgumentParser(usage=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("seed", type=int, nargs="?", default=0)
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--again", action="store_true")
    asked = parser.parse_args()
    main(asked.folder, asked.seed, QUICK if asked.quick else FULL, again=asked.again)
