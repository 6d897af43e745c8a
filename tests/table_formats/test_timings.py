"""Anybody's timings: what rows of CSV and JSON mean, and how one that is wrong is mended."""

from __future__ import annotations

from pathlib import Path

import pytest

from edgeslim.errors import BadFileError, UsageError
from edgeslim.execution import PowerMode, Target
from edgeslim.latency_rows import Convention, OperatorRow
from edgeslim.latency_table import LatencyTable
from edgeslim.measurement import HOT, RunSummary
from edgeslim.opspec import OpSpec
from edgeslim.table_formats import LatencyUnit
from edgeslim.tables.check import check_table
from edgeslim.tables.export_table import export_table
from edgeslim.tables.import_table import Fusion, ImportedTable, TableOrigin, import_table
from tests.table_formats.tables import imported
from tests.values import convolution, relu

HEADER = "row,name,kind,inputs,weights,outputs,attributes,kernel,time,unit,spread,count,operators\n"
STEM = "operator,stem,conv2d,1x3x8x8,8x3x3x3 8,1x8x8x8,paddings=1x1,winograd,0.5,ms,0.05,100,\n"
ACT = "operator,act,relu,1x8x8x8,,1x8x8x8,,,40,us,,,\n"
NETWORK = "network,net,,,,,,,1.2,ms,0.1,20,stem act*2\n"


def read(folder: Path, rows: str, **known: object) -> ImportedTable:
    known = {"target": "gpu", "fusion": Fusion.ARM, **known}
    return imported(folder, "timings", HEADER + rows, **known)


def only(done: ImportedTable) -> OpSpec:
    (spec,) = LatencyTable.read(done.table)
    return spec


def test_a_row_is_an_operator_with_what_is_known_of_its_runs(tmp_path: Path) -> None:
    done = read(tmp_path, "# by somebody\n\n" + STEM)
    (row,) = LatencyTable.read(done.table).rows
    assert isinstance(row, OperatorRow)
    assert (row.operator, row.kernel) == (convolution(3, 8), "winograd")
    (measurement,) = row.measurements
    assert (measurement.latency_ms, measurement.runs) == (0.5, 100)
    assert measurement.summary == RunSummary(runs=100, deviation=0.1)
    assert measurement.standard_error == pytest.approx(0.1 * 1.2533 / 10, rel=1e-3)


def test_a_network_is_a_list_of_operators_and_a_time(tmp_path: Path) -> None:
    untimed = "untimed,last,softmax,1x8,,1x8,,,,,,,\n"
    done = read(tmp_path, STEM + ACT + untimed + NETWORK.replace("act*2", "act*2 last"))
    table = LatencyTable.read(done.table)
    assert (done.operators, done.networks) == (2, 1)
    net = table.networks["net"]
    kinds = [spec.kind for spec in net.graph.specs]
    assert kinds == ["conv2d", "relu", "relu", "softmax"]
    assert net.latency_ms == 1.2
    assert {spec.kind for spec in table} == {"conv2d", "relu"}
    assert check_table(done.table).findings == ()


JSON = """\
{"row": "operator", "name": "stem", "kind": "conv2d", "inputs": [[1, 3, 8, 8]], \
"weights": {"Filter": [[8, 3, 3, 3]], "Bias": [[8]]}, "outputs": [1, 8, 8, 8], \
"attributes": {"paddings": [1, 1]}, "kernel": "winograd", "time": 0.5, "unit": "ms", \
"spread": 0.05, "count": 100}
{"row": "operator", "name": "act", "kind": "relu", "inputs": [[1, 8, 8, 8]], \
"outputs": [[1, 8, 8, 8]], "time": 40, "unit": "us"}
{"row": "network", "name": "net", "time": 1.2, "unit": "ms", "spread": 0.1, "count": 20, \
"operators": ["stem", "act", "act"]}
"""


def test_lines_of_json_say_the_same(tmp_path: Path) -> None:
    (tmp_path / "json").mkdir()
    one = imported(tmp_path / "json", "timings", JSON, target="gpu", fusion=Fusion.ARM)
    other = read(tmp_path, STEM + ACT + NETWORK)
    assert LatencyTable.read(one.table).rows == LatencyTable.read(other.table).rows


@pytest.mark.parametrize(
    ("row", "kind", "attributes"),
    [
        # The groups follow from the filter, and Paddle calls a filter for each channel depthwise.
        ("conv2d,1x8x8x8,8x1x3x3,1x8x8x8,paddings=1x1", "depthwise_conv2d", {"groups": 8}),
        ("depthwise_conv2d,1x8x8x8,8x4x3x3,1x8x6x6,", "conv2d", {"groups": 2}),
        ("conv2d,1x8x8x8,8x8x1x1,1x8x4x4,strides=2x2 act_type=relu6", "conv2d", {"with_act": True}),
        ("elementwise_mul,1x8x8x8,1x8x1x1,1x8x8x8,", "elementwise_mul", {"axis": -1}),
        ("concat,1x8x8x8 1x4x8x8,,1x12x8x8,axis=1", "concat", {"axis": 1}),
        ("split,1x8x8x8,,1x6x8x8 1x2x8x8,axis=1 num=2", "split", {"num": 2}),
        ("pool2d,1x8x8x8,,1x8x1x1,global_pooling=true", "pool2d", {"ksize": (8, 8)}),
        ("fc,1x32,32x10 10,1x10,", "fc", {"in_num_col_dims": 1}),
        ("shuffle_channel,1x8x8x8,,1x8x8x8,group=2", "shuffle_channel", {"group": 2}),
    ],
)
def test_shapes_and_attributes_take_the_place_that_paddle_gives_them(
    tmp_path: Path, row: str, kind: str, attributes: dict[str, object]
) -> None:
    spec = only(read(tmp_path, f"operator,,{row},,1,ms,,,\n"))
    assert spec.kind == kind
    assert attributes.items() <= spec.attributes.items()


def test_what_the_target_is_and_how_its_networks_are_fused_is_in_the_context(
    tmp_path: Path,
) -> None:
    context = read(tmp_path, STEM, library_version="ncnn 20261020", threads=2).context
    assert (context.foreign_target, context.fused_for) == ("gpu", Target.ARM)
    assert context.execution.power_mode is PowerMode.NO_BIND
    assert context.execution_text == "gpu (fused as for arm) fp32, 2 threads, no-bind"
    assert context.provenance == "theirs.txt; in ms; not recorded: samples, cache state"
    (tmp_path / "none").mkdir()
    unfused = read(tmp_path / "none", STEM, fusion=Fusion.NONE).context
    assert (unfused.convention, unfused.fused_for) == (Convention.UNFUSED, None)
    assert "gpu (operators not fused)" in unfused.execution_text
    (tmp_path / "further").mkdir()
    further = read(tmp_path / "further", STEM, fusion=Fusion.FURTHER).context
    assert (further.convention, further.fused_for) == (Convention.FUSED_FURTHER, Target.ARM)
    (tmp_path / "arm").mkdir()
    plain = read(tmp_path / "arm", STEM, target="arm", fusion=None).context
    assert (plain.foreign_target, plain.convention) == ("", Convention.FUSED)


def test_operators_without_a_counterpart_are_listed_and_not_predicted(tmp_path: Path) -> None:
    other = "operator,swap,other:Raster,,,,,,0.2,ms,,,\n"
    done = read(tmp_path, STEM + ACT + other + NETWORK.replace("act*2", "swap act*2 swap"))
    assert (done.operators, done.refused) == (2, ())
    assert "operators without a counterpart, of which nothing is predicted: 1 Raster" in done.notes
    assert any("net has operators without a counterpart in it (2 Raster)" in n for n in done.notes)
    assert len(LatencyTable.read(done.table).networks["net"].graph.specs) == 3


def test_repeated_rows_that_agree_are_pooled(tmp_path: Path) -> None:
    again = STEM.replace("0.5,ms,0.05,100", "560,us,56,300").replace("stem", "later")
    done = read(tmp_path, STEM + again)
    assert (done.operators, done.notes) == (1, ("1 row repeats another, and is pooled with it",))
    table = LatencyTable.read(done.table)
    assert table.measurements(only(done))[HOT].runs == 400


def test_a_table_with_networks_comes_back_as_it_was(tmp_path: Path) -> None:
    twin = NETWORK.replace(",net,", ",net of two,")
    untimed = "untimed,last,softmax,1x8,,1x8,,,,,,,\n"
    text = STEM + ACT + untimed + NETWORK.replace("act*2", "act last act") + twin
    before = LatencyTable.read(read(tmp_path, text).table)
    export_table(before.path, "timings", tmp_path / "again.csv")
    origin = TableOrigin(device="board", target="gpu", fusion=Fusion.ARM)
    after = import_table(tmp_path / "again.csv", "timings", tmp_path / "b.jsonl", origin=origin)
    again = LatencyTable.read(after.table)
    assert again.latencies_ms() == before.latencies_ms()
    assert again.network_latencies_ms() == before.network_latencies_ms()
    assert {name: row.graph for name, row in again.networks.items()} == {
        name: row.graph for name, row in before.networks.items()
    }


WRONG = {
    "0,5": STEM.replace("0.5", '"0,5"'),
    "0.5,5": STEM.replace("0.5", "0,5"),
    "sep": STEM.replace("0.5", '"1,000.5"'),
    "unit in it": STEM.replace("0.5", "0.5ms"),
    "zero": STEM.replace("0.5", "0"),
    "negative": STEM.replace("0.5", "-0.5"),
    "nan": STEM.replace("0.5", "nan"),
    "inf": STEM.replace("0.5", "inf"),
    "no time": STEM.replace("0.5", ""),
    "msec": STEM.replace("ms,", "msec,"),
    "cycles": STEM.replace("ms,", "cycles,"),
    "no unit": STEM.replace("ms,", ","),
    "percent": STEM.replace("0.05", "5%"),
    "spread": STEM.replace("0.05", "-1"),
    "count": STEM.replace("100", "0.5"),
    "row": STEM.replace("operator", "operater"),
    "kind": STEM.replace("conv2d", "conv2b"),
    "kinds": STEM.replace("conv2d", "lstm_with_peepholes"),
    "no kind": STEM.replace("conv2d", ""),
    "filter": STEM.replace("8x3x3x3 8", ""),
    "channels": STEM.replace("8x3x3x3", "8x5x3x3"),
    "out": STEM.replace("1x8x8x8", "1x8x6x6"),
    "shape": STEM.replace("1x3x8x8", "1*3*8*8"),
    "attribute": STEM.replace("paddings=1x1", "padding=1x1"),
    "value": STEM.replace("paddings=1x1", "paddings=one"),
    "word": STEM.replace("paddings=1x1", "SAME"),
    "tensors": ACT.replace("1x8x8x8,,", "1x8x8x8,8 8,"),
    "slot": ACT.replace("1x8x8x8,,1", "x=1x8x8x8,,1"),
    "spaces": STEM.replace("stem", "the stem"),
    "names": STEM + STEM.replace("8x3x3x3 8", "8x3x3x3"),
    "twice": STEM + STEM.replace("0.5,", "0.9,"),
    "network": STEM + ACT + NETWORK.replace("stem", "stam"),
    "stranger": STEM + ACT + NETWORK.replace("stem", "zzz"),
    "empty": STEM + NETWORK.replace("stem act*2", ""),
    "nameless": STEM + ACT + NETWORK.replace("net,", ",", 1).replace("network", "network", 1),
    "seconds": STEM + ACT + NETWORK.replace("ms", "s"),
    "networks": STEM + ACT + NETWORK + NETWORK.replace("1.2", "3.4"),
    "others": STEM + ACT + NETWORK + NETWORK.replace("*2", "*3"),
    "quote": STEM.replace("winograd", '"winograd'),
    "wide": STEM.replace("\n", ",,x\n"),
}
MENDS = {
    "0,5": "2: the time '0,5' has a decimal comma; write 0.5",
    "0.5,5": "if 0,5 is one number with a decimal comma, write 0.5",
    "sep": "the time '1,000.5' has commas between thousands; write 1000.5",
    "unit in it": "has its unit in it; write 0.5, and ms in the column 'unit'",
    "zero": "a time must be a number above zero, not '0'; leave the row out, or make it 'untimed'",
    "negative": "a time must be a number above zero, not '-0.5'",
    "nan": "a time must be a number above zero, not 'nan'",
    "inf": "a time must be a number above zero, not 'inf'",
    "no time": "there is no time; an operator that nobody timed is row 'untimed'",
    "msec": "'msec' is not a unit; write 'ms'",
    "cycles": "'cycles' is not a unit; convert the times to one of ns, us, ms, s",
    "no unit": "the time 0.5 has no unit; fill the column 'unit' with one of ns, us, ms, s, or",
    "percent": "the spread '5%' is a share; write the standard deviation in ms",
    "spread": "spread is a standard deviation in ms, 0 or more, not '-1'",
    "count": "count is how many runs the time is of, at least 1, not '0.5'",
    "row": "the row is 'operater'; did you mean 'operator'?",
    "kind": "'conv2b' is not an operator that edgeslim knows; did you mean 'conv2d'?",
    "kinds": "'lstm_with_peepholes' is not an operator that edgeslim knows",
    "no kind": "there is no kind; write Paddle's name of the operator, such as conv2d",
    "filter": "a conv2d has no filter (Filter)",
    "channels": "reads 5 channels, and the input has 3",
    "out": "a conv2d of 1x3x8x8 comes out as 1x8x8x8, not as 1x8x6x6",
    "shape": "'1*3*8*8' is not a shape; write extents with an x between them: 1x3x224x224",
    "attribute": "conv2d has no attribute 'padding'; did you mean 'paddings'?",
    "value": "paddings is written like 0x0, not 'one'",
    "word": "'SAME' is not an attribute; write it like strides=2x2",
    "tensors": "relu has no place for another tensor 8; its slots are X, and Out",
    "slot": "relu has no slot 'x'; did you mean 'X'?",
    "spaces": "the name 'the stem' has spaces",
    "names": "'stem' is conv2d 1x3x8x8 -> 1x8x8x8 here, and in line 2 ",
    "twice": "line 3: conv2d 1x3x8x8 -> 1x8x8x8 takes 0.9 ms here and 0.5 ms in line 2",
    "network": "'net' names the operator 'stam', which no row has; did you mean 'stem'?",
    "stranger": "names the operator 'zzz', which no row has; add a row for it ('untimed' if",
    "empty": "the network 'net' has no operators; name them in the column 'operators'",
    "nameless": "a network needs a name",
    "seconds": "takes 1.20 s, and 3 of its operators 580.0 us; one of the times is in another unit",
    "networks": "line 5: the network 'net' takes 3.40 ms here and 1.20 ms in line 4; keep the",
    "others": "line 5: the network 'net' has other operators than in line 4; give one of them",
    "quote": "each row is one line, and texts in quotes end with a quote",
    "wide": "15 values stand under 13 columns; put texts that contain ',' in quotes",
}


@pytest.mark.parametrize("wrong", WRONG)
def test_what_is_wrong_is_one_line_with_the_place_and_the_mend(tmp_path: Path, wrong: str) -> None:
    with pytest.raises(BadFileError) as caught:
        read(tmp_path, WRONG[wrong])
    text = str(caught.value)
    assert text.startswith(f"{tmp_path}/theirs.txt:")
    assert MENDS[wrong] in text
    assert "\n" not in text
    assert [path.name for path in tmp_path.iterdir()] == ["theirs.txt"]


def test_every_mend_belongs_to_something_wrong() -> None:
    assert WRONG.keys() == MENDS.keys()


@pytest.mark.parametrize(
    ("header", "text"),
    [
        (HEADER.replace("time", "times"), "the column 'time' is missing; is 'times' meant?"),
        (HEADER.replace("kind", "op"), "the column 'kind' is missing; a file has row, name, kind"),
        (HEADER.replace("spread", "spraed"), "unknown column 'spraed'; did you mean 'spread'?"),
        (HEADER.replace("spread", "time"), "the column 'time' is there twice; keep one"),
    ],
)
def test_columns_that_are_missing_or_misspelt(tmp_path: Path, header: str, text: str) -> None:
    with pytest.raises(BadFileError) as caught:
        imported(tmp_path, "timings", header + STEM, target="gpu", fusion=Fusion.ARM)
    assert text in str(caught.value)
    assert str(caught.value).startswith(f"{tmp_path}/theirs.txt:1: ")


def test_other_columns_are_named_and_other_marks_between_them_are_read(tmp_path: Path) -> None:
    text = HEADER.replace("\n", ",remark\n") + STEM.replace("\n", ",mine\n")
    done = imported(tmp_path, "timings", text.replace(",", ";"), target="gpu", fusion=Fusion.ARM)
    assert done.notes == ("columns that are not read: remark",)
    assert only(done) == convolution(3, 8)


@pytest.mark.parametrize(
    ("line", "text"),
    [
        ('{"row": "operator", "time": NaN}', "this is not a line of JSON"),
        ('{"row": "operator", "kernal": "x"}', "unknown key 'kernal'; did you mean 'kernel'?"),
        ('{"row": "operator", "kind": 3}', "'kind' must be a text, not 3"),
        ('{"row": "operator", "kind": "relu", "inputs": "1x8"}', "a relu has no output"),
        ('{"row": "operator", "kind": "relu", "inputs": 8}', "8 is not a list of shapes; write"),
        ('{"row": "operator", "kind": "relu", "inputs": [[1, 2.5]]}', "is not a shape; write [1,"),
        (
            '{"row": "operator", "kind": "relu", "inputs": "1x8", "outputs": "1x8", "time": true}',
            "'time' must be a number, not True",
        ),
        ('{"row": "network", "name": "n", "time": 1, "unit": "s", "operators": [1]}', "is a text"),
    ],
)
def test_json_that_is_wrong(tmp_path: Path, line: str, text: str) -> None:
    with pytest.raises(BadFileError) as caught:
        imported(tmp_path, "timings", line + "\n", target="gpu", fusion=Fusion.ARM)
    assert text in str(caught.value)
    assert str(caught.value).startswith(f"{tmp_path}/theirs.txt:1: ")


@pytest.mark.parametrize(
    ("known", "text"),
    [
        ({"unit": LatencyUnit.US}, "the row is in ms, and not in us; leave --unit out"),
        ({"target": "amr", "fusion": None}, "did you mean 'arm'? Otherwise give --fusion arm"),
        ({"target": "npu", "fusion": None}, "nothing says how networks are fused on 'npu'; give"),
        ({"target": "arm", "fusion": Fusion.X86}, "networks for arm are fused as for arm"),
        ({"target": "a gpu\n"}, "nothing"),
        ({"target": "g" * 41}, "a target is a short word, such as gpu or onnxruntime"),
        ({"models": (Path("a"), Path("b"))}, "1 profiles need as many models"),
    ],
)
def test_what_the_user_says_and_cannot_mean(
    tmp_path: Path, known: dict[str, object], text: str
) -> None:
    if known.get("target") == "a gpu\n":
        assert read(tmp_path, STEM, **known).context.foreign_target == "a gpu"
        return
    with pytest.raises(UsageError) as caught:
        read(tmp_path, STEM, **known)
    assert text in str(caught.value)


def test_a_time_without_a_unit_takes_the_one_that_is_said(tmp_path: Path) -> None:
    done = read(tmp_path, STEM.replace("ms,", ","), unit=LatencyUnit.US)
    assert LatencyTable.read(done.table).latencies_ms()[only(done)].popitem()[1] == 0.0005


def test_a_unit_that_no_device_meets_is_refused_with_the_one_that_is_right(tmp_path: Path) -> None:
    large = "operator,,conv2d,1x64x56x56,64x64x3x3,1x64x56x56,paddings=1x1,,9,ns,,,\n"
    with pytest.raises(BadFileError, match=r"in ns, its convolutions .* in us or ms or s it would"):
        read(tmp_path, large, target="gpu")


def test_batch_norms_in_a_fused_table_are_noticed(tmp_path: Path) -> None:
    norm = "operator,,batch_norm,1x8x8x8,8 8 8 8,1x8x8x8,,,1,ms,,,\n"
    done = read(tmp_path, norm)
    assert "if these operators are as they are before any fusion" in done.notes[0]


def test_relu_is_the_same_operator_as_in_a_profile(tmp_path: Path) -> None:
    assert only(read(tmp_path, ACT.replace("1x8x8x8", "1x8x4x4"))) == relu(8)
