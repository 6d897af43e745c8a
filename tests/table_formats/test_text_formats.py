"""PaddleSlim's two text formats: what rows mean, and what is wrong with them."""

from __future__ import annotations

from pathlib import Path

import pytest

from edgeslim.errors import BadFileError, UsageError
from edgeslim.latency_rows import Convention
from edgeslim.latency_table import LatencyTable
from edgeslim.opspec import Attributes, OpSpec, Shapes
from edgeslim.table_formats import FORMATS, LatencyUnit, ReadOptions
from tests.table_formats.tables import imported, reasons

HEADER = "op_type\t855\tus\n"
STEM = "conv,0,0,1,3,64,64,8,1,3,1,2,1\t24\n"


def only(path: Path) -> tuple[OpSpec, float]:
    table = LatencyTable.read(path)
    ((spec, measured),) = ((spec, table.measurements(spec)) for spec in table)
    (measurement,) = measured.values()
    assert len(measurement.samples_ns) == 1
    return spec, measurement.samples_ns[0]


def test_a_row_becomes_a_bare_convolution_in_normal_form(tmp_path: Path) -> None:
    done = imported(tmp_path, "paddleslim-2", HEADER + STEM)
    assert only(done.table) == (
        OpSpec(
            kind="conv2d",
            inputs=Shapes(Input=((1, 3, 64, 64),)),
            weights=Shapes(Filter=((8, 3, 3, 3),)),
            outputs=Shapes(Output=((1, 8, 32, 32),)),
            attributes=Attributes(
                strides=(2, 2), paddings=(1, 1, 1, 1), dilations=(1, 1), groups=1
            ),
        ),
        24_000,
    )
    assert done.context.convention is Convention.BARE_CONVOLUTIONS
    assert "threads (taken as 1)" in done.context.provenance


def test_as_many_groups_as_channels_are_a_depthwise_convolution(tmp_path: Path) -> None:
    done = imported(tmp_path, "paddleslim-2", HEADER + "conv,1,1,1,8,9,9,8,8,3,1,1,1\t5\n")
    spec, _ = only(done.table)
    assert spec.kind == "depthwise_conv2d"
    assert spec.weights == Shapes(Filter=((8, 1, 3, 3),), Bias=((8,),))
    assert spec.attributes["act_type"] == "relu"


@pytest.mark.parametrize(
    ("documents", "codes"),
    [
        ("conv2d,0,0,1,3,64,64,8,1,3,1,2,1", "conv,0,0,1,3,64,64,8,1,3,1,2,1"),
        ("conv2d, 0, 0, 1, 3, 64, 64, 8, 1, 3, 1, 2, 1", "conv,0,0,1,3,64,64,8,1,3,1,2,1"),
        ("depthwise_conv2d,1,1,1,8,9,9,8,8,3,1,1,1", "conv,1,1,1,8,9,9,8,8,3,1,1,1"),
        ("pool2d,1,1,40,28,28,0,0,1,0,3", "pooling,1,1,40,28,28,0,0,1,0,3"),
        ("elementwise_add,1,24,56,56", "eltwise,2,1,24,56,56"),
        ("elementwise_mul,1,24,56,56", "eltwise,1,1,24,56,56"),
    ],
)
def test_rows_as_the_document_names_them(tmp_path: Path, documents: str, codes: str) -> None:
    found = []
    for name, row in (("documents", documents), ("code", codes)):
        (tmp_path / name).mkdir()
        done = imported(tmp_path / name, "paddleslim-2", f"{HEADER}{row}\t24\n")
        found.append(only(done.table))
    assert found[0] == found[1]


ROWS: dict[str, tuple[str, tuple[int, ...], tuple[int, ...], dict[str, object]]] = {
    "batch_norm None 1 32 112 112": ("batch_norm", (1, 32, 112, 112), (1, 32, 112, 112), {}),
    "activation relu6 1 8 4 4": ("relu6", (1, 8, 4, 4), (1, 8, 4, 4), {"threshold": 6.0}),
    "eltwise 2 1 24 56 56": ("elementwise_add", (1, 24, 56, 56), (1, 24, 56, 56), {}),
    "softmax -1 1 1000 1 1": ("softmax", (1, 1000), (1, 1000), {"axis": -1}),
    "pooling 1 1 40 28 28 0 0 1 0 3": (
        *("pool2d", (1, 40, 28, 28), (1, 40, 1, 1)),
        {"global_pooling": True, "pooling_type": "avg", "ksize": (28, 28)},
    ),
    "pooling 0 1 8 7 7 2 0 2 1 1": (
        *("pool2d", (1, 8, 7, 7), (1, 8, 4, 4)),
        {"global_pooling": False, "pooling_type": "max", "ceil_mode": True},
    ),
    "conv 0 0 1 1280 1 1 10 1 1 0 1 1": ("conv2d", (1, 1280, 1, 1), (1, 10, 1, 1), {}),
}
"""Kind, what is read, what is written, and some attributes, by the row that says so."""


@pytest.mark.parametrize("row", ROWS)
def test_rows_of_the_first_format(tmp_path: Path, row: str) -> None:
    done = imported(tmp_path, "paddleslim-1", f"{row} 0.25\n", unit=LatencyUnit.MS)
    spec, nanoseconds = only(done.table)
    kind, shape, out, attributes = ROWS[row]
    assert (spec.kind, spec.input_shape, spec.output_shape) == (kind, shape, out)
    assert attributes.items() <= spec.attributes.items()
    assert nanoseconds == 250_000


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        ("conv,0,0,1,3,64,64,8,1,3,1,2\t5", "conv needs 12 numbers, not 11"),
        ("conv,0,0,1,3,64,64,8,1,3,1,2,1,5\t5", "1 number(s) more than the 12 of a square"),
        ("conv,0,0,1,3,64,64,8,2,3,1,2,1\t5", "2 groups do not divide 3 channels"),
        ("conv,0,0,1,3,64,64,8,1,99,1,2,1\t5", "shapes of positive numbers"),
        ("conv,0,2,1,3,64,64,8,1,3,1,2,1\t5", "flag_bias and flag_relu are 0 or 1"),
        ("conv,0,0,1,x,64,64,8,1,3,1,2,1\t5", "not all whole numbers"),
        ("lstm,1,2,3,4\t5", "'lstm' is not an activation that edgeslim knows"),
        ("lstm,1,2,3,4\t5", "operators: conv, eltwise, pooling, softmax, batch_norm"),
        ("fc,1,2,3,4,5,6\t5", "'fc' is not an activation that edgeslim knows"),
        ("conv2d,0,0,1,3,64,64,8,1,3,1,2,1,5\t5", "conv has 1 number(s) more than the 12 of a s"),
        ("softmax,1,2,3,4,5,6\t5", "softmax has 1 number(s) more than the 5 that it has"),
        ("eltwise,1,8,4,4\t5", "eltwise without a kind"),
        ("relu,1,0,4,4\t5", "1x0x4x4 is not a shape"),
        ("relu,1,8,4,4", "has no tab before its latency"),
        ("relu,1,8,4,4\tfast", "the latency 'fast' is not a number"),
        ("relu,1,8,4,4\tnan", "the latency 'nan' is not a number"),
        ("relu,1,8,4,4\t-3", "the latency '-3' is not a number"),
        ("relu,1,8,4,4\t0", "0 us is not a latency"),
        ("relu,1,8,4,4\t1e400", "1e400 us is not a latency"),
        ("relu,1,8,4,4\t.", "the latency '.' is not a number"),
    ],
)
def test_a_row_that_is_none_is_listed_with_its_line_and_the_rest_is_imported(
    tmp_path: Path, row: str, reason: str
) -> None:
    done = imported(tmp_path, "paddleslim-2", HEADER + STEM + "\n" + row + "\n")
    assert done.operators == 1
    (refused,) = reasons(done)
    assert refused.startswith("line 4: ")
    assert reason in refused


def test_a_table_of_which_no_row_can_be_imported_leaves_nothing(tmp_path: Path) -> None:
    with pytest.raises(BadFileError, match=r"nothing in .* line 2: 'lstm' is not an activation"):
        imported(tmp_path, "paddleslim-2", HEADER + "lstm,1,2,3,4\t5\n")
    assert not (tmp_path / "ours.jsonl").exists()


@pytest.mark.parametrize(
    ("header", "unit", "nanoseconds"),
    [
        ("op_type\t855\tus\n", None, 24_000),
        ("op_type\t855\tus\n", LatencyUnit.US, 24_000),
        ("paddle-lite\tRK3288\t2019-12-01\n", LatencyUnit.US, 24_000),
        ("RK3288,paddle-lite,2019-12-01\n", LatencyUnit.US, 24_000),
    ],
)
def test_headers_of_the_code_the_document_and_the_published_table(
    tmp_path: Path, header: str, unit: LatencyUnit | None, nanoseconds: int
) -> None:
    done = imported(tmp_path, "paddleslim-2", header + STEM, unit=unit)
    assert only(done.table)[1] == nanoseconds
    assert done.context.hardware == ("855" if "855" in header else "RK3288")


def test_a_unit_that_is_not_known_or_not_the_files_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(BadFileError, match=r":1: 'ns' is not a unit \(us, ms\)"):
        imported(tmp_path, "paddleslim-2", "op_type\t855\tns\n" + STEM)
    with pytest.raises(UsageError, match="the table is in us, not in ms"):
        imported(tmp_path, "paddleslim-2", HEADER + STEM, unit=LatencyUnit.MS)
    with pytest.raises(UsageError, match="says the unit; give --unit ms or --unit us"):
        imported(tmp_path, "paddleslim-1", "activation relu 1 8 4 4 0.5\n")
    assert not (tmp_path / "ours.jsonl").exists()


def test_a_unit_that_cannot_be_is_noticed_by_what_the_convolutions_would_do(
    tmp_path: Path,
) -> None:
    row = "conv 0 0 1 64 56 56 64 1 3 1 1 1 {}\n"  # 115.6 million multiplications
    assert imported(tmp_path, "paddleslim-1", row.format(20), unit=LatencyUnit.MS).operators == 1
    (tmp_path / "ours.jsonl").unlink()
    for latency, unit in ((20_000, LatencyUnit.MS), (20, LatencyUnit.US)):
        with pytest.raises(BadFileError, match="the unit is wrong"):
            imported(tmp_path, "paddleslim-1", row.format(latency), unit=unit)


@pytest.mark.parametrize("header", ["", "a\tb\n", "a\tb\tc\td\n", "a\t\tus\n", "hello\n"])
def test_a_first_line_that_is_no_header_is_said_with_what_it_should_be(
    tmp_path: Path, header: str
) -> None:
    with pytest.raises(BadFileError, match=":1: the first line must be engine, device, and time"):
        imported(tmp_path, "paddleslim-2", header + "relu 1 8 4 4 5\n")


def test_files_that_are_no_text_or_empty(tmp_path: Path) -> None:
    with pytest.raises(BadFileError, match="is not text: invalid start byte at byte 1"):
        imported(tmp_path, "paddleslim-2", b"a\xff\xfe")
    with pytest.raises(BadFileError, match="is empty"):
        imported(tmp_path, "paddleslim-2", " \n\n")


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16"])
def test_tables_that_came_by_windows(tmp_path: Path, encoding: str) -> None:
    """PowerShell writes what a command prints in UTF-16."""
    expected = only(imported(tmp_path, "paddleslim-2", HEADER + STEM).table)
    theirs = tmp_path / "windows.txt"
    theirs.write_bytes((HEADER + STEM).replace("\n", "\r\n").encode(encoding))
    read = FORMATS.get("paddleslim-2").read(theirs, theirs.read_bytes(), ReadOptions())
    ((row,), (spec, nanoseconds)) = read.rows, expected
    assert (row.operator, row.latency.nanoseconds) == (spec, nanoseconds)
