"""Two deployments beside each other: what is matched, by what it is compared, what explains it."""

from __future__ import annotations

from typing import Any

import msgspec
import numpy as np
import pytest

from edgeslim.deployment.compare_deployments import Basis, changed_operators, compare
from edgeslim.deployment.speedup import (
    Statistic,
    latency_interval_ms,
    paired_rounds,
    speedup_of,
    statistic_for,
)
from edgeslim.runs.deployment_records import (
    DeploymentRecord,
    Known,
    ModelRecord,
    ModelRole,
    OperatorRecord,
)
from tests.deployment.made_up_records import made_up_model, made_up_record
from tests.values import convolution, relu


def changed(record: DeploymentRecord, place: int, **fields: Any) -> DeploymentRecord:
    models = list(record.models)
    models[place] = msgspec.structs.replace(models[place], **fields)
    return msgspec.structs.replace(record, models=tuple(models))


def slowed(record: DeploymentRecord, factor: float, place: int = 0) -> DeploymentRecord:
    """The same with all samples of a model longer."""
    model = record.models[place]
    return changed(
        record,
        place,
        latency_ms=model.latency_ms * factor,
        rounds=tuple(
            msgspec.structs.replace(
                turn, samples_ns=tuple(round(sample * factor) for sample in turn.samples_ns)
            )
            for turn in model.rounds
        ),
    )


def verdicts(before: DeploymentRecord, after: DeploymentRecord) -> list[str]:
    return [model.verdict for model in compare([before], [after]).models]


def test_a_slower_model_is_found_whatever_the_day_did_to_both() -> None:
    before, after = made_up_record(seed=1), slowed(made_up_record(seed=2), 1.06)
    found = compare([before], [after]).models[0]
    assert found.basis is Basis.BASELINE
    assert found.verdict == "slower"
    assert found.difference.ratio == pytest.approx(1.06, abs=0.02)
    assert found.difference.interval[0] < 1.06 < found.difference.interval[1]
    assert compare([after], [before]).models[0].verdict == "faster"


def test_false_alarms_are_few_and_three_percent_are_found() -> None:
    alarms = found = 0
    for seed in range(20):
        before, after = (made_up_record(seed=2 * seed + number, rounds=12) for number in (0, 1))
        alarms += compare([before], [after]).models[0].verdict != "no difference"
        found += compare([before], [slowed(after, 1.03)]).models[0].verdict == "slower"
    assert alarms <= 1
    assert found >= 19


def test_without_the_same_baseline_the_reference_operator_is_the_measure() -> None:
    before, after = made_up_record(seed=1), made_up_record(seed=2)
    other = changed(after, 1, sha256="1" * 64, size_bytes=999)
    assert compare([before], [other]).models[0].basis is Basis.REFERENCE
    lone = msgspec.structs.replace(after, models=after.models[:1])
    found = compare([before], [lone])
    assert found.models[0].basis is Basis.REFERENCE
    assert [model.role for model in found.only_before] == [ModelRole.BASELINE]
    assert found.only_after == ()


@pytest.mark.parametrize(
    ("part", "fields", "line"),
    [
        ("versions", {"library": "v2.12"}, "Paddle-Lite: v2.13-rc, then v2.12"),
        ("device", {"hardware": "a phone"}, "hardware: a processor, 2 cores, then a phone"),
        ("device", {"settings": ("cold",)}, "settings: none, then cold"),
    ],
)
def test_what_else_changed_is_in_the_difference_and_is_said(
    part: str, fields: dict[str, Any], line: str
) -> None:
    before = made_up_record(seed=1)
    record = made_up_record(seed=1)
    after = msgspec.structs.replace(
        record, **{part: msgspec.structs.replace(getattr(record, part), **fields)}
    )
    found = compare([before], [slowed(after, 1.3)])
    assert found.models[0].basis is Basis.MEASURED
    assert found.models[0].difference.ratio == pytest.approx(1.3)
    assert line in found.changes
    assert compare([before], [before]).changes == ()


def test_models_are_matched_by_name_and_way_and_a_lone_one_by_its_way() -> None:
    before, after = made_up_record(seed=1), changed(made_up_record(seed=2), 0, name="net-2")
    (one, other) = sorted(compare([before], [after]).models, key=lambda model: model.before.role)
    assert (one.before.name, one.after.name) == ("first", "first")
    assert (other.before.name, other.after.name) == ("net", "net-2")
    two = msgspec.structs.replace(
        after, models=(*after.models, made_up_model(id="third", name="third"))
    )
    found = compare([before], [two])
    assert [model.before.name for model in found.models] == ["first"]
    assert [model.name for model in found.only_before] == ["net"]
    assert [model.name for model in found.only_after] == ["net-2", "third"]


def test_four_deployments_of_each_are_compared_as_deployments() -> None:
    before = [made_up_record(seed=seed) for seed in range(4)]
    after = [slowed(made_up_record(seed=seed), 1.05) for seed in range(4, 8)]
    found = compare(before, after).models[0]
    assert found.of_deployments
    assert found.difference.counts == (4, 4)
    assert found.verdict == "slower"
    fewer = compare(before[:3], after).models[0]
    assert not fewer.of_deployments
    assert fewer.difference.counts == (10, 10)


def test_deployments_of_another_file_are_not_taken_for_the_same() -> None:
    before = [made_up_record(seed=seed) for seed in range(5)]
    others = [changed(record, 0, sha256="2" * 64, size_bytes=999) for record in before[:2]]
    assert not compare([*others, *before[2:]], before).models[0].of_deployments


def test_other_weights_are_the_same_network() -> None:
    before, after = made_up_record(seed=1), changed(made_up_record(seed=2), 1, sha256="1" * 64)
    found = compare([before], [after]).models[0]
    assert found.basis is Basis.BASELINE
    assert found.same_network
    fewer = changed(after, 1, sha256="1" * 64, operators=after.models[1].operators[:1])
    assert compare([before], [fewer]).models[0].basis is Basis.REFERENCE


def operator(spec: Any, count: int, latency_ms: float | None) -> OperatorRecord:
    known = Known.NO_TABLE if latency_ms is None else Known.MEASURED
    return OperatorRecord(
        operator=spec, places=tuple(range(count)), known=known, latency_ms=latency_ms
    )


def test_the_operators_that_explain_most_come_first() -> None:
    before = made_up_model(
        operators=(operator(relu(8), 2, 0.25), operator(convolution(3, 8), 1, 1.0))
    )
    after = made_up_model(
        operators=(
            operator(relu(8), 3, 0.25),
            operator(convolution(3, 8), 1, 1.0),
            operator(convolution(8, 8), 1, 2.0),
        )
    )
    first, second = changed_operators(before, after)
    assert (first.operator, first.counts, first.change_ms) == (convolution(8, 8), (0, 1), 2.0)
    assert (second.operator, second.counts, second.change_ms) == (relu(8), (2, 3), 0.25)
    assert changed_operators(before, before) == ()


def test_what_is_not_known_of_operators_changes_nothing_but_is_there() -> None:
    before, after = (made_up_model(operators=(operator(relu(8), count, None),)) for count in (1, 2))
    (found,) = changed_operators(before, after)
    assert (found.counts, found.before_ms, found.change_ms) == ((1, 2), None, 0.0)


def models(**disturbed: str) -> tuple[ModelRecord, ModelRecord]:
    record = made_up_record(seed=3)
    model, baseline = record.models
    rounds = tuple(
        msgspec.structs.replace(turn, disturbed=disturbed.get(f"r{turn.round}", ""))
        for turn in model.rounds
    )
    return msgspec.structs.replace(model, rounds=rounds), baseline


def test_a_speedup_is_a_ratio_over_the_rounds_of_both() -> None:
    model, baseline = models()
    found = speedup_of(model, baseline)
    assert found is not None
    assert found.ratio == pytest.approx(2.0 / 1.6, rel=0.02)
    assert found.interval[0] < found.ratio < found.interval[1]
    assert (found.rounds, found.model, found.baseline) == (10, model.id, baseline.id)
    back = speedup_of(baseline, model)
    assert back is not None
    assert back.ratio == pytest.approx(1 / found.ratio)


def test_disturbed_rounds_do_not_count() -> None:
    found = speedup_of(*models(r0="hot", r3="hot"))
    assert found is not None
    assert found.rounds == 8
    assert "ratio of medians" in found.method


def test_where_nearly_all_rounds_are_disturbed_the_shortest_samples_count() -> None:
    """Other programs take a core away for 10 ms now and then: more and more of the samples."""
    generator = np.random.default_rng(0)
    model, baseline = (
        msgspec.structs.replace(
            model,
            rounds=tuple(
                msgspec.structs.replace(
                    one,
                    disturbed="other programs",
                    samples_ns=tuple(
                        sample + 10_000_000 * int(generator.random() < 0.7)
                        for sample in one.samples_ns
                    ),
                )
                for one in model.rounds
            ),
        )
        for model in models()
    )
    assert statistic_for(model, baseline) is Statistic.SHORTEST
    found = speedup_of(model, baseline)
    assert found is not None
    assert found.rounds == 10
    assert "ratio of shortest samples" in found.method
    assert found.ratio == pytest.approx(2.0 / 1.6, rel=0.02)
    medians = np.exp(np.median(paired_rounds(model, baseline, Statistic.MEDIAN)))
    assert medians < 1.1


def test_two_deployments_are_compared_by_one_statistic() -> None:
    before, after = made_up_record(seed=1), made_up_record(seed=2)
    assert compare([before], [after]).models[0].statistic is Statistic.MEDIAN
    loud = changed(
        after,
        0,
        rounds=tuple(
            msgspec.structs.replace(turn, disturbed="x") for turn in after.models[0].rounds
        ),
    )
    for pair in ((before, loud), (loud, before)):
        found = compare([pair[0]], [pair[1]]).models[0]
        assert found.statistic is Statistic.SHORTEST
        assert found.difference.counts == (10, 10)


def test_one_round_has_no_ratio_and_no_interval() -> None:
    record = made_up_record(rounds=1)
    assert speedup_of(*record.models) is None
    assert latency_interval_ms(record.models[0]) is None


def test_the_interval_of_a_latency_is_around_it() -> None:
    model, _ = models()
    interval = latency_interval_ms(model)
    assert interval is not None
    assert interval[0] < model.latency_ms < interval[1]
