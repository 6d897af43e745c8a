"""OpenVINO's counters: joined with the runtime model, with and without the ONNX model."""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from edgeslim.errors import BadFileError
from edgeslim.execution import Target
from edgeslim.latency_rows import Convention, OperatorRow
from edgeslim.latency_table import LatencyTable
from edgeslim.opspec import OpSpec
from edgeslim.table_formats import ForeignRow, LatencyUnit
from edgeslim.table_formats._format import parse_latency
from edgeslim.table_formats._openvino_graph import read_graph
from edgeslim.table_formats._openvino_operators import operator_of_layer
from edgeslim.table_formats._runtime_rows import WITH_SUM, pool_places
from edgeslim.tables.check import check_table
from edgeslim.tables.import_table import ImportedTable, TableOrigin, import_table
from tests.table_formats.tables import reasons
from tests.values import convolution

PROFILES = Path(__file__).parent / "profiles"
MODEL = PROFILES / "small.onnx"
COUNTERS = "benchmark_detailed_counters_report.csv"


@pytest.fixture
def report(tmp_path: Path) -> Path:
    """The folder that benchmark_app wrote, to be changed."""
    shutil.copytree(PROFILES / "openvino", tmp_path / "report")
    return tmp_path / "report"


def read(report: Path, *models: Path) -> ImportedTable:
    origin = TableOrigin(device="here", models=models)
    out = report.parent / "ours.jsonl"
    return import_table(report / COUNTERS, "openvino-profile", out, origin=origin)


def found(done: ImportedTable, kind: str) -> list[OpSpec]:
    return [spec for spec in LatencyTable.read(done.table) if spec.kind == kind]


def change(file: Path, edit: Callable[[str], str]) -> None:
    file.write_text(edit(file.read_text()))


@pytest.mark.parametrize("models", [(), (MODEL,)], ids=["without the model", "with the model"])
def test_convolutions_are_joined_with_their_shapes(report: Path, models: tuple[Path, ...]) -> None:
    done = read(report, *models)
    convolutions = found(done, "conv2d")
    assert [spec.attributes.get("act_type", "") for spec in convolutions] == [
        *("relu", "relu6", "", "hard_swish", "relu", "", "leaky_relu"),
    ]
    stem = convolutions[0]  # called Multiply_4180 in this run, since a norm was folded into it
    assert (stem.input_shape, stem.output_shape) == ((1, 3, 320, 320), (1, 12, 160, 160))
    assert (stem.attributes["strides"], stem.attributes["paddings"]) == ((2, 2), (1, 1, 1, 1))
    assert convolutions[-1].attributes["groups"] == 2  # its filter has five extents
    (depthwise,) = found(done, "depthwise_conv2d")
    assert depthwise.weights["Filter"] == ((24, 1, 3, 3),)
    (layer,) = found(done, "fc")
    assert dict(layer.weights) == {"W": ((32, 10),), "Bias": ((10,),)}
    assert not [f for f in check_table(done.table).findings if f.kind == "impossible"]


def test_kernels_and_times_are_those_of_the_counters(report: Path) -> None:
    row = LatencyTable.read(read(report).table).rows[0]
    assert isinstance(row, OperatorRow)
    assert row.kernel == "brgconv_avx512_f32"
    (measurement,) = row.measurements
    assert (measurement.latency_ms, measurement.runs) == (0.314, 301)


def test_what_only_the_model_knows_is_asked_for_and_listed(report: Path) -> None:
    done = read(report)
    asked = [reason.partition(":")[0] for reason in reasons(done) if "--model" in reason]
    assert asked == ["Subgraph", "MaxPool", "ReduceMean", "AvgPool"]
    done.table.unlink()
    whole = read(report, MODEL)
    assert reasons(whole) == [
        "Reorder: it has no counterpart among the kinds of edgeslim (7.4% of all times)"
    ]
    pools = {
        (spec.attributes["pooling_type"], spec.attributes["ksize"])
        for spec in found(whole, "pool2d")
    }
    assert pools == {("avg", (80, 80)), ("max", (3, 3)), ("avg", (2, 2))}
    assert found(whole, "elementwise_mul")
    assert "7 layers were fused into others, and 4 took no time or less than a" in whole.notes[0]


def test_the_report_beside_it_has_the_whole_network_and_the_threads(report: Path) -> None:
    done = read(report, MODEL)
    context = done.context
    assert (context.foreign_target, context.fused_for) == ("openvino", Target.ARM)
    assert (context.convention, context.execution.threads) == (Convention.FUSED_FURTHER, 1)
    network = LatencyTable.read(done.table).networks["small"]
    assert (network.latency_ms, len(network.graph.specs)) == (7.91, done.operators)
    done.table.unlink()
    (report / "benchmark_report.csv").unlink()
    alone = read(report, MODEL)
    assert alone.networks == 0
    assert "no benchmark_report.csv beside" in alone.notes[-1]


@pytest.mark.parametrize(
    ("old", "new", "note"),
    [
        ("latency (ms);7.91", "latency (ms);0.12", "0.12 ms of a whole run is rounded too much"),
        ("requests;1", "requests;4", "whole runs overlapped: run benchmark_app with -api sync"),
        ("latency (ms);7.91", "latency (ms);fast", "no benchmark_report.csv beside"),
    ],
)
def test_whole_runs_that_say_nothing_are_left_out(
    report: Path, old: str, new: str, note: str
) -> None:
    change(report / "benchmark_report.csv", lambda text: text.replace(old, new))
    done = read(report, MODEL)
    assert done.networks == 0
    assert note in " ".join(done.notes)


def test_means_of_few_runs_and_other_precisions_are_said(report: Path) -> None:
    change(
        report / "benchmark_report.csv", lambda text: text.replace("iterations;300", "iterations;9")
    )
    change(
        report / "graph.xml",
        lambda text: text.replace('runtimePrecision="f32"', 'runtimePrecision="bf16"'),
    )
    notes = " ".join(read(report, MODEL).notes)
    assert "times are means of 10 runs, the slow first one included" in notes
    assert "some layers computed in bf16; say it by --precision, or run benchmark_app with" in notes


def test_an_operator_of_several_places_is_one_row(report: Path) -> None:
    def with_twin(text: str) -> str:
        line = next(line for line in text.splitlines() if line.startswith("project/"))
        return text.replace(line, f"{line}\n{line.replace('0.380', '0.300')}")

    change(report / COUNTERS, with_twin)
    rows = LatencyTable.read(read(report, MODEL).table).rows
    (row,) = (
        row for row in rows if isinstance(row, OperatorRow) and str(row.kernel).endswith(WITH_SUM)
    )
    assert row.measurements[0].samples_ns == (380_000, 300_000)


def test_a_place_with_a_sum_in_its_time_gives_way_to_one_without() -> None:
    def place(milliseconds: float, kernel: str) -> ForeignRow:
        return ForeignRow(
            place=kernel,
            operator=convolution(3, 8),
            latency=parse_latency(str(milliseconds), LatencyUnit.MS),
            kernel=kernel,
        )

    places = [place(5, f"im2col{WITH_SUM}"), place(3, "im2col"), place(4, "im2col")]
    (row,) = pool_places(places)
    assert (row.full_measurement.samples_ns, row.kernel) == ((3_000_000, 4_000_000), "im2col")
    (row,) = pool_places(places[:1])
    assert row.kernel == f"im2col{WITH_SUM}"


def test_a_layer_behind_a_flattening_reads_the_map_and_a_bias_of_nothing_is_none(
    tmp_path: Path,
) -> None:
    def layer(number: int, kind: str, inputs: str, out: str) -> str:
        return (
            f'<layer id="{number}" name="n{number}" type="{kind}"><data execTimeMcs="1"/>'
            f"<input>{inputs}</input><output>{out}</output></layer>"
        )

    def port(number: int, *extents: int) -> str:
        dims = "".join(f"<dim>{extent}</dim>" for extent in extents)
        return f'<port id="{number}">{dims}</port>'

    def edge(source: int, target: int, place: int) -> str:
        return f'<edge from-layer="{source}" from-port="9" to-layer="{target}" to-port="{place}"/>'

    (tmp_path / "graph.xml").write_text(
        "<net><layers>"
        + layer(0, "Pooling", "", port(9, 1, 8, 1, 1))
        + layer(1, "Reshape", port(0, 1, 8, 1, 1), port(9, 1, 8))
        + layer(2, "Const", "", port(9, 5, 8))
        + layer(3, "FullyConnected", port(0, 1, 8) + port(1, 5, 8) + port(2, 0), port(9, 1, 5))
        + "</layers><edges>"
        + edge(0, 1, 0)
        + edge(1, 3, 0)
        + edge(2, 3, 1)
        + "</edges></net>"
    )
    product = read_graph(tmp_path / "graph.xml")["n3"]
    assert (product.inputs, product.parameters) == (((1, 8, 1, 1),), ((5, 8),))
    spec = operator_of_layer(product, "FullyConnected", [], None, None)
    assert (spec.kind, spec.input_shape) == ("fc", (1, 8, 1, 1))
    assert dict(spec.weights) == {"W": ((8, 5),)}


WRONG: dict[str, tuple[str, Callable[[str], str], str]] = {
    "another header": (
        COUNTERS,
        lambda text: text.replace("layerName;", "name;"),
        ":1: the first line is not layerName;execStatus;layerType;execType;realTime (ms); bench",
    ),
    "a decimal comma": (
        COUNTERS,
        lambda text: text.replace("0.314", "0,314"),
        ":4: '0,314' is not the time of 'Multiply_4180'; write 0.314",
    ),
    "no times": (
        COUNTERS,
        lambda text: re.sub(r"[0-9]\.[0-9]{3}", "0.000", text),
        "all times are 0: the counters were not switched on",
    ),
    "another run": (
        "graph.xml",
        lambda text: text.replace('"Multiply_4180"', '"Multiply_4621"'),
        ":4: the runtime model has no layer 'Multiply_4180'; names change with each compilation",
    ),
    "no graph": (
        "graph.xml",
        lambda text: text.replace("execTimeMcs", "nothing"),
        "has no shapes; run benchmark_app again with -exec_graph_path",
    ),
    "no xml": ("graph.xml", lambda text: text[:-100], "graph.xml is not a runtime model of"),
    "entities": (
        "graph.xml",
        lambda text: text.replace("<net", '<!DOCTYPE n [<!ENTITY a "b">]><net', 1),
        "graph.xml is not a runtime model of OpenVINO: it declares entities",
    ),
}


@pytest.mark.parametrize("wrong", WRONG)
def test_what_is_wrong_is_one_line_and_leaves_nothing(report: Path, wrong: str) -> None:
    file, edit, text = WRONG[wrong]
    change(report / file, edit)
    with pytest.raises(BadFileError) as caught:
        read(report, MODEL)
    assert text in str(caught.value)
    assert "\n" not in str(caught.value)
    assert not (report.parent / "ours.jsonl").exists()


def test_two_runtime_models_are_not_chosen_from(report: Path) -> None:
    shutil.copy(report / "graph.xml", report / "other.xml")
    with pytest.raises(BadFileError, match=r"several runtime models \(graph.xml, other.xml\)"):
        read(report)
