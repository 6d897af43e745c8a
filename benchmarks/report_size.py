"""How large is a report of 200 networks and 2,000 operators, and how fast does it open?

    .venv/bin/python benchmarks/report_size.py [OUT]

Makes a search of 200 candidates, all measured, a table of 200 networks, and a deployment of a
network of 2,000 operators in ten rounds beside its baseline. All numbers are made up: this is
about the page. Opened is when a browser without a window has loaded it and run its script.
"""

from __future__ import annotations

import os
import statistics
import sys
import tempfile
import time
from pathlib import Path

import msgspec
import numpy as np
from machine import machine_line

sys.path.insert(0, str(Path(__file__).parents[1]))

from edgeslim.files import write_json
from edgeslim.latency_rows import NetworkRow
from edgeslim.reporting.report import report
from edgeslim.runs.candidates import Candidate, pareto_front
from edgeslim.runs.deployment_history import append_record
from edgeslim.runs.deployment_records import Known, OperatorRecord, TableRecord
from edgeslim.runs.search_run import RunFolder, SearchDescription, SearchResult
from edgeslim.runs.search_settings import LatencyTarget, SearchSettings
from tests.browser import Page, chromium, opened
from tests.deployment.made_up_records import made_up_record
from tests.values import CONTEXT, chain, convolution, row, table_at, timed

NETWORKS, OPERATORS, TIMES = 200, 2000, 5

NAVIGATION = "performance.getEntriesByType('navigation')[0]"
PAINTED = """
new Promise(done => requestAnimationFrame(() => requestAnimationFrame(
  () => done(performance.now()))))
"""
"""Two frames later what was laid out has been painted."""


def main(out: Path | None) -> None:
    with tempfile.TemporaryDirectory() as scratch:
        run = Path(scratch) / "two hundred"
        make_run(run)
        page = out or Path(scratch) / "report.html"
        start = time.perf_counter()
        made = report(run, out=page)
        print(f"made in {time.perf_counter() - start:.1f} s; {made.size_bytes / 1e6:.2f} MB")
        program = chromium()
        if program is None:
            print("no Chromium is installed, so nobody knows how fast it opens")
        else:
            opening(program, page)
    print(machine_line())


def opening(program: str, page: Path) -> None:
    """Prints how long a browser takes to have it loaded, and to have it on the screen."""
    loaded, seen, worked, elements, said = [], [], [], 0, 0
    for _ in range(TIMES):
        with opened(program) as browser:  # a new one each time, which has nothing of it yet
            browser.ask("Performance.enable", timeDomain="threadTicks")
            browser.load(page)
            loaded.append(browser.value(f"{NAVIGATION}.loadEventEnd") / 1e3)
            seen.append(browser.value(PAINTED) / 1e3)
            worked.append(processor_s(browser))
            elements = browser.value("document.querySelectorAll('*').length")
            said += len(browser.complaints)
    told = (
        ("loaded after", loaded),
        ("painted after", seen),
        ("processor time of the page", worked),
    )
    for what, times in told:
        print(
            f"{what} {statistics.median(times):.2f} s (median of {TIMES}, "
            f"{min(times):.2f} to {max(times):.2f} s)"
        )
    print(f"{os.getloadavg()[0]:.1f} programs wanted one of {os.cpu_count()} cores meanwhile")
    print(f"{elements:,} elements; complaints on the console: {said}")


def processor_s(browser: Page) -> float:
    """What the page's main thread has worked so far, without waiting for a core."""
    found = browser.ask("Performance.getMetrics")["metrics"]
    return float(next(each["value"] for each in found if each["name"] == "TaskDuration"))


def make_run(path: Path) -> None:
    """A search's folder with everything in it."""
    generator = np.random.default_rng(0)
    specs = [convolution(3 + 8 * (i % 50), 8 + 8 * (i // 50), 8) for i in range(OPERATORS)]
    latencies = generator.lognormal(-4, 0.6, OPERATORS)
    path.mkdir()
    # The table has one in twenty of the operators: the rest of them is interpolated.
    known = range(0, OPERATORS, 20)
    networks = [
        NetworkRow(
            name=f"network-{number}",
            graph=chain(*(specs[place] for place in generator.choice(known, 5))),
            measurements=(timed(float(generator.uniform(0.1, 0.4))),),
        )
        for number in range(NETWORKS)
    ]
    table = table_at(
        RunFolder(path).table(),
        *(row(specs[each], float(latencies[each])) for each in known),
        *networks,
    )
    make_search(path, generator, table.digest)
    operators = tuple(
        OperatorRecord(
            operator=spec,
            places=(place,),
            known=Known.INTERPOLATED if place % 3 else Known.MEASURED,
            latency_ms=float(latencies[place]),
            error=0.08 if place % 3 else 0.0,
        )
        for place, spec in enumerate(specs)
    )
    record = made_up_record(rounds=10, samples=300)
    model = msgspec.structs.replace(
        record.models[0], operators=operators, predicted_ms=1.5, predicted_interval_ms=(1.4, 1.6)
    )
    used = TableRecord(
        path=str(table.path), digest=table.digest, context=CONTEXT, operators=100, networks=NETWORKS
    )
    models = (model, *record.models[1:])
    record = msgspec.structs.replace(record, models=models, table=used)
    append_record(path / "deployments.jsonl", record)


def make_search(path: Path, generator: np.random.Generator, digest: str) -> None:
    """A search of 200 candidates, all measured."""
    target = LatencyTarget(device="host", target_ms=0.3, table=digest)
    candidates = []
    for number in range(NETWORKS):
        predicted = float(generator.uniform(0.1, 0.35))
        measured = predicted * float(generator.normal(1, 0.04))
        candidates.append(
            Candidate(
                number=number,
                tokens=tuple(int(each) for each in generator.integers(0, 4, 18)),
                accuracy=float(np.clip(0.8 + 0.4 * predicted + generator.normal(0, 0.02), 0, 1)),
                predicted_ms=(predicted,),
                measured_ms=(measured,),
            )
        )
    settings = SearchSettings(
        space="light-nas-small",
        space_fingerprint="",
        input_shape=(1, 1, 32, 32),
        num_classes=10,
        task="digits",
        targets=(target,),
        confidence=0.8,
        algorithm="surrogate",
        starts=(),
        candidates=NETWORKS,
        most_candidates=NETWORKS,
        parallel=1,
        accuracy="training",
        epochs=2,
        seed=0,
    )
    run = RunFolder(path)
    write_json(run.description_file, SearchDescription(settings=settings, study="made up"))
    run.finish(
        SearchResult(
            run=str(path),
            targets=(target,),
            candidates=tuple(candidates),
            front=pareto_front(candidates),
            best=max(candidates, key=lambda each: each.accuracy),
            model=str(run.model),
            trained_accuracy=0.97,
        )
    )


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else None)
