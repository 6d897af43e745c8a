"""Which strategy keeps most accuracy at the same measured latency?

    .venv/bin/python benchmarks/pruning_accuracy.py FOLDER [SEEDS]

Trains `small_mobilenet` on Fashion-MNIST from several seeds (3 unless told otherwise), profiles
it on this machine, prunes it to the same measured latencies by every strategy, trains what is
left in the same way, and prints accuracies on the 10,000 images that nothing was trained on.
Strategies see a fifth of them; a last column says what each accuracy was before training.
Writes FOLDER/accuracy.png too. What is in the folder already is not done again.
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
from machine import machine_line
from matplotlib.figure import Figure
from tabulate import tabulate

import edgeslim
from edgeslim.cli.progress import terminal_progress
from edgeslim.pictures import save_picture
from edgeslim.runs.pruning_result import Pruning

NET = f"{Path(__file__).parent / 'small_mobilenet.py'}:build"
SHAPE = (1, 3, 32, 32)
TASK = "fashion_mnist"
STRATEGIES = ("latency-optimal", "sensitivity", "uniform", "annealing")
SHARES = (0.6, 0.4)
"""Of the whole network's predicted latency."""

TRAINED = {"epochs": 2, "batch_size": 128}
TRAINED_AGAIN = {"epochs": 1, "batch_size": 128, "learning_rate": 0.02}


def main(folder: Path, seeds: int) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    bases = [base(folder, seed) for seed in range(seeds)]
    table = folder / "host.jsonl"
    if not table.exists():
        edgeslim.profile(
            "host",
            model=str(folder / "base-0"),
            budget=250,
            out=table,
            progress=terminal_progress(),
        )
    whole_ms = edgeslim.predict(str(folder / "base-0"), table).total_ms
    found = {
        (share, strategy): [
            pruned(folder, seed, strategy, share, target_ms=round(share * whole_ms, 4))
            for seed in range(seeds)
        ]
        for share in SHARES
        for strategy in STRATEGIES
    }
    print(f"whole network: {whole_ms:.3f} ms predicted, accuracy {mean(bases)}\n")
    headers = ["latency", "strategy", "accuracy", "before training", "measured", "MACs"]
    rows = [
        [
            f"{share:.0%}",
            strategy,
            mean([each.metric_after or 0 for each in results]),
            mean([each.metric_pruned or 0 for each in results]),
            ", ".join(f"{each.measured_ms:.3f}" for each in results) + " ms",
            f"{np.mean([each.macs_after / each.macs_before for each in results]) - 1:+.0%}",
        ]
        for (share, strategy), results in found.items()
    ]
    print(tabulate(rows, headers, tablefmt="github"))
    print(f"\n{machine_line()}")
    draw(folder / "accuracy.png", found, float(np.mean(bases)))


def base(folder: Path, seed: int) -> float:
    """The whole network, trained; its accuracy."""
    done = edgeslim.train(
        NET,
        task=TASK,
        out=folder / f"base-{seed}",
        input_shape=SHAPE,
        seed=seed,
        progress=terminal_progress(),
        **TRAINED,
    )
    return done.metrics["accuracy"]


def pruned(folder: Path, seed: int, strategy: str, share: float, *, target_ms: float) -> Pruning:
    known = folder / f"sensitivities-{seed}.jsonl"
    edgeslim.sensitivity(
        str(folder / f"base-{seed}"),
        task=TASK,
        eval_share=0.2,
        out=known,
        progress=terminal_progress(),
    )
    return edgeslim.prune(
        str(folder / f"base-{seed}"),
        out=folder / f"{strategy}-{share:g}-{seed}",
        target_ms=target_ms,
        table=folder / "host.jsonl",
        device="host",
        strategy=strategy,
        task=TASK,
        sensitivities=known,
        eval_share=0.2,
        tries=60,
        seed=seed,
        progress=terminal_progress(),
        **TRAINED_AGAIN,
    )


def mean(values: list[float]) -> str:
    """Mean and range."""
    return f"{np.mean(values):.2%} ({min(values):.2%} to {max(values):.2%})"


def draw(path: Path, found: dict[tuple[float, str], list[Pruning]], whole: float) -> None:
    figure = Figure(figsize=(7, 4.5))
    axes = figure.subplots()
    for strategy in STRATEGIES:
        points = [
            (each.measured_ms or 0, each.metric_after or 0)
            for (_, name), results in found.items()
            if name == strategy
            for each in results
        ]
        axes.scatter(*zip(*points, strict=True), label=strategy, s=28)
    axes.axhline(whole, linestyle=":", color="grey", label="whole network")
    axes.set(xlabel="measured latency, ms", ylabel="accuracy", title="Fashion-MNIST")
    axes.legend()
    figure.tight_layout()
    save_picture(figure, path)


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]) if len(sys.argv) > 2 else 3)
