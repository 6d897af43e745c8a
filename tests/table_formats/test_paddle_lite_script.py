"""Paddle-Lite's script and its known defects."""

from __future__ import annotations

from pathlib import Path

import pytest

from edgeslim.errors import BadFileError, UsageError
from edgeslim.latency_rows import Convention
from edgeslim.latency_table import LatencyTable
from edgeslim.measurement import HOT
from tests.table_formats.tables import KIRIN, imported, reasons

CONV = (
    "conv\t[1 8 16 16]\t[1 8 16 16]\t(ch_out=8,stride=[1 1],pad=[{pad}],kernel={kernel},"
    "group={group},dilation=[1 1],flag_bias=1,flag_act={act},dtype={dtype})\t1\t1\t0.5\n"
)
POOL = (
    "pooling\t[1 8 64 64]\t[1 8 32 32]\t(stride=[2 2],pad=[0 0 0 0],kernel=2x2,ceil_mode=0,"
    "flag_global={everywhere},exclusive=0,pooling_type=avg,dtype=float)\t0.009\t0.01\t0.00969\n"
)


def conv(**changes: str) -> str:
    usual = {"pad": "1 1 1 1", "kernel": "3x3", "group": "1", "act": "0", "dtype": "float"}
    return CONV.format(**{**usual, **changes})


def test_the_example_that_paddle_lite_ships(tmp_path: Path) -> None:
    done = imported(tmp_path, "paddle-lite-script", KIRIN)
    table = LatencyTable.read(done.table)
    found = {spec.kind: (spec, table.measurements(spec)[HOT].samples_ns) for spec in table}
    assert set(found) == {"conv2d", "fc", "batch_norm", "relu"}
    spec, samples = found["conv2d"]
    assert spec.output_shape == (1, 48, 112, 112)
    assert samples == (3_973_930,)
    spec, _ = found["fc"]
    assert (spec.weights["W"], spec.weights["Bias"]) == (((8, 1000),), ((1000,),))
    assert found["batch_norm"][0].attributes["epsilon"] == 1e-4
    assert done.context.hardware == "Hisilicon Kirin980, armv8, 2 cores"
    assert done.context.execution.threads == 1
    assert done.notes == (
        "the device's line lacks the power mode, and what follows it is shifted",
        "1 output dimensions were wrong and are computed anew",
    )


def test_threads_of_the_file_are_not_overruled(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="the file says that the threads is 1, not 4"):
        imported(tmp_path, "paddle-lite-script", KIRIN, threads=4)


def test_the_right_padding_is_the_top_one_as_it_was_timed(tmp_path: Path) -> None:
    done = imported(tmp_path, "paddle-lite-script", KIRIN + conv(pad="1 1 0 0"))
    found = [each for each in LatencyTable.read(done.table) if each.input_shape[1] == 8]
    (spec,) = (each for each in found if each.kind == "conv2d")
    assert spec.attributes["paddings"] == (1, 1, 0, 1)
    assert spec.output_shape == (1, 8, 16, 15)
    assert any("1 convolutions were timed with the top padding" in note for note in done.notes)


def test_values_that_may_have_leaked_from_the_row_before_are_said(tmp_path: Path) -> None:
    done = imported(tmp_path, "paddle-lite-script", KIRIN + conv(act="1") + conv(act="2"))
    assert not any("leaked" in note for note in done.notes[:2])
    assert any(note.startswith("1 row has a value") for note in done.notes)


def test_activations_are_part_of_the_convolution_and_make_the_table_one_of_fused_operators(
    tmp_path: Path,
) -> None:
    done = imported(tmp_path, "paddle-lite-script", KIRIN + conv(act="2"))
    assert done.context.convention is Convention.FUSED
    activations = {spec.attributes.get("act_type") for spec in LatencyTable.read(done.table)}
    assert "relu6" in activations


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        (POOL.format(everywhere=0), "was timed as a global one, whatever it says"),
        (conv(kernel="5x3"), "a kernel of 5x3 was timed as a square of its first digit"),
        (conv(kernel="11x11"), "a kernel of 11x11 was timed"),
        (conv(group="3"), "3 groups do not divide 8 channels"),
        (conv(act="3"), "flag_act is 0, 1, 2 or 4, not 3"),
        (conv(dtype="int8_int8"), "it is of int8_int8; only float"),
        (conv(pad="1 1"), "pad needs 4 numbers, not 2"),
        ("resize\t[1 8]\t[1 8]\t()\t1\t1\t1\n", "'resize' is not an operator of this format"),
        ("conv\t[1 8]\n", "7 cells between tabs, not 2"),
        ("fc\t[4 9]\t[4 5]\t(param_dim=8x5,flag_bias=1)\t1\t1\t1\n", "8x5 does not fit"),
    ],
)
def test_rows_that_are_not_what_they_say_are_refused(tmp_path: Path, row: str, reason: str) -> None:
    done = imported(tmp_path, "paddle-lite-script", KIRIN + row)
    assert done.operators == 4
    (refused,) = reasons(done)
    assert refused.startswith("line 8: ")
    assert reason in refused


def test_a_global_pooling_was_timed_as_such(tmp_path: Path) -> None:
    done = imported(tmp_path, "paddle-lite-script", KIRIN + POOL.format(everywhere=1))
    (pool,) = (spec for spec in LatencyTable.read(done.table) if spec.kind == "pool2d")
    assert pool.output_shape == (1, 8, 1, 1)
    assert "2 output dimensions were wrong" in " ".join(done.notes)


def test_another_unit_or_another_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BadFileError, match=r":3: 'us' is not a unit of the script's; it has ms"):
        imported(tmp_path, "paddle-lite-script", KIRIN.replace("(ms)", "(us)"))
    with pytest.raises(BadFileError, match="does not start with dev_info"):
        imported(tmp_path, "paddle-lite-script", "conv,0\t5\n" * 4)
