"""The tables of a Snapdragon 855 that come with edgeslim: how they are made, and how far off.

    .venv/bin/python benchmarks/snapdragon_855.py [--write FOLDER]

`snapdragon_855.csv`, beside this file, has published latencies of 41 networks of seven families by
one, two and four threads. With --write the networks are built and fused as Paddle-Lite's optimizer
does it for Arm, their multiply-accumulates and parameters compared with the published ones, and
three tables written. Without it each table that comes with edgeslim is judged: one family after
the other is left out and predicted from the others, beside a line through multiply-accumulates and
parameters. At last, its operators beside 595 convolutions that others timed on such a phone, alone
and with another version of Paddle-Lite, from which nothing was fitted.
"""

from __future__ import annotations

import csv
import math
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
from prediction import HEADERS, figures
from tabulate import tabulate

from edgeslim.conversion.prepare import prepare_layer
from edgeslim.durations import now
from edgeslim.execution import Execution, PowerMode, Precision, Target
from edgeslim.files import write_bytes
from edgeslim.graph import Graph
from edgeslim.latency_rows import NetworkRow, TableContext, encode_row
from edgeslim.latency_table import LatencyTable
from edgeslim.measurement import Measurement
from edgeslim.ops import macs
from edgeslim.opspec import OpSpec
from edgeslim.paddle_io.importing import load_paddle
from edgeslim.prediction.network_features import Array
from edgeslim.prediction.predictor import Predictor
from edgeslim.profiling.workload import optimize_networks
from edgeslim.resources import data_folder
from edgeslim.targets import Place
from edgeslim.version import __version__

THREADS = (1, 2, 4)
PUBLISHED = Path(__file__).parent / "snapdragon_855.csv"
FOLDER = data_folder("latency_tables") / "snapdragon-855"
SOURCE = (
    "PaddlePaddle/PaddleClas docs/zh_CN/models/ImageNet1k/README.md and "
    "docs/en/models/PP-LCNet_en.md at d178931 (Apache-2.0), latencies of 41 whole networks; "
    "operators are estimated from them; not recorded: samples, power mode (taken as high), version "
    "of Paddle-Lite"
)
Line = Callable[[Array], Array]


@dataclass(frozen=True, kw_only=True, slots=True)
class Published:
    """What was published of a network.

    Args:
        name: Family and width, such as ``GhostNet_x0_5``.
        latencies_ms: Latency by each number of threads.
        work: Millions of multiply-accumulates and of parameters.
    """

    name: str
    latencies_ms: dict[int, float]
    work: tuple[float, float]

    @property
    def family(self) -> str:
        """Both sizes of MobileNetV3 are one family."""
        return self.name.split("_")[0]


def published() -> list[Published]:
    """The networks of the file."""
    lines = [line for line in PUBLISHED.read_text().splitlines() if not line.startswith("#")]
    return [
        Published(
            name=row["name"],
            latencies_ms={threads: float(row[f"ms_{threads}"]) for threads in THREADS},
            work=(float(row["million_macs"]), float(row["million_parameters"])),
        )
        for row in csv.DictReader(lines)
    ]


def table_name(threads: int) -> str:
    return "snapdragon-855" if threads == 1 else f"snapdragon-855-{threads}-threads"


def write_tables(folder: Path) -> None:
    """Builds all networks and writes a table for each number of threads."""
    load_paddle()
    from mobile_networks import build_network

    networks, graphs, compared = published(), {}, []
    for network in networks:
        layer = build_network(network.name)
        parameters = sum(math.prod(parameter.shape) for parameter in layer.parameters()) / 1e6
        with TemporaryDirectory() as scratch:
            model = prepare_layer(layer, (1, 3, 224, 224), Path(scratch) / "m", name=network.name)
            (optimized,) = optimize_networks([model], Place.of(Target.ARM), Path(scratch))
        graphs[network.name] = Graph.of_unwired(optimized.graph.specs)
        count = macs(optimized.graph.specs) / 1e6
        compared.append([network.name, count, network.work[0], parameters, network.work[1]])
    headers = ["network", "million MACs", "published", "million parameters", "published"]
    print(tabulate(compared, headers=headers, floatfmt=".2f", tablefmt="github"), "\n")
    for threads in THREADS:
        rows = [
            NetworkRow(
                name=network.name,
                graph=graphs[network.name],
                measurements=(
                    Measurement(samples_ns=(round(network.latencies_ms[threads] * 1e6),)),
                ),
            )
            for network in networks
        ]
        lines = [encode_row(row) for row in (context(threads), *rows)]
        write_bytes(folder / f"{table_name(threads)}.jsonl", b"\n".join(lines) + b"\n")


def context(threads: int) -> TableContext:
    return TableContext(
        device="snapdragon-855",
        hardware="Qualcomm Snapdragon 855",
        execution=Execution(
            target=Target.ARM,
            precision=Precision.FP32,
            threads=threads,
            power_mode=PowerMode.HIGH,
        ),
        library_version="not recorded",
        runner="imported from published latencies",
        created=now(),
        edgeslim=__version__,
        provenance=SOURCE,
    )


def judge() -> None:
    """Predicts each family from the others, by each number of threads."""
    networks = published()
    families = np.array([network.family for network in networks])
    rows, by_family = [], []
    for threads in THREADS:
        table = LatencyTable.read(FOLDER / f"{table_name(threads)}.jsonl")
        truth = np.array([network.latencies_ms[threads] for network in networks])
        predicted, line = np.empty(len(networks)), np.empty(len(networks))
        inside = np.zeros(len(networks), np.bool_)
        work = np.array([network.work for network in networks])
        for family in dict.fromkeys(families.tolist()):
            left = families == family
            names = {network.name for network in networks if network.family == family}
            predictor = Predictor(table, without=names)
            for place in np.flatnonzero(left):
                found = predictor.predict(table.networks[networks[place].name].graph.specs)
                low, high = found.interval_ms or (math.inf, -math.inf)
                predicted[place], inside[place] = found.total_ms, low <= truth[place] <= high
            prices, *_ = np.linalg.lstsq(
                work[~left] / truth[~left, None], np.ones((~left).sum()), rcond=None
            )
            line[left] = work[left] @ prices
            by_family.append(
                figures(
                    f"{family}, {threads}",
                    predicted[left],
                    truth[left],
                    f"{inside[left].mean():.0%}",
                )
            )
        title = f"{threads} thread{'s' if threads > 1 else ''}"
        rows.append(figures(f"{title}: edgeslim", predicted, truth, f"{inside.mean():.0%}"))
        rows.append(figures(f"{title}: MACs + parameters", line, truth))
    print(tabulate(rows, headers=HEADERS, tablefmt="github"), "\n")
    print(tabulate(by_family, headers=HEADERS, tablefmt="github"), "\n")


def compare_operators() -> None:
    """Operators of the fit beside convolutions that were timed alone."""
    alone = LatencyTable.read(FOLDER / "latency_855.jsonl")
    fitted = Predictor(LatencyTable.read(FOLDER / f"{table_name(1)}.jsonl")).rows
    groups: dict[str, list[tuple[OpSpec, float]]] = {}
    for spec, states in alone.latencies_ms().items():
        (height, width), (stride, _) = spec.weights["Filter"][0][2:], spec.attributes["strides"]
        title = f"{spec.kind} {height}x{width}, stride {stride}"
        groups.setdefault(title, []).extend((spec, latency) for latency in states.values())
    rows = []
    for title, group in sorted(groups.items()):
        predicted = fitted.layout.networks(fitted.of([spec for spec, _ in group])).totals_ms[:, 0]
        ratios = np.array([latency for _, latency in group]) / predicted
        low, middle, high = np.quantile(ratios, [0.1, 0.5, 0.9])
        errors = np.array([fitted.error(spec) for spec, _ in group])
        rows.append([title, len(group), middle, low, high, f"{np.median(errors):.0%}"])
    headers = ["timed alone over estimated", "operators", "median", "10 %", "90 %", "said error"]
    print(tabulate(rows, headers=headers, floatfmt=".2f", tablefmt="github"))


if __name__ == "__main__":
    if sys.argv[1:2] == ["--write"]:
        write_tables(Path(sys.argv[2]))
    else:
        judge()
        compare_operators()
