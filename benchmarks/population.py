"""How many networks a second are predicted on one core, and against one model at a time?

    .venv/bin/python benchmarks/population.py TABLE

TABLE is a table of the light-NAS space at 224x224. Every network of the BlazeFace space is
predicted as well, from the Snapdragon 855 table that edgeslim brings.
"""

from __future__ import annotations

import math
import os
import sys
import time
from pathlib import Path

import numpy as np
from machine import machine_line

from edgeslim.latency_table import LatencyTable
from edgeslim.prediction.population import PopulationPredictor
from edgeslim.prediction.predictor import Predictor
from edgeslim.spaces import SPACES

BLAZEFACE = Path("latency_tables/snapdragon-855/latency_855.jsonl")
POPULATION = 200_000
ONE_BY_ONE = 200


def main(table: Path) -> None:
    os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})
    space = SPACES.get("light-nas").space()
    predictor = Predictor(LatencyTable.read(table))
    start = time.perf_counter()
    population = PopulationPredictor(predictor, space)
    _ = predictor.calibration
    ready_s = time.perf_counter() - start
    tokens = np.random.default_rng(0).integers(0, space.ranges, (POPULATION, len(space.ranges)))
    start = time.perf_counter()
    together = population.latencies_ms(tokens)
    each_s = (time.perf_counter() - start) / POPULATION
    start = time.perf_counter()
    target = predictor.table.context.execution.target
    one_by_one = [
        predictor.predict(space.operators(tuple(map(int, vector)), target)).total_ms
        for vector in tokens[:ONE_BY_ONE]
    ]
    single_s = (time.perf_counter() - start) / ONE_BY_ONE
    difference = np.abs(together[:ONE_BY_ONE] / one_by_one - 1).max()
    print(f"light-nas: made ready in {ready_s:.1f} s; {1 / each_s:,.0f} networks a second")
    print(f"one at a time: {1 / single_s:,.0f} a second; ratio {single_s / each_s:,.0f}")
    print(f"largest difference between the two ways: {difference:.1e}")
    whole_space()
    print(machine_line())


def whole_space() -> None:
    """Every network of the BlazeFace space."""
    space = SPACES.get("blazeface").space()
    population = PopulationPredictor(Predictor(LatencyTable.read(BLAZEFACE)), space)
    count = math.prod(space.ranges)
    start, known, least, most = time.perf_counter(), 0, math.inf, 0.0
    for first in range(0, count, POPULATION):
        indices = np.arange(first, min(first + POPULATION, count))
        tokens = np.stack(np.unravel_index(indices, space.ranges), axis=1)
        latencies = population.latencies_ms(tokens)
        known += int(np.isfinite(latencies).sum())
        least, most = min(least, float(latencies.min())), max(most, float(latencies.max()))
    wall_s = time.perf_counter() - start
    print(
        f"blazeface: {known:,} of {count:,} networks predicted in {wall_s:.0f} s, "
        f"{least:.1f} to {most:.1f} ms on the Snapdragon 855"
    )


if __name__ == "__main__":
    main(Path(sys.argv[1]))
