"""Operators of a device of which only whole networks were timed; the phone that comes along."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import pytest

from edgeslim.errors import UnknownNameError, UsageError
from edgeslim.latency_table import LatencyTable, NetworkRow
from edgeslim.opspec import Attributes, OpSpec, Shapes
from edgeslim.prediction.kernel_costs import (
    KERNEL_COSTS,
    NOMINAL_KERNEL_PRICES,
    kernel_costs,
)
from edgeslim.prediction.network_prices import FEWEST_PRICED, network_families
from edgeslim.prediction.predictor import Predictor, Source
from edgeslim.profiling.copied_tables import add_copies
from edgeslim.tables.check import check_table
from tests.prediction.made_up_device import depthwise
from tests.tools import PROJECT
from tests.values import chain, convolution, relu, table_at, timed

PHONES = {1: "snapdragon-855", 2: "snapdragon-855-2-threads", 4: "snapdragon-855-4-threads"}
PRICES = NOMINAL_KERNEL_PRICES * np.exp(
    0.3 * np.random.default_rng(3).standard_normal(len(KERNEL_COSTS))
)
"""A device that is not quite as it is guessed before."""


def cost(spec: OpSpec, name: str, threads: int = 1) -> float:
    return float(kernel_costs([spec], threads)[0, KERNEL_COSTS.index(name)])


def separable(width: int, extent: int, blocks: int) -> list[OpSpec]:
    specs = [convolution(3, width, extent)]
    for _ in range(blocks):
        specs += [depthwise(width, extent), convolution(width, width, extent, kernel=1)]
    return specs


def plain(width: int, extent: int, blocks: int) -> list[OpSpec]:
    specs = [convolution(3, width, extent)]
    for _ in range(blocks):
        specs += [convolution(width, width, extent, kernel=1), relu(width, extent)]
    return specs


NETWORKS = {
    f"{make.__name__}-{width}-{extent}": make(width, extent, blocks)
    for make in (separable, plain)
    for width, extent, blocks in ((16, 56, 6), (24, 28, 9), (64, 28, 8), (128, 14, 12), (96, 28, 5))
}


def row_of(name: str, specs: list[OpSpec]) -> NetworkRow:
    latency_ms = float((kernel_costs(specs) @ PRICES).sum())
    return NetworkRow(name=name, graph=chain(*specs), measurements=(timed(latency_ms),))


def table_of(path: Path, count: int = len(NETWORKS)) -> LatencyTable:
    rows = [row_of(name, specs) for name, specs in [*NETWORKS.items()][:count]]
    return table_at(path / "networks.jsonl", *rows)


def test_threads_divide_by_whole_blocks_what_they_divide() -> None:
    three_blocks = convolution(64, 24, 28, kernel=1)
    alone = cost(three_blocks, "products of 1x1")
    assert cost(three_blocks, "products of 1x1", 2) == pytest.approx(alone * 2 / 3)
    assert cost(three_blocks, "products of 1x1", 4) == pytest.approx(alone / 3)
    assert cost(three_blocks, "weights", 4) == cost(three_blocks, "weights")
    first = convolution(3, 16, 28)
    assert cost(first, "products of images", 4) == cost(first, "products of images") > 0
    assert cost(first, "start of threads") == 0
    assert cost(first, "start of threads", 2) == 1


def test_kernels_are_told_apart_by_filter_stride_and_channels() -> None:
    assert cost(convolution(32, 32), "products of Winograd's kernels") > 0
    assert cost(convolution(16, 32), "products of larger filters") > 0
    assert cost(convolution(32, 32, extent=1, kernel=1), "weights of one place") > 0
    assert cost(depthwise(8, kernel=5), "larger depthwise") > 0
    assert cost(depthwise(8, kernel=3), "larger depthwise") == 0
    large = relu(64, 112)
    assert cost(large, "beyond caches") == pytest.approx(2 * (4 * 64 * 112**2 / 1e6 - 1.0))


def test_networks_that_differ_in_widths_only_are_one_family() -> None:
    numbers = network_families([*NETWORKS.values()])
    assert len(set(numbers[:5])) == 1
    assert len(set(numbers)) == 2


def test_another_network_is_predicted_from_whole_networks_alone(tmp_path: Path) -> None:
    other = separable(48, 56, 4)
    truth_ms = float((kernel_costs(other) @ PRICES).sum())
    found = Predictor(table_of(tmp_path)).predict(other)
    assert found.total_ms == pytest.approx(truth_ms, rel=0.05)
    assert found.interval_ms is not None
    low, high = found.interval_ms
    assert low < truth_ms < high
    assert {operator.source for operator in found.operators} == {Source.FITTED}
    assert all(0.2 <= operator.error <= 0.6 for operator in found.operators)
    assert found.coverage == 1.0


def test_what_no_network_has_is_less_sure_and_what_nobody_knows_is_missing(tmp_path: Path) -> None:
    predictor = Predictor(table_of(tmp_path))
    known, unseen = separable(64, 28, 6), [convolution(64, 64, 28) for _ in range(8)]

    def half(specs: list[OpSpec]) -> float:
        found = predictor.predict(specs)
        assert found.interval_ms is not None
        return (found.interval_ms[1] - found.interval_ms[0]) / 2 / found.total_ms

    assert half([*known, *unseen]) > 2 * half(known)
    shape = ((1, 8, 4, 4),)
    strange = OpSpec(
        kind="cumsum", inputs=Shapes(X=shape), outputs=Shapes(Out=shape), attributes=Attributes()
    )
    found = predictor.predict([*known, strange])
    assert found.missing == (strange,)
    assert found.total_ms == pytest.approx(predictor.predict(known).total_ms)


def test_families_judge_each_other(tmp_path: Path) -> None:
    calibration = Predictor(table_of(tmp_path)).calibration
    assert calibration.has_intervals
    assert set(calibration.residuals) == set(NETWORKS)
    # Plain networks have no depthwise convolution, so the others were hardly known from them.
    assert calibration.worst_error > 0.02


def test_a_few_networks_say_nothing_of_operators(tmp_path: Path) -> None:
    table = table_of(tmp_path, FEWEST_PRICED - 1)
    assert Predictor(table).predict(NETWORKS["separable-16-56"]).missing


def test_the_phone_that_comes_along_is_found_by_its_name() -> None:
    for threads, name in PHONES.items():
        table = LatencyTable.read(Path(name))
        assert table.context.execution.threads == threads
        assert len(table.networks) == 41
        calibration = Predictor(table).calibration
        assert calibration.mean_error < 0.05
    assert not check_table(Path(PHONES[1])).findings
    with pytest.raises(UnknownNameError, match="did you mean 'snapdragon-855'"):
        LatencyTable.read(Path("snapdragn-855"))


def test_the_phones_latencies_are_the_published_ones() -> None:
    lines = (PROJECT / "benchmarks" / "snapdragon_855.csv").read_text().splitlines()
    rows = list(csv.DictReader(line for line in lines if not line.startswith("#")))
    for threads, name in PHONES.items():
        table = LatencyTable.read(Path(name))
        published = {row["name"]: float(row[f"ms_{threads}"]) for row in rows}
        assert table.network_latencies_ms() == pytest.approx(published)


def test_a_table_that_comes_along_is_not_changed(tmp_path: Path) -> None:
    other = table_of(tmp_path)
    with pytest.raises(UsageError, match="comes with edgeslim; copy"):
        add_copies(Path(PHONES[1]), [other.path])
