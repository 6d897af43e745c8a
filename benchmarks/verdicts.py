"""Forty limits whose truth is known, judged as ``edgeslim deploy`` judges them.

The device is made up: its noise, stalls, leaks and other programs are known, so that every verdict
can be compared with the truth. Everything else is what ``deploy`` does: records, judgement, and
measuring on until a limit is decided.

    .venv/bin/python benchmarks/verdicts.py [SEEDS]
"""

from __future__ import annotations

import math
import sys
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import msgspec
import numpy as np
from tabulate import tabulate

from edgeslim.deployment.decide import measure_until_decided
from edgeslim.deployment.gates import Gates, judge_gates
from edgeslim.deployment.quantiles import tails_of
from edgeslim.deployment.speedup import latency_interval_ms, speedup_of
from edgeslim.deployment.verdict import estimate_growth
from edgeslim.execution import Precision
from edgeslim.measurement import Measurement
from edgeslim.runs.deployment_records import GateRecord
from edgeslim.runs.model_records import ModelRecord, ModelRole, ModelRound
from edgeslim.runs.start_records import AloneRecord, SoakRecord, StartRecord, StartsRecord

LATENCY_MS, LOAD_MS, FIRST_MS, MEMORY_MB = 20.0, 120.0, 60.0, 80.0
PROCESS, SAMPLE, START, FIRST = 0.01, 0.03, 0.05, 0.04
"""Standard deviations of logarithms: of processes, samples, loads and first runs."""
SPEEDUP = 1.5
NEAR = 1.03
SECONDS_OF_ROUND, SECONDS_OF_START = 1.0, 0.4
PATIENCE_S = 600.0


@dataclass(frozen=True, kw_only=True)
class Device:
    """A made-up device with a made-up model.

    Args:
        stall: Share of the runs that take three times as long.
        leak_kb: Growth of each run in a soak.
        step_mb: Memory that is taken once, late in a soak.
        hog: Share of the rounds and starts in which another program runs beside.
        says_memory: Whether it says what memory a process has.
        round_s: Seconds of a round.
        rounds: Rounds before the first look.
        patience_s: How long it is measured on.
    """

    stall: float = 0.0
    leak_kb: float = 0.0
    step_mb: float = 0.0
    hog: float = 0.0
    says_memory: bool = True
    round_s: float = 3.0
    rounds: int = 12
    patience_s: float = PATIENCE_S

    def samples_ms(self, generator: np.random.Generator, count: int) -> np.ndarray:
        """Runs of one process, without other programs."""
        noise = generator.normal(0, PROCESS) + generator.normal(0, SAMPLE, count)
        stalls = generator.random(count) < self.stall
        return LATENCY_MS * np.exp(noise) * np.where(stalls, 3.0, 1.0)

    def round(self, generator: np.random.Generator, number: int, times: float = 1.0) -> ModelRound:
        """One process of timed runs."""
        count = max(3, int(1e3 * self.round_s / LATENCY_MS))
        samples = times * self.samples_ms(generator, count)
        interrupted: list[int] = []
        is_hogged = number < self.hog * 1000 and (self.hog == 1 or generator.random() < self.hog)
        if is_hogged:
            hit = generator.random(count) < 0.7
            samples = samples * np.where(hit, 1 + generator.exponential(0.8, count), 1.02)
            interrupted = [int(place) for place in np.flatnonzero(hit)]
        return ModelRound(
            round=number,
            samples_ns=tuple(int(1e6 * sample) for sample in samples),
            disturbed="other programs interrupted 70% of the runs" if is_hogged else "",
            interrupted=tuple(interrupted),
        )

    def start(self, generator: np.random.Generator, *, cold: bool) -> StartRecord:
        """One start of the model."""
        load = LOAD_MS * math.exp(generator.normal(0, START))
        first = FIRST_MS * math.exp(generator.normal(0, FIRST))
        waited = 0.0
        if generator.random() < self.hog:
            waited = float(generator.exponential(0.8)) * load + 0.1 * load
            load += waited
        peak = 30.0 + MEMORY_MB + generator.normal(0, 0.15) if self.says_memory else 0.0
        return StartRecord(
            cold=cold,
            load_ms=load,
            first_run_ms=first,
            waited_ms=waited,
            own_mb=30.0 if self.says_memory else 0.0,
            peak_mb=peak,
        )

    def soak(self, generator: np.random.Generator, runs: int = 1000) -> SoakRecord:
        """A soak of so many runs."""
        checks = 50
        done = np.arange(1, checks + 1) * runs / checks
        sizes = 110_000 + self.leak_kb * done + generator.normal(0, 60, checks)
        sizes += np.where(np.arange(checks) >= 35, 1e3 * self.step_mb, 0)
        growth = estimate_growth([float(size) for size in sizes], runs)
        assert growth is not None
        return SoakRecord(
            runs=runs,
            memory_mb=tuple(float(size) / 1e3 for size in sizes),
            first_peak_mb=110.0,
            peak_mb=float(sizes.max()) / 1e3,
            growth_kb=growth.kb,
            growth_interval_kb=growth.interval_kb,
        )


@dataclass(frozen=True)
class Made:
    """What was measured so far."""

    rounds: tuple[ModelRound, ...] = ()
    beside: tuple[ModelRound, ...] = ()
    starts: tuple[StartRecord, ...] = ()


@dataclass
class Session:
    """Measures on a made-up device, whose clock goes with what is measured."""

    device: Device
    gates: Gates
    generator: np.random.Generator
    passed_s: float = 0.0
    soaked: SoakRecord | None = field(default=None)

    def measured(self, made: Made, rounds: int, starts: int) -> Made:
        """What there is with so many more rounds and starts."""
        number = len(made.rounds)
        more = tuple(self.device.round(self.generator, number + one) for one in range(rounds))
        beside = tuple(
            self.device.round(self.generator, number + one, SPEEDUP) for one in range(rounds)
        )
        begun = tuple(
            self.device.start(self.generator, cold=bool(one % 2)) for one in range(2 * starts)
        )
        self.passed_s += rounds * (self.device.round_s + SECONDS_OF_ROUND)
        self.passed_s += 2 * starts * SECONDS_OF_START
        return Made((*made.rounds, *more), (*made.beside, *beside), (*made.starts, *begun))

    def more(self, made: Made, undecided: Sequence[GateRecord], left_s: float) -> Made:
        """Measures as much again as there is."""
        asked = [gate.asked for gate in undecided]
        of_starts = any(option.startswith("--max-") for option in asked)
        of_rounds = any(not option.startswith("--max-") for option in asked)
        if all(option.startswith("--max-growth") for option in asked):
            return made
        rounds = min(len(made.rounds), max(2, int(left_s / self.device.round_s)))
        return self.measured(made, rounds * of_rounds, len(made.starts) // 2 * of_starts)

    def judge(self, made: Made, look: int) -> Sequence[GateRecord]:
        """Judges by records such as those of a deployment."""
        model, beside = self.record("model", made), self.record("baseline", made)
        speedup = speedup_of(model, beside)
        return judge_gates(self.gates, [model], [speedup] if speedup else [], look=look)

    def record(self, name: str, made: Made) -> ModelRecord:
        """A record of the model, or of its baseline."""
        if self.soaked is None:
            self.soaked = self.device.soak(self.generator)
        rounds = made.rounds if name == "model" else made.beside
        counted = [own for own in rounds if not own.disturbed] or list(rounds)
        measurement = Measurement.pool([own.measurement for own in counted])
        record = ModelRecord(
            id=name,
            name=name,
            role=ModelRole.MODEL if name == "model" else ModelRole.BASELINE,
            source=name,
            precision=Precision.FP32,
            threads=1,
            optimized="",
            size_bytes=1,
            sha256="",
            latency_ms=measurement.latency_ms,
            spread=measurement.spread,
            p90_ms=measurement.p90_ms,
            rounds=rounds,
            fastest=name == "model",
            starts=StartsRecord(starts=made.starts, alone=(AloneRecord(own_mb=30, peak_mb=64),)),
            soak=self.soaked if self.gates.growth_kb or self.device.leak_kb else None,
            tails=tails_of([own.samples_ns for own in counted]),
        )
        return msgspec.structs.replace(record, latency_interval_ms=latency_interval_ms(record))


@dataclass(frozen=True)
class Case:
    """A limit with its truth: whether it holds, or None where nothing could decide it."""

    name: str
    gates: Gates
    holds: bool | None
    device: Device = Device()


def quantile_ms(device: Device, share: float) -> float:
    """The true quantile of a device, by very many runs."""
    generator = np.random.default_rng(1)
    runs = [device.samples_ms(generator, 50) for _ in range(40_000)]
    return float(np.quantile(np.concatenate(runs), share))


def cases() -> list[Case]:
    """The forty limits."""
    plain, leaking = Device(), Device(leak_kb=50.0)
    often, rarely = Device(stall=0.02), Device(stall=0.002)
    hogged, at_times = Device(hog=1.0), Device(hog=0.5)
    p99, p999 = quantile_ms(plain, 0.99), quantile_ms(plain, 0.999)
    rare_p99 = quantile_ms(rarely, 0.99)
    few = Device(round_s=0.67, rounds=3, patience_s=0.0)
    pairs = [
        ("latency", "latency_ms", LATENCY_MS, plain),
        ("p99", "p99_ms", p99, plain),
        ("p99.9", "p999_ms", p999, plain),
        ("load", "load_ms", LOAD_MS, plain),
        ("first run", "first_ms", FIRST_MS, plain),
        ("memory", "memory_mb", MEMORY_MB, plain),
        ("growth", "growth_kb", 50.0, leaking),
        ("p99 with rare stalls", "p99_ms", rare_p99, rarely),
        ("latency, half hogged", "latency_ms", LATENCY_MS, at_times),
        ("latency, hogged", "latency_ms", LATENCY_MS, hogged),
    ]
    found = [
        Case(f"{name}, 3 % {side}", Gates(**{limit: truth * times}), times > 1, device)
        for name, limit, truth, device in pairs
        for side, times in (("above", NEAR), ("below", 1 / NEAR))
    ]
    found += [
        Case("speed-up, 3 % below", Gates(speedup=SPEEDUP / NEAR), True),
        Case("speed-up, 3 % above", Gates(speedup=SPEEDUP * NEAR), False),
        Case("stalls of 1 in 50, p99", Gates(p99_ms=1.2 * p99), False, often),
        Case("stalls of 1 in 50, latency", Gates(latency_ms=LATENCY_MS * NEAR), True, often),
        Case("stalls of 1 in 50, p99 above them", Gates(p99_ms=4 * LATENCY_MS), True, often),
        Case("stalls of 1 in 500, p99.9", Gates(p999_ms=1.2 * p999), False, rarely),
        Case("stalls of 1 in 500, p99.9 above them", Gates(p999_ms=4 * LATENCY_MS), True, rarely),
        Case("leak, limit 10 kB", Gates(growth_kb=10.0), False, leaking),
        Case("leak, limit 100 kB", Gates(growth_kb=100.0), True, leaking),
        Case("leak, memory", Gates(memory_mb=MEMORY_MB * NEAR), False, leaking),
        Case("no leak, limit 1 kB", Gates(growth_kb=1.0), True),
        Case("one step, limit 15 kB", Gates(growth_kb=15.0), True, Device(step_mb=2.0)),
        Case("hogged, latency far above", Gates(latency_ms=3 * LATENCY_MS), True, hogged),
        Case("hogged, p99 below", Gates(p99_ms=p99 / NEAR), False, hogged),
        Case("hogged, memory", Gates(memory_mb=MEMORY_MB * NEAR), True, hogged),
        Case("half hogged, load", Gates(load_ms=LOAD_MS * NEAR), True, at_times),
        Case("p99.9 of 100 runs", Gates(p999_ms=2 * p999), None, few),
        Case("p99 of 100 runs", Gates(p99_ms=2 * p99), None, few),
        Case("one process", Gates(latency_ms=2 * LATENCY_MS), None, replace(few, rounds=1)),
        Case("no word of memory", Gates(memory_mb=200.0), None, Device(says_memory=False)),
    ]
    return found


def judged(case: Case, seed: int) -> tuple[str, float]:
    """The verdict of a case, and the seconds that its measuring would have taken."""
    session = Session(case.device, case.gates, np.random.default_rng(seed))
    first = session.measured(Made(), case.device.rounds, 3)
    began = session.passed_s
    _, (gate,) = measure_until_decided(
        *(first, session.judge, session.more),
        patience_s=case.device.patience_s,
        clock=lambda: session.passed_s - began,
    )
    return gate.outcome, session.passed_s


def main(seeds: int) -> None:
    """Judges all cases with several seeds, and prints how often they were wrong or undecided."""
    rows = []
    totals: Counter[str] = Counter()
    for case in cases():
        found = [judged(case, seed) for seed in range(seeds)]
        right = {True: "PASS", False: "FAIL", None: "INCONCLUSIVE"}[case.holds]
        verdicts = Counter(verdict for verdict, _ in found)
        wrong = sum(
            count for verdict, count in verdicts.items() if verdict not in {right, "INCONCLUSIVE"}
        )
        totals["wrong"] += wrong
        totals["undecided"] += verdicts["INCONCLUSIVE"]
        seconds = float(np.median([seconds for _, seconds in found]))
        said = ", ".join(f"{count} {verdict}" for verdict, count in verdicts.most_common())
        rows.append([case.name, right, said, "WRONG" if wrong else "", f"{seconds:.0f} s"])
    print(tabulate(rows, ["limit", "truth", f"of {seeds}", "", "measured for"]))
    judgements = seeds * len(rows)
    print(
        f"{totals['wrong']} of {judgements} wrong, {totals['undecided']} not decided "
        f"({totals['undecided'] / judgements:.0%})"
    )


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 5)
