"""How long do channel groups of a model take, and a model with half the channels on disk?

    .venv/bin/python benchmarks/channel_groups.py

Each network is prepared once, which is not counted. Then, best of three: groups of its graph
(`channels_of`), the graph with half of each group (`prune_graph`), and parameters and
description cut to it and written (`write_pruned`).
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TypeVar

from machine import machine_line
from tabulate import tabulate

from edgeslim.channels.groups import channels_of
from edgeslim.channels.plan import Selection, keep_first
from edgeslim.channels.prune_graph import prune_graph
from edgeslim.conversion.model_source import find_model
from edgeslim.conversion.prepare import prepare
from edgeslim.conversion.pruned_model import write_pruned

VISION = Path(__file__).with_name("vision_models.py")
NAMES = (
    "mobilenet-v1",
    "mobilenet-v2",
    "resnet50",
    f"{VISION}:mobilenet_v3_large",
    f"{VISION}:shufflenet_v2_x1_0",
    f"{VISION}:squeezenet1_1",
    f"{VISION}:googlenet",
    f"{VISION}:densenet121",
)
Result = TypeVar("Result")


def best(work: Callable[[], Result]) -> tuple[float, Result]:
    """Seconds of the fastest of three runs, and what it gave."""
    seconds = []
    for _ in range(3):
        start = time.perf_counter()
        result = work()
        seconds.append(time.perf_counter() - start)
    return min(seconds), result


def main() -> None:
    rows = []
    for name in NAMES:
        with TemporaryDirectory() as folder:
            model = prepare(
                find_model(name), Path(folder, "whole"), input_shapes={"": (1, 3, 224, 224)}
            )
            grouping, channels = best(lambda model=model: channels_of(model.graph))
            plan = keep_first({group.name: -(-group.width // 2) for group in channels.groups})
            selection = Selection(channels, plan)
            shapes, _ = best(
                lambda model=model, selection=selection: prune_graph(model.graph, selection)
            )
            target = Path(folder, "half", "model")
            cutting, _ = best(
                lambda model=model, selection=selection, target=target: write_pruned(
                    model, selection, target
                )
            )
        short = name.rpartition(":")[2]
        counts = [len(channels.groups), len(channels.producers)]
        seconds = [f"{each:.2f} s" for each in (grouping, shapes, cutting)]
        rows.append([short, *counts, *seconds])
        sys.stderr.write(f"{short} done\n")
    headers = ["model", "groups", "weights", "grouping", "pruned graph", "read, cut and written"]
    print(machine_line())
    print(tabulate(rows, headers=headers, disable_numparse=True))


if __name__ == "__main__":
    main()
