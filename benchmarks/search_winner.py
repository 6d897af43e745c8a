"""What is a search worth? Its winner beside the space's own start, random search and annealing.

    .venv/bin/python benchmarks/search_winner.py FOLDER [SEED ...] [--supernet]

On 12,000 images of Fashion-MNIST at 16x16, in the space narrow_light_nas.py, on this machine. The
limit is four fifths of what the space's start (MobileNetV2's tokens) takes. From each seed (0, 1
and 2 by default) our search trains 20 networks for one epoch and its four finalists for ten;
random search and annealing train 60 networks for one epoch, which is as many epochs. With
``--supernet``, another judges 200 by a supernet and has four finalists as well. Then every winner
and the start are trained alike from two other seeds, for ten epochs, and measured side by side.
What is in the folder already is not done again.
"""

from __future__ import annotations

import argparse
import statistics
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from fewer_clothes import TASK as CLOTHES
from machine import machine_line
from narrow_light_nas import SPACE as NARROW
from tabulate import tabulate

import edgeslim
from edgeslim.cli.progress import terminal_progress
from edgeslim.files import read_json, write_json
from edgeslim.measuring.device_session import open_device
from edgeslim.progress import SILENT
from edgeslim.runs.search_run import RunFolder
from edgeslim.searching.measuring import measure_candidates
from edgeslim.spaces import Tokens
from edgeslim.training.train_supernet import SUPERNET_FILE, train_supernet

HERE = Path(__file__).parent
NAME = str(HERE / "narrow_light_nas.py")
SHAPE = (1, 1, 16, 16)
SPACE = NARROW.space(SHAPE, CLOTHES.num_classes)
TASK = str(HERE / "fewer_clothes.py")
SHARE = 0.8
"""Of what the start is predicted to take."""
TRAINED, FINALISTS, EPOCHS = 20, 4, 10
"""Candidates of our search, its finalists, and how long those are trained."""
BY_SUPERNET, SUPERNET_EPOCHS = 200, 8
EQUAL = TRAINED + FINALISTS * EPOCHS
"""Networks that the others train for an epoch."""
JUDGES = (1000, 2000)
"""Added to the seed of a search: nobody wins by the luck of the training that it won with."""


@dataclass(frozen=True, kw_only=True)
class Found:
    """A network, and what it took to find it."""

    tokens: Tokens
    seconds: float


def main(folder: Path, seeds: Sequence[int], *, supernet: bool) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    table = folder / "host.jsonl"
    if not table.exists():
        edgeslim.profile(
            "host", space=NAME, input_shapes={"": SHAPE}, out=table, progress=terminal_progress()
        )
    start = SPACE.initial_tokens
    built = edgeslim.build_network(NAME, start, folder / "start", input_shape=SHAPE)
    limit_ms = SHARE * edgeslim.predict(str(built), table).total_ms
    print(f"limit {limit_ms * 1e3:.1f} us, {SHARE:.0%} of the start's prediction\n")
    rows = [
        row for seed in seeds for row in seed_rows(folder, table, limit_ms, seed, supernet=supernet)
    ]
    headers = ["seed", "", "accuracy", "to the start", "measured", "faster", "search"]
    print(tabulate(rows, headers, tablefmt="github"))
    print(f"\n{machine_line()}")


def seed_rows(
    folder: Path, table: Path, limit_ms: float, seed: int, *, supernet: bool
) -> list[list[object]]:
    """What each way found from one seed."""
    final = {"finalists": FINALISTS, "final_epochs": EPOCHS}
    networks = {
        "the start": Found(tokens=SPACE.initial_tokens, seconds=0),
        f"surrogate, {TRAINED} trained, {FINALISTS} finalists": searched(
            folder / f"surrogate-{seed}", table, limit_ms, seed=seed, candidates=TRAINED, **final
        ),
    }
    if supernet:
        networks[f"surrogate, {BY_SUPERNET} by supernet, {FINALISTS} finalists"] = by_supernet(
            folder, table, limit_ms, seed, final
        )
    for name in ("random", "annealing"):
        networks[f"{name}, {EQUAL} trained"] = searched(
            folder / f"{name}-{seed}",
            table,
            limit_ms,
            seed=seed,
            algorithm=name,
            candidates=EQUAL,
        )
    took_ms = side_by_side([found.tokens for found in networks.values()])
    accuracies = [judged(folder, found.tokens, seed) for found in networks.values()]
    return [
        [
            seed,
            name,
            f"{accuracy:.2%}",
            f"{100 * (accuracy - accuracies[0]):+.2f}",
            f"{ms * 1e3:.1f} us",
            f"{took_ms[0] / ms - 1:+.0%}",
            f"{found.seconds:.0f} s",
        ]
        for (name, found), ms, accuracy in zip(networks.items(), took_ms, accuracies, strict=True)
    ]


def by_supernet(
    folder: Path, table: Path, limit_ms: float, seed: int, final: dict[str, int]
) -> Found:
    """The supernet's training, evaluations with it, and finalists."""
    shared = folder / f"supernet-{seed}"
    supernet = train_supernet(
        SPACE, TASK, shared, epochs=SUPERNET_EPOCHS, seed=seed, progress=terminal_progress()
    )
    found = searched(
        folder / f"by-supernet-{seed}",
        table,
        limit_ms,
        seed=seed,
        candidates=BY_SUPERNET,
        supernet=shared / SUPERNET_FILE,
        **final,
    )
    return Found(tokens=found.tokens, seconds=supernet.about.seconds + found.seconds)


def searched(out: Path, table: Path, limit_ms: float, **options: object) -> Found:
    """A search, and the time that it took when it was done."""
    file = out.with_suffix(".json")
    if not file.exists():
        began = time.perf_counter()
        edgeslim.search(
            limit_ms,
            space=NAME,
            table=table,
            task=TASK,
            input_shape=SHAPE,
            epochs=1,
            out=out,
            progress=terminal_progress(),
            **options,
        )
        write_json(file, {"seconds": time.perf_counter() - began})
    return Found(
        tokens=RunFolder(out).result().best.tokens,
        seconds=read_json(file, dict[str, float])["seconds"],
    )


def judged(folder: Path, tokens: Tokens, seed: int) -> float:
    """Mean accuracy of trainings that no search has seen."""
    return statistics.mean(trained(folder, tokens, seed + more) for more in JUDGES)


def trained(folder: Path, tokens: Tokens, seed: int) -> float:
    """Accuracy of a whole training."""
    file = folder / "trained" / f"{'.'.join(map(str, tokens))}-{seed}.json"
    if not file.exists():
        done = edgeslim.train(
            NAME,
            tokens=tokens,
            task=TASK,
            input_shape=SHAPE,
            epochs=EPOCHS,
            seed=seed,
            out=file.with_suffix(""),
            progress=terminal_progress(),
        )
        write_json(file, {"accuracy": next(iter(done.metrics.values()))})
    return read_json(file, dict[str, float])["accuracy"]


def side_by_side(networks: list[Tokens]) -> list[float]:
    """What networks take here in ms, interleaved; each once, whoever found it."""
    with open_device("host") as session:
        rows = measure_candidates(session, SPACE, networks, SILENT)
    return [row.latency_ms for row in rows]


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("folder", type=Path)
    parser.add_argument("seeds", type=int, nargs="*")
    parser.add_argument("--supernet", action="store_true")
    given = parser.parse_args()
    main(given.folder, given.seeds or [0, 1, 2], supernet=given.supernet)
