"""A device from the table of another one: what few timings tell, and what they do not."""

from __future__ import annotations

import math
import zlib
from pathlib import Path

import numpy as np
import pytest

from edgeslim.conversion.operator_jobs import null_operator
from edgeslim.latency_rows import LikeOperator, LikeRow
from edgeslim.latency_table import LatencyTable, NetworkRow
from edgeslim.opspec import OpSpec
from edgeslim.prediction.curves import Curves
from edgeslim.prediction.gaussian_process import Array
from edgeslim.prediction.interpolation import Interpolator
from edgeslim.prediction.predictor import Predictor, Source
from edgeslim.prediction.transfer import MeasuredNetwork, Transfer
from edgeslim.prediction.transfer_interpolation import TransferInterpolator
from edgeslim.prediction.transfer_source import PARTS, TransferSource
from tests.prediction.made_up_device import Rule, blocks_of, dense_grid, depthwise, measured
from tests.values import CONTEXT, MB, chain, convolution, relu, row, table_at, timed

HOT = np.zeros(1)
SPECS = [
    *dense_grid(),
    *(depthwise(width, extent) for width in (8, 16, 24, 48, 96) for extent in (8, 14, 28)),
    *(relu(width, extent) for width in (8, 16, 32, 64) for extent in (8, 16, 32)),
]
RATIOS = {"conv2d": 0.5, "depthwise_conv2d": 0.9, "relu": 1.4}


def rugged(spec: OpSpec) -> float:
    """A device on which every operator has a surprise of its own, always the same."""
    surprise = np.random.default_rng(zlib.crc32(str(spec).encode())).standard_normal()
    return blocks_of(8)(spec) * math.exp(0.4 * float(surprise))


def like(rule: Rule) -> Rule:
    """Another device, whose families are faster or slower than those of the first."""
    return lambda spec: RATIOS[spec.kind] * rule(spec)


def unlike(spec: OpSpec) -> float:
    """A device that has nothing to do with the first one: only the widths count."""
    return 0.05 + 0.002 * spec.output_shape[1]


def transfer(
    rule: Rule, *, name: str = "other", networks: tuple[MeasuredNetwork, ...] = ()
) -> Transfer:
    known = {spec: np.array([rule(spec)]) for spec in SPECS}
    source = TransferSource(name, HOT, known)
    return Transfer(source=source, swept_bytes=HOT, networks=networks)


def some(rule: Rule, count: int, *, seed: int = 0) -> tuple[dict[OpSpec, Array], list[OpSpec]]:
    """Operators measured on the new device, and all others."""
    order = [SPECS[index] for index in np.random.default_rng(seed).permutation(len(SPECS))]
    return measured(order[:count], rule, noise=0.01, seed=seed), order[count:]


def errors_of(found: Array, rule: Rule, specs: list[OpSpec]) -> Array:
    truth = np.array([rule(spec) for spec in specs])
    errors: Array = np.abs(np.log(found[:, 0] / truth))
    return errors


def test_few_operators_tell_how_devices_differ_and_the_other_ones_surprises_are_kept() -> None:
    known, others = some(like(rugged), 15)
    with_other = TransferInterpolator(known, [transfer(rugged)]).estimate(others)
    alone = Interpolator(known).estimate(others)
    off = errors_of(with_other.latencies_ms, like(rugged), others)
    assert np.mean(off) < 0.04
    assert np.mean(off) < 0.2 * np.nanmean(errors_of(alone.latencies_ms, like(rugged), others))
    assert np.mean(off < 1.645 * with_other.errors) > 0.8
    assert set(with_other.origins) == {"other"}


def test_what_was_measured_here_is_not_estimated() -> None:
    known, _ = some(like(rugged), 15)
    found = TransferInterpolator(known, [transfer(rugged)]).estimate(list(known))
    assert found.latencies_ms[:, 0].tolist() == [float(known[spec][0]) for spec in known]
    assert not found.errors.any()


def test_without_any_timing_the_other_device_is_taken_as_it_is_and_errors_say_so() -> None:
    found = TransferInterpolator({}, [transfer(rugged)]).estimate(SPECS)
    assert errors_of(found.latencies_ms, rugged, SPECS).max() < 1e-9
    assert found.errors.min() > 0.5


def test_whole_networks_alone_tell_how_devices_differ() -> None:
    ratios = {"conv2d": 0.4, "relu": 0.7}
    specs = [spec for spec in SPECS if spec.kind in ratios]

    def truth(spec: OpSpec) -> float:
        return ratios[spec.kind] * blocks_of(8)(spec)

    networks = []
    for seed in range(10):
        chosen = [specs[index] for index in np.random.default_rng(seed).permutation(len(specs))]
        dense = [spec for spec in chosen if spec.kind == "conv2d"][: 4 + 5 * seed]
        other = [spec for spec in chosen if spec.kind == "relu"][: 12 - seed]
        both = (*dense, *other)
        networks.append(MeasuredNetwork(specs=both, latency_ms=sum(map(truth, both))))
    source = transfer(blocks_of(8), networks=tuple(networks))
    found = TransferInterpolator({}, [source]).estimate(specs).latencies_ms[:, 0]
    large = [spec.kind == "conv2d" and spec.output_shape[1] > 32 for spec in specs]
    wanted = np.array([truth(spec) for spec in specs])
    assert np.sum(found) == pytest.approx(wanted.sum(), rel=0.1)
    assert np.sum(found[large]) == pytest.approx(wanted[large].sum(), rel=0.2)


def test_a_device_that_is_unlike_the_other_is_estimated_as_if_there_were_none() -> None:
    known, others = some(unlike, 60)
    both = TransferInterpolator(known, [transfer(rugged)])
    assert both.device_weights["other"] < 0.05
    found, alone = both.estimate(others), Interpolator(known).estimate(others)
    assert found.latencies_ms == pytest.approx(alone.latencies_ms, rel=0.02, nan_ok=True)
    assert set(found.origins) == {""}


def test_of_two_devices_the_one_that_is_alike_counts() -> None:
    known, others = some(like(rugged), 20)
    strange = transfer(lambda spec: 1 / rugged(spec), name="strange")
    both = TransferInterpolator(known, [strange, transfer(rugged)])
    assert both.device_weights["other"] > 0.95
    assert errors_of(both.estimate(others).latencies_ms, like(rugged), others).mean() < 0.05


def test_an_operator_that_the_other_device_estimates_is_less_sure() -> None:
    source = transfer(blocks_of(8))
    known, _ = some(like(blocks_of(8)), 20)
    measured_there, estimated_there = convolution(16, 24), convolution(900, 900, 56)
    found = TransferInterpolator(known, [source]).estimate([measured_there, estimated_there])
    assert found.errors[1] > 2 * found.errors[0]


def test_the_parts_of_a_latency_are_the_whole() -> None:
    source = transfer(rugged).source
    from edgeslim.prediction.operator_features import operator_features

    parts = source.parts(operator_features(SPECS), np.array([0.0, 8.0 * MB]))
    assert parts.latencies_ms.shape == (len(SPECS), 2, len(PARTS))
    sums = parts.latencies_ms.sum(axis=2)
    assert sums[:, 0] == pytest.approx([rugged(spec) for spec in SPECS])
    assert sums[:, 1] == pytest.approx(sums[:, 0]), "the only state that is known"


def copied(rule: Rule) -> LikeRow:
    known = {null_operator(): 1e-6} | {spec: rule(spec) for spec in SPECS}
    return LikeRow(
        context=CONTEXT,
        digest="0123456789abcdef",
        swept_bytes=(0, 8 * MB),
        operators=tuple(
            LikeOperator(operator=spec, latencies_ms=(latency_ms, 1.2 * latency_ms))
            for spec, latency_ms in known.items()
        ),
    )


def test_a_prediction_names_the_device_that_it_comes_from(tmp_path: Path) -> None:
    known, others = some(like(rugged), 15)
    table = table_at(
        tmp_path / "table.jsonl",
        copied(rugged),
        row(null_operator(), 0.001, 0.001),
        *(row(spec, float(numbers[0]), 1.2 * float(numbers[0])) for spec, numbers in known.items()),
    )
    prediction = Predictor(LatencyTable.read(table.path)).predict([*known, others[0]])
    assert set(prediction.of(Source.MEASURED)) == set(known)
    assert prediction.of(Source.TRANSFERRED) == (others[0],)
    last = prediction.operators[-1]
    assert last.origin == table.likes[0].name
    assert CONTEXT.hardware in last.origin
    assert last.error > 0
    assert (prediction.missing, prediction.coverage) == ((), 1.0)
    assert {each.origin for each in prediction.operators[:-1]} == {""}


def test_a_table_of_networks_alone_predicts_by_the_other_device(tmp_path: Path) -> None:
    specs = [spec for spec in SPECS if spec.kind == "conv2d"]
    networks = []
    for index in range(6):
        own = specs[index : index + 20]
        measured_ms = 0.5 * sum(map(rugged, own))
        networks.append(
            NetworkRow(
                name=f"net{index}", graph=chain(*own), measurements=(timed(measured_ms, samples=9),)
            )
        )
    table = table_at(tmp_path / "table.jsonl", copied(rugged), *networks)
    assert Curves.of(table).swept_bytes.tolist() == [0, 8 * MB]
    others = specs[30:60]
    prediction = Predictor(table).predict(others)
    assert prediction.total_ms == pytest.approx(0.5 * sum(map(rugged, others)), rel=0.1)
    assert {each.source for each in prediction.operators} == {Source.TRANSFERRED}
