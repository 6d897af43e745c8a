"""Limits are decided when the interval is on one side of them, however often one looks."""

from __future__ import annotations

import math

import numpy as np
import pytest

from edgeslim.deployment.decide import measure_until_decided
from edgeslim.deployment.statistics import confidence_interval, estimate
from edgeslim.deployment.verdict import (
    LimitVerdict,
    Runs,
    estimate_growth,
    judge_growth,
    judge_quantile,
    judge_typical,
    level_of_look,
)
from edgeslim.errors import EdgeslimError, RunnerError
from edgeslim.runs.deployment_records import GateRecord


def logs(count: int, seed: int = 0, sd: float = 0.01) -> list[float]:
    return [float(v) for v in math.log(20.0) + np.random.default_rng(seed).normal(0, sd, count)]


def runs(count: int, seed: int = 0, *, stalls: float = 0.0) -> Runs:
    generator = np.random.default_rng(seed)
    samples = 20 * np.exp(generator.normal(0, 0.03, count))
    samples = np.where(generator.random(count) < stalls, 60.0, samples)
    return Runs(samples_ms=[float(sample) for sample in samples])


def test_all_looks_together_are_wrong_in_at_most_one_of_a_hundred_cases() -> None:
    assert sum(1 - level_of_look(look) for look in range(1, 10_000)) <= 0.01
    assert level_of_look(1) < level_of_look(2) < level_of_look(3)


@pytest.mark.parametrize("seed", range(5))
def test_a_limit_of_3_percent_is_decided_by_twelve_rounds_of_1_percent(seed: int) -> None:
    found = estimate(logs(12, seed))
    assert judge_typical(found, 20.0 * 1.03).verdict is LimitVerdict.PASS
    assert judge_typical(found, 20.0 / 1.03).verdict is LimitVerdict.FAIL
    assert judge_typical(found, 20.0 * 1.03, at_least=True).verdict is LimitVerdict.FAIL


def test_a_limit_inside_the_interval_says_how_many_rounds_would_decide_it() -> None:
    judged = judge_typical(estimate(logs(6)), 20.2)
    assert judged.verdict is LimitVerdict.INCONCLUSIVE
    assert judged.decides.startswith("about ")
    assert judge_typical(estimate(logs(1)), 1000.0).decides == "two processes or more"


def test_one_that_waited_long_widens_no_interval_by_ranks() -> None:
    values = [40.0, 41.0, 42.0, 43.0, 40.5, 41.5, 42.5, 43.5, 44.0, 41.2, 39.0, 900.0]
    found = estimate([math.log(value) for value in values], level=0.95)
    assert judge_typical(found, 1000.0, look=3, values=values).verdict is LimitVerdict.PASS
    assert judge_typical(found, 39.5, values=values).verdict is not LimitVerdict.PASS


def test_a_mean_and_a_median_that_have_nothing_in_common_do_not_make_an_interval() -> None:
    values = [10 + place / 1e6 for place in range(600)]
    values += [20 + place / 1e6 for place in range(400)]
    found = estimate([math.log(value) for value in values])
    for limit in (9.0, 10.5, 15.0):
        low, high = judge_typical(found, limit, values=values).interval
        assert 10.0 <= low <= high < 10.02
    assert judge_typical(found, 10.5, values=values).verdict is LimitVerdict.PASS


def test_what_linux_counts_in_batches_is_not_measured_away() -> None:
    found = estimate([math.log(80 + 0.2 * place) for place in range(6)])
    near = judge_typical(found, 80.7, within=0.3, of="starts")
    assert near.verdict is LimitVerdict.INCONCLUSIVE
    assert near.decides == (
        "another limit: this is as large as the limit, as far as can be measured"
    )
    further = judge_typical(found, 81.2, within=0.3, of="starts")
    assert further.verdict is LimitVerdict.INCONCLUSIVE
    assert further.decides.startswith("about ")
    assert further.decides.endswith(" starts")


@pytest.mark.parametrize(
    ("stalls", "limit_ms", "share", "verdict"),
    [
        (0.0, 23.0, 0.99, LimitVerdict.PASS),
        (0.02, 23.0, 0.99, LimitVerdict.FAIL),
        (0.02, 70.0, 0.99, LimitVerdict.PASS),
        (0.02, 23.0, 0.9, LimitVerdict.PASS),
        (0.002, 23.0, 0.99, LimitVerdict.PASS),
    ],
)
def test_stalls_count_where_the_quantile_has_them(
    stalls: float, limit_ms: float, share: float, verdict: LimitVerdict
) -> None:
    own = [runs(600, seed, stalls=stalls) for seed in range(10)]
    assert judge_quantile(own, share, limit_ms).verdict is verdict


def test_too_few_runs_decide_no_quantile_and_say_how_many_would() -> None:
    judged = judge_quantile([runs(100)], 0.999, 100.0)
    assert judged.verdict is LimitVerdict.INCONCLUSIVE
    assert judged.why == "100 runs are too few for this quantile"
    assert judged.decides == "5,989 runs, none of them longer"
    busy = judge_quantile([runs(100)], 0.999, 100.0, is_disturbed=True)
    assert (busy.why, busy.decides) == (judged.why, judged.decides)
    one_late = Runs(samples_ms=[200.0, *runs(99).samples_ms])
    late = judge_quantile([one_late], 0.999, 100.0)
    assert (late.why, late.decides) == (judged.why, "more than 5,989 runs")


def test_runs_that_others_interrupted_are_no_evidence_against_a_model() -> None:
    late = [place for place in range(1000) if place % 20 == 0]
    samples = [60.0 if place in late else 20.0 for place in range(1000)]
    assert judge_quantile([Runs(samples_ms=samples)], 0.99, 25.0).verdict is LimitVerdict.FAIL
    others = judge_quantile([Runs(samples_ms=samples, interrupted=late)], 0.99, 25.0)
    assert others.verdict is LimitVerdict.INCONCLUSIVE
    assert others.why == "other programs interrupted 50 of the 50 runs that take longer"
    assert others.decides == "a device on which nothing else runs"


def sizes(leak_kb: float, *, step_kb: float = 0.0) -> list[float]:
    return [1e5 + leak_kb * 20 * check + (step_kb if check > 30 else 0) for check in range(50)]


@pytest.mark.parametrize(
    ("leak_kb", "limit_kb", "verdict"),
    [
        (50.0, 51.5, LimitVerdict.PASS),
        (50.0, 48.5, LimitVerdict.FAIL),
        (0.0, 1.0, LimitVerdict.PASS),
        (1.0, 1.0, LimitVerdict.INCONCLUSIVE),
    ],
)
def test_a_leak_is_found_and_none_is_invented(
    leak_kb: float, limit_kb: float, verdict: LimitVerdict
) -> None:
    assert judge_growth(sizes(leak_kb), 1000, limit_kb).verdict is verdict


def test_memory_that_is_taken_once_is_no_leak() -> None:
    found = estimate_growth(sizes(0.0, step_kb=4000.0), 1000)
    assert found is not None
    assert found.interval_kb[0] < 0 < found.kb
    assert estimate_growth([1.0, 2.0], 2) is None


def gate(verdict: str, found: float = 1.0, asked: str = "a") -> GateRecord:
    return GateRecord(
        model="m",
        asked=asked,
        limit=1,
        found=found,
        interval=None,
        met=True,
        line="",
        verdict=verdict,
    )


def test_measuring_goes_on_until_decided_or_patience_is_over() -> None:
    clock = [0.0]

    def more(measured: int, undecided: object, left_s: float) -> int:
        clock[0] += 10
        return measured + 1

    def judge(measured: int, look: int) -> list[GateRecord]:
        assert look == measured
        return [gate("PASS" if measured >= 4 else "INCONCLUSIVE")]

    undecided = gate("INCONCLUSIVE")
    assert measure_until_decided(1, judge, more, patience_s=100, clock=lambda: clock[0]) == (
        4,
        (gate("PASS"),),
    )
    assert measure_until_decided(1, judge, more, patience_s=15, clock=lambda: clock[0]) == (
        3,
        (undecided,),
    )
    unknown = gate("INCONCLUSIVE", found=0.0)
    told = measure_until_decided(
        1, lambda *_: [unknown], more, patience_s=99, clock=lambda: clock[0]
    )
    assert told == (1, (unknown,))


def test_a_limit_that_is_decided_stays_decided() -> None:
    """A limit is within what the first look allows, and not within what the third one does."""
    found = estimate(logs(12))
    limit = confidence_interval(found, level_of_look(1))[1] * 1.0001
    assert judge_typical(found, limit, look=3).verdict is LimitVerdict.INCONCLUSIVE

    def judge(measured: int, look: int) -> list[GateRecord]:
        own = gate(judge_typical(found, limit, look=look).verdict.value)
        other = gate("FAIL" if look == 3 else "INCONCLUSIVE", asked="b")
        return [own, other]

    measured, gates = measure_until_decided(
        1, judge, lambda measured, *_: measured + 1, patience_s=100
    )
    assert measured == 3
    assert [one.verdict for one in gates] == ["PASS", "FAIL"]


def test_measuring_more_that_fails_keeps_what_there_is() -> None:
    first: tuple[str, ...] = ("first",)

    def judge(*_: object) -> list[GateRecord]:
        return [gate("INCONCLUSIVE")]

    def more(*_: object) -> tuple[str, ...]:
        raise RunnerError("it crashed")

    def give_up(measured: tuple[str, ...], error: EdgeslimError) -> tuple[str, ...]:
        return (*measured, str(error))

    found, gates = measure_until_decided(first, judge, more, patience_s=100, give_up=give_up)
    assert found == ("first", "it crashed")
    assert gates == (gate("INCONCLUSIVE"),)
    with pytest.raises(RunnerError, match="it crashed"):
        measure_until_decided(first, judge, more, patience_s=100)
