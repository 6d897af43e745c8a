"""What is gained in a busy hour if a run counts with the time that it had a core?

    .venv/bin/python benchmarks/core_time.py [TURNS]

Times operators of MobileNetV2 (hot, and after 8 and 64 MB of other memory) and small networks in
turns (12 unless told otherwise): in each once as every run took, waiting for other programs
included, and once with the time that it had a core, in alternating order. Prints how far the same
network or operator is apart between turns (standard deviation, as the median over all), how many
were marked as disturbed, and how long each way took, waiting for quiet moments included.
"""

from __future__ import annotations

import sys
import tempfile
import time
from collections import defaultdict
from dataclasses import replace
from pathlib import Path

import msgspec
import numpy as np
from machine import machine_line
from tabulate import tabulate

from edgeslim.conversion.model_source import find_model
from edgeslim.conversion.operator_jobs import model_job, operator_jobs, reference_operator
from edgeslim.conversion.optimized import fused_graph, optimize
from edgeslim.conversion.prepare import prepare
from edgeslim.errors import EdgeslimError
from edgeslim.measuring.device_session import DeviceSession, open_device
from edgeslim.measuring.drift import DriftWatch
from edgeslim.profiling.operators import operator_states
from edgeslim.runner.job import Job
from edgeslim.runner.protocol import Sampling

NETWORKS = [("mobilenet-v1", 64), ("mobilenet-v1", 96), ("mobilenet-v2", 64), ("light-nas", 64),
            ("resnet18", 32), ("resnet18", 48)]  # fmt: skip
WAYS = {False: "as every run took", True: "time that it had a core"}
SWEPT_MB = (0, 8, 64)


def main(turns: int) -> None:
    with tempfile.TemporaryDirectory() as scratch, open_device("host") as session:
        folder = Path(scratch)
        jobs = {way: make_jobs(session, folder, core_time=way) for way in WAYS}
        watches = {way: DriftWatch(with_reference(session, folder, way)) for way in WAYS}
        taken: dict[bool, dict[str, list[float]]] = {way: defaultdict(list) for way in WAYS}
        spent, waited = dict.fromkeys(WAYS, 0.0), dict.fromkeys(WAYS, 0.0)
        disturbed = dict.fromkeys(WAYS, 0)
        for turn in range(turns):
            for way in WAYS if turn % 2 == 0 else reversed(WAYS):
                start = time.monotonic()
                batch = watches[way].run(jobs[way])
                spent[way] += time.monotonic() - start
                waited[way] += batch.waited_s
                for outcome in batch.outcomes:
                    disturbed[way] += bool(outcome.disturbed)
                    kind = "operator" if outcome.id.startswith("operator") else "network"
                    for state in outcome.measurements:
                        factor = batch.reference_ms / np.mean(outcome.references_ms)
                        name = f"{kind}s, {state.cache}|{outcome.id}"
                        taken[way][name].append(state.latency_ms * float(factor))
    print(turns, "turns\n")
    groups = sorted({name.partition("|")[0] for name in taken[True]})
    rows = [[group, *(f"{100 * spread(taken[way], group):.1f} %" for way in WAYS)]
            for group in groups]  # fmt: skip
    count = turns * len(jobs[True])
    rows.append(["marked as disturbed", *(f"{disturbed[way] / count:.0%}" for way in WAYS)])
    rows.append(["seconds, of which waiting",
                 *(f"{spent[way]:.0f}, {waited[way]:.0f}" for way in WAYS)])  # fmt: skip
    print(tabulate(rows, headers=["", *WAYS.values()], tablefmt="github"), "\n")
    print(machine_line())


def make_jobs(session: DeviceSession, folder: Path, *, core_time: bool) -> list[Job]:
    target = session.execution.target
    model = prepare(find_model("mobilenet-v2"), folder / "model")
    specs = list(dict.fromkeys(node.spec for node in fused_graph(model, target).nodes))[2::4]
    made = operator_jobs(
        specs, target, folder, states=operator_states(SWEPT_MB, core_time=core_time)
    )
    sampling = Sampling(
        minimum_samples=8, maximum_samples=2000, minimum_s=0.2, maximum_s=0.4, core_time=core_time
    )
    jobs = [job for job in made if isinstance(job, Job)]
    for name, side in NETWORKS:
        shapes = {"": (1, 3, side, side)}
        path = folder / f"{name}-{side}"
        net = prepare(find_model(name), folder / f"{name}-{side}-model", input_shapes=shapes)
        file = optimize(net, target, path)
        jobs.append(model_job(path.name, file, fused_graph(net, target), (sampling,)))
    return jobs


def with_reference(session: DeviceSession, folder: Path, core_time: bool) -> DeviceSession:
    """The session with a reference operator that is timed the same way."""
    (job,) = operator_jobs(
        [reference_operator()],
        session.execution.target,
        folder,
        states=(msgspec.structs.replace(Sampling(), core_time=core_time),),
        name=f"reference{core_time:d}",
    )
    if isinstance(job, EdgeslimError):
        raise job
    return replace(session, reference=job)


def spread(taken: dict[str, list[float]], group: str) -> float:
    """Standard deviation between turns that follow each other, as the median over a group."""
    found = [
        np.std(np.diff(np.log(values))) / np.sqrt(2)
        for name, values in taken.items()
        if name.partition("|")[0] == group
    ]
    return float(np.median(found))


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 12)
