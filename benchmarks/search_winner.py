"""What is a search worth? Its winner beside the space's own start, random search and annealing.

    .venv/bin/python benchmarks/search_winner.py FOLDER [SEEDS]

On 12,000 images of Fashion-MNIST at 16x16, in the space narrow_light_nas.py, on this machine. The
limit is four fifths of what the space's start (MobileNetV2's tokens) takes. From each seed:
a supernet is trained, a search judges 200 candidates with it, and random search and annealing
judge as many by trainings of one epoch as the supernet and the search took time for. Every
winner and the start are then trained alike, ten epochs, and measured side by side. What is in
the folder already is not done again.
"""

from __future__ import annotations

import sys
import time
from dataclasses import dataclass
from pathlib import Path

from fewer_clothes import TASK as CLOTHES
from machine import machine_line
from narrow_light_nas import SPACE as NARROW
from tabulate import tabulate

import edgeslim
from edgeslim.cli.progress import terminal_progress
from edgeslim.files import read_json, write_json
from edgeslim.profiling.device_session import open_device
from edgeslim.progress import SILENT
from edgeslim.searching.measuring import measure
from edgeslim.searching.run_folder import RunFolder
from edgeslim.spaces import Tokens
from edgeslim.training.train_supernet import SUPERNET_FILE, train_supernet

HERE = Path(__file__).parent
NAME = str(HERE / "narrow_light_nas.py")
SHAPE = (1, 1, 16, 16)
SPACE = NARROW.space(SHAPE, CLOTHES.num_classes)
TASK = str(HERE / "fewer_clothes.py")
SHARE = 0.8
"""Of what the start is predicted to take."""
CANDIDATES = 200
SUPERNET_EPOCHS = 8
EPOCHS = 10


@dataclass(frozen=True, kw_only=True)
class Found:
    """A network, and what it took to find it."""

    tokens: Tokens
    seconds: float
    evaluated: int


def main(folder: Path, seeds: int) -> None:
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
    rows = []
    for seed in range(seeds):
        alone_s, start_accuracy = trained(folder, start, seed)
        ours = by_supernet(folder, table, limit_ms, seed)
        others = {
            name: by_trainings(
                folder, table, limit_ms, seed=seed, algorithm=name, seconds=ours.seconds
            )
            for name in ("random", "annealing")
        }
        networks = {"the start": Found(tokens=start, seconds=0, evaluated=0)}
        networks |= {f"surrogate, {ours.evaluated} by supernet": ours}
        networks |= {f"{name}, {found.evaluated} trained": found for name, found in others.items()}
        took_ms = side_by_side([found.tokens for found in networks.values()])
        for (name, found), ms in zip(networks.items(), took_ms, strict=True):
            _, accuracy = trained(folder, found.tokens, seed)
            whole_s = alone_s * max(found.evaluated, 1)
            rows.append(
                [
                    seed,
                    name,
                    f"{accuracy:.2%}",
                    f"{accuracy - start_accuracy:+.2%}",
                    f"{ms * 1e3:.1f} us",
                    f"{took_ms[0] / ms - 1:+.0%}",
                    f"{found.seconds:.0f} s",
                    f"{found.seconds / whole_s:.3f}",
                ]
            )
    headers = ["seed", "", "accuracy", "to start", "measured", "faster", "search", "of training"]
    print(tabulate(rows, headers, tablefmt="github"))
    print(f"\n{machine_line()}")


def by_supernet(folder: Path, table: Path, limit_ms: float, seed: int) -> Found:
    """Our search: the supernet's training and 200 evaluations."""
    shared = folder / f"supernet-{seed}"
    supernet = train_supernet(
        SPACE, TASK, shared, epochs=SUPERNET_EPOCHS, seed=seed, progress=terminal_progress()
    )
    found = searched(
        folder / f"surrogate-{seed}",
        table,
        limit_ms,
        seed=seed,
        algorithm="surrogate",
        candidates=CANDIDATES,
        supernet=shared / SUPERNET_FILE,
    )
    return Found(
        tokens=found.tokens,
        seconds=supernet.about.seconds + found.seconds,
        evaluated=found.evaluated,
    )


def by_trainings(
    folder: Path, table: Path, limit_ms: float, *, seed: int, algorithm: str, seconds: float
) -> Found:
    """As many trainings of one epoch as there is time for."""
    one_s = trained(folder, SPACE.initial_tokens, seed)[0] / EPOCHS
    return searched(
        folder / f"{algorithm}-{seed}",
        table,
        limit_ms,
        seed=seed,
        algorithm=algorithm,
        candidates=max(4, round(seconds / one_s)),
        epochs=1,
    )


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
            out=out,
            progress=terminal_progress(),
            **options,
        )
        write_json(file, {"seconds": time.perf_counter() - began})
    result = RunFolder(out).result()
    return Found(
        tokens=result.best.tokens,
        seconds=read_json(file, dict[str, float])["seconds"],
        evaluated=len(result.candidates),
    )


def trained(folder: Path, tokens: Tokens, seed: int) -> tuple[float, float]:
    """Seconds and accuracy of a whole training."""
    file = folder / "trained" / f"{'.'.join(map(str, tokens))}-{seed}.json"
    if not file.exists():
        began = time.perf_counter()
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
        accuracy = next(iter(done.metrics.values()))
        write_json(file, {"seconds": time.perf_counter() - began, "accuracy": accuracy})
    known = read_json(file, dict[str, float])
    return known["seconds"], known["accuracy"]


def side_by_side(networks: list[Tokens]) -> list[float]:
    """What networks take here in ms, interleaved; each once, whoever found it."""
    with open_device("host") as session:
        rows = measure(session, SPACE, networks, SILENT)
    return [row.latency_ms for row in rows]


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]) if len(sys.argv) > 2 else 3)
