"""Memory and times of starts, by planted numbers, and memory plans as opt makes them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from edgeslim.errors import BadFileError
from edgeslim.execution import Target
from edgeslim.graph import Graph, Names, Node
from edgeslim.latency_rows import StartRow
from edgeslim.latency_table import LatencyTable, NetworkRow
from edgeslim.opspec import Attributes, OpSpec, Shapes
from edgeslim.prediction.linear_fit import fit_linear
from edgeslim.prediction.predictor import Predictor
from edgeslim.prediction.start_features import start_features, workspace_bytes
from edgeslim.prediction.start_predictor import StartPrediction, StartPredictor
from tests.prediction.networks import operators
from tests.values import chain, convolution, relu, row, table_at, timed

MILLION = 1e6


def strided(c_in: int, c_out: int, kernel: int = 3, groups: int = 1) -> OpSpec:
    """A convolution of stride 2 on 8x8."""
    return OpSpec(
        kind="conv2d" if groups == 1 else "depthwise_conv2d",
        inputs=Shapes(Input=((1, c_in, 8, 8),)),
        weights=Shapes(Filter=((c_out, c_in // groups, kernel, kernel),)),
        outputs=Shapes(Output=((1, c_out, 4, 4),)),
        attributes=Attributes(
            strides=(2, 2), paddings=(kernel // 2,) * 4, dilations=(1, 1), groups=groups
        ),
    )


@pytest.mark.parametrize(
    ("spec", "x86", "arm"),
    [
        (convolution(8, 16, kernel=1), 0, 0),  # a product of matrices as they are
        (convolution(8, 16), 4 * 8 * 9 * 64, 0),
        (convolution(8, 16, kernel=5), 4 * 8 * 25 * 64, 4 * 8 * 25 * 64),
        (strided(8, 16), 4 * 16 * 16, 0),  # blocks of channels, which are written back
        (strided(8, 15), 4 * 8 * 9 * 16, 0),
        (strided(8, 8, groups=8), 0, 0),
        (strided(6, 6, groups=6), 4 * 6 * 9 * 16, 0),  # no kernel for 6 channels
        (relu(8), 0, 0),
    ],
)
def test_a_kernel_that_lays_its_input_out_needs_a_workspace(
    spec: OpSpec, x86: int, arm: int
) -> None:
    assert workspace_bytes(spec, Target.X86) == x86
    assert workspace_bytes(spec, Target.ARM) == arm


def test_on_x86_tensors_stay_and_the_largest_moment_counts() -> None:
    graph = chain(convolution(1, 8), convolution(8, 8), relu(8, 8), relu(8, 8))
    tensor = 4 * 8 * 64
    found = start_features(graph, Target.X86)
    assert found.tensors_mb * MILLION == pytest.approx(4 * 64 + 4 * tensor)
    # While the second convolution runs, two tensors are there and its matrix of 9 times one.
    assert found.workspace_mb * MILLION == pytest.approx((2 + 9) * tensor - 4 * tensor)


def test_on_arm_tensors_share_memory_that_never_meet() -> None:
    graph = chain(*(relu(8, 8) for _ in range(6)))
    tensor = 4 * 8 * 64
    # Input and output are apart; of the five between them, every second one shares.
    found = start_features(graph, Target.ARM)
    assert found.tensors_mb * MILLION == pytest.approx((2 + 2) * tensor)


def test_a_tensor_that_is_read_late_shares_with_none_before() -> None:
    def node(read: tuple[str, ...], write: str) -> Node:
        shape = ((1, 1, 2, 2),)
        spec = OpSpec(kind="sum", inputs=Shapes(X=shape * len(read)), outputs=Shapes(Out=shape))
        return Node(spec=spec, inputs=Names(X=read), outputs=Names(Out=(write,)))

    graph = Graph(
        nodes=(
            node(("in",), "a"),
            node(("a",), "b"),
            node(("b",), "c"),
            node(("c",), "d"),
            node(("a", "d"), "out"),
        ),
        feeds={"in": (1, 1, 2, 2)},
        fetches=("out",),
        parameters={},
    )
    # a lives all along; b and d never meet, c meets both.
    assert start_features(graph, Target.ARM).tensors_mb * MILLION == pytest.approx(16 * (2 + 3))


def test_a_fit_finds_planted_numbers_and_its_left_out_errors_are_those_of_fits_without() -> None:
    generator = np.random.default_rng(0)
    columns = generator.uniform(1, 9, (12, 3))
    values = columns @ [2.0, 0.5, 1.0] + generator.normal(0, 0.05, 12)
    centre, spreads, scales = np.ones(3), np.full(3, 3.0), np.full(12, 0.05)
    fit = fit_linear(columns, values, scales, centre=centre, spreads=spreads)
    assert fit.numbers == pytest.approx([2.0, 0.5, 1.0], abs=0.05)
    others = fit_linear(columns[1:], values[1:], scales[1:], centre=centre, spreads=spreads)
    error = others.predict(columns[0]) - values[0]
    assert fit.errors[0] == pytest.approx(error, abs=0.03)  # the noise may be another one
    assert fit.half_width(columns[0], 0.05) > abs(fit.errors).min()


def started(index: int, *, count: int = 12) -> tuple[NetworkRow, StartRow]:
    """A network, and its start by planted numbers."""
    graph = chain(*operators(index % count))
    own = start_features(graph, Target.X86)
    network = NetworkRow(name=f"net{index}", graph=graph, measurements=(timed(3.0 + index),))
    start = StartRow(
        name=network.name,
        file_bytes=round(own.file_mb * MILLION),
        load_ms=4.0 + 0.8 * own.file_mb + 0.1 * own.operators,
        first_run_ms=3.0 + index + 2.0 + 0.7 * own.tensors_mb,
        taken_mb=41.0 + own.file_mb + 1.05 * own.tensors_mb + own.workspace_mb,
        alone_mb=35.0,
        starts=4,
    )
    return network, start


def test_starts_are_predicted_from_those_in_the_table(tmp_path: Path) -> None:
    rows = [row for index in range(12) for row in started(index)]
    table = table_at(tmp_path / "table.jsonl", *rows)
    predictor = StartPredictor(LatencyTable.read(table.path), without={"net5"})
    network, truth = started(5)
    found = predictor.predict(network.graph, network.latency_ms)
    assert found.memory_mb is not None
    assert found.load_ms is not None
    assert found.memory_mb.value == pytest.approx(truth.taken_mb, rel=0.02)
    assert found.memory_mb.interval[0] <= found.memory_mb.value <= found.memory_mb.interval[1]
    assert found.load_ms.value == pytest.approx(truth.load_ms, rel=0.05)
    assert found.first_run_ms is not None
    assert found.first_run_ms.value == pytest.approx(truth.first_run_ms, rel=0.1)
    assert found.cold_load_ms is None  # the page cache was never dropped
    assert found.reason == ""
    assert set(predictor.errors("memory_mb")) == {f"net{index}" for index in range(12)} - {"net5"}


def start_of(table: LatencyTable, graph: Graph) -> StartPrediction:
    predictor = Predictor(table)
    return predictor.predict_start(graph, predictor.predict(graph.specs))


def test_a_table_without_starts_says_what_it_lacks(tmp_path: Path) -> None:
    rows = [row for index in range(2) for row in started(index)]
    table = table_at(tmp_path / "table.jsonl", *rows)
    found = start_of(table, chain(relu(8)))
    assert (found.memory_mb, found.load_ms, found.first_run_ms) == (None, None, None)
    assert "the starts of 2 whole networks are in" in found.reason
    assert "edgeslim profile --space or --model" in found.reason


def test_nothing_is_said_of_the_first_run_of_a_network_without_a_latency(tmp_path: Path) -> None:
    rows = [row for index in range(4) for row in started(index)]
    table = table_at(tmp_path / "table.jsonl", row(relu(8), 1.0), *rows)
    found = start_of(table, chain(relu(8), convolution(8, 8)))
    assert found.memory_mb is not None
    assert found.first_run_ms is None


def test_a_network_that_has_become_another_has_no_starts(tmp_path: Path) -> None:
    table = table_at(tmp_path / "table.jsonl", *started(0))
    assert set(table.starts) == {"net0"}
    table.add(NetworkRow(name="net0", graph=chain(relu(4)), measurements=(timed(1.0),)))
    assert table.starts == {}


def test_a_start_that_cannot_be_is_refused_with_its_line(tmp_path: Path) -> None:
    table = table_at(tmp_path / "table.jsonl", *started(0))
    with table.path.open("a") as stream:
        stream.write('{"row":"start","name":"net0","file_bytes":5,"load_ms":-1.0}\n')
    with pytest.raises(BadFileError, match=r"table.jsonl:4: load_ms must be above 0, not -1"):
        LatencyTable.read(table.path)
