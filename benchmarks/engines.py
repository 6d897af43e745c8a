"""Which engine is the fastest for networks of `paddle.vision`, and which converts small networks?

    .venv/bin/python benchmarks/engines.py [--threads 1,2] [--rounds 12] [--networks NAMES]
    .venv/bin/python benchmarks/engines.py --corpus 300 --out runs/engine_corpus.jsonl

The first prints the latency of each network with every engine that is installed over that of
Paddle-Lite in the same rounds, with its interval; what is refused or wrong says so. The second
sends small networks of every operator, by a seed, along the roads of every engine: each is proved,
refused with its reason, or wrong, which the proof says. Results that are there already are not
made again.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from machine import machine_line
from operator_networks.case import Case
from operator_networks.draws import corpus
from operator_networks.network import build
from tabulate import tabulate

import edgeslim
from edgeslim.conversion.prepare import PreparedModel, prepare_layer
from edgeslim.deployment.engine_choice import attach_engines
from edgeslim.deployment.prove_variants import prove_variants
from edgeslim.deployment.speedup import speedup_of
from edgeslim.deployment.variants import convert_variants
from edgeslim.engines import ALL, DEFAULT
from edgeslim.errors import EdgeslimError, ModelError
from edgeslim.execution import Precision
from edgeslim.files import temporary_folder
from edgeslim.measuring.device_session import DeviceSession, open_device

MODELS = Path(__file__).with_name("vision_models.py")
NETWORKS = (
    "mobilenet_v1",
    "mobilenet_v2",
    "mobilenet_v3_large",
    "resnet18",
    "shufflenet_v2_x1_0",
    "squeezenet1_1",
)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--networks", default=",".join(NETWORKS))
    parser.add_argument("--threads", default="1")
    parser.add_argument("--rounds", type=int, default=12)
    parser.add_argument("--corpus", type=int, default=0, help="how many small networks")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--out", type=Path, default=Path("runs/engine_corpus.jsonl"))
    given = parser.parse_args()
    if given.corpus:
        _run_corpus(given)
    else:
        threads = [int(count) for count in given.threads.split(",")]
        _compare(given.networks.split(","), threads, given.rounds)
    print(machine_line())


def _compare(networks: Sequence[str], threads: Sequence[int], rounds: int) -> None:
    """Prints the latency of each network with each engine over Paddle-Lite's."""
    table: dict[tuple[str, int], dict[str, str]] = {}
    for network in networks:
        with TemporaryDirectory() as folder:
            done = edgeslim.deploy(
                f"{MODELS}:{network}",
                out=Path(folder),
                input_shapes={"": (1, 3, 224, 224)},
                engines=[ALL],
                threads=threads,
                rounds=rounds,
                baseline="none",
            )
        plain = {model.threads: model for model in done.models if model.engine == DEFAULT}
        for model in done.models:
            cells = table.setdefault((model.engine, model.threads), {})
            found = speedup_of(plain[model.threads], model) if model.threads in plain else None
            if model.engine == DEFAULT or found is None:
                cells[network] = f"{model.latency_ms:.2f} ms"
            else:
                low, high = found.interval
                cells[network] = f"{found.ratio:.2f} ({low:.2f}-{high:.2f})"
        for failure in done.failures:
            for count in threads if failure.threads is None else [failure.threads]:
                table.setdefault((failure.engine, count), {})[network] = "not right"
            print(f"{network}, {failure.engine}: {failure.reason}")
        sys.stderr.write(f"{network} done\n")
    rows = [
        [engine, count, *(cells.get(network, "") for network in networks)]
        for (engine, count), cells in table.items()
    ]
    print(tabulate(rows, headers=["engine", "threads", *networks], tablefmt="github"))


def _run_corpus(given: argparse.Namespace) -> None:
    """Sends small networks along all roads, and prints how many ended how."""
    given.out.parent.mkdir(parents=True, exist_ok=True)
    records = [json.loads(line) for line in given.out.open()] if given.out.exists() else []
    done = {json.dumps(record["case"]) for record in records}
    cases = [case for case in corpus(given.corpus, given.seed) if case.line not in done]
    with open_device("host") as host, given.out.open("a") as out:
        sessions, absent = attach_engines([host], [ALL])
        print(*absent, sep="\n", file=sys.stderr)
        for number, case in enumerate(cases):
            record = _try_case(case, sessions)
            records.append(record)
            out.write(json.dumps(record) + "\n")
            out.flush()
            sys.stderr.write(f"\r{number + 1} of {len(cases)}")
    counts: dict[str, Counter[str]] = {}
    for record in records:
        for engine, end in record["engines"].items():
            counts.setdefault(engine, Counter())[end["status"]] += 1
    for engine, ends in counts.items():
        shown = ", ".join(f"{count} {status}" for status, count in ends.most_common())
        print(f"{engine}: {shown}")


def _try_case(case: Case, sessions: Sequence[DeviceSession]) -> dict[str, Any]:
    """What came of one small network with each engine; nothing if Paddle does not compute it."""
    record: dict[str, Any] = {"case": json.loads(case.line), "engines": {}}
    with temporary_folder() as folder:
        try:
            prepared = prepare_layer(build(case), case.shape, folder / "model", name="network")
        except Exception as error:  # noqa: BLE001 - Paddle raises what it likes
            record["unprepared"] = " ".join(str(error).split())[-200:]
            return record
        for engine, status, message in _ends(prepared, sessions, folder):
            record["engines"][engine] = {"status": status, "message": message}
    return record


def _ends(
    prepared: PreparedModel, sessions: Sequence[DeviceSession], folder: Path
) -> Iterator[tuple[str, str, str]]:
    for session in sessions:
        try:
            variants, _ = convert_variants(prepared, [Precision.FP32], [session], folder)
        except EdgeslimError as error:
            yield session.engine, "refused", str(error)
            continue
        try:
            ((variant, _),), _ = prove_variants(variants, folder)
        except ModelError as error:
            status = "wrong" if "computes something else" in str(error) else "asks"
            yield session.engine, status, str(error)
        except EdgeslimError as error:
            yield session.engine, "does not run", str(error)
        else:
            yield session.engine, "proved", variant.road.name if variant.road else ""


if __name__ == "__main__":
    main()
