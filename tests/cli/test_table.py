"""``edgeslim table`` as a user calls it."""

from __future__ import annotations

import pickle
from pathlib import Path

import pytest

from edgeslim.files import write_bytes
from edgeslim.opspec import OpSpec
from edgeslim.resources import data_folder
from tests.program import edgeslim
from tests.table_formats.tables import KIRIN
from tests.table_formats.test_onnxruntime_profile import DEFAULT, MODEL
from tests.values import relu, row, table_at

pytestmark = pytest.mark.slow

PHONE = data_folder("latency_tables") / "snapdragon-855" / "latency_855.jsonl"
ROWS = "op_type\t855\tus\nconv,0,0,1,3,64,64,8,1,3,1,2,1\t24\nlstm,1,2,3,4\t5\n"
IMPORT = ("table", "import", "theirs", "--device", "board", "--out", "ours.jsonl", "--format")


def test_import_lists_what_it_leaves_out_and_ends_with_3(tmp_path: Path) -> None:
    (tmp_path / "theirs").write_text(ROWS)
    done = edgeslim(*IMPORT, "paddleslim-2", "--threads", 4, "--json", folder=tmp_path)
    assert (done.code, done.err) == (3, "")
    assert done.document == {
        "table": "ours.jsonl",
        "operators": 1,
        "networks": 0,
        "refused": [
            {
                "place": "line 3",
                "reason": "'lstm' is not an activation that edgeslim knows, and none of the "
                "format's "
                "other operators: conv, eltwise, pooling, softmax, batch_norm",
            }
        ],
        "notes": [],
        "provenance": "theirs; in us; not recorded: samples, cache state, power mode (taken as "
        "high), version of Paddle-Lite",
        "convention": "bare-convolutions",
        "target": "arm",
    }
    again = edgeslim(*IMPORT, "paddleslim-2", folder=tmp_path)
    assert "ours.jsonl is there already" in again.error(2)


TIMES = """\
row,name,kind,inputs,weights,outputs,attributes,time,unit,operators
operator,a,conv2d,1x3x8x8,8x3x3x3 8,1x8x8x8,paddings=1x1,0.5,ms,
operator,b,relu,1x8x8x8,,1x8x8x8,,40,us,
network,net,,,,,,1.2,ms,a b b
"""
TIMINGS = ("table", "import", "--device", "board", "--out", "ours.jsonl", "--format", "timings")


def test_anybodys_timings_become_a_table_that_is_shown_and_exported(tmp_path: Path) -> None:
    (tmp_path / "times.csv").write_text(TIMES)
    gpu = ("--target", "gpu", "--fusion", "x86", "--precision", "fp16")
    done = edgeslim(*TIMINGS, "times.csv", *gpu, folder=tmp_path)
    assert (done.code, done.err) == (0, "")
    assert "ours.jsonl: 2 operators and 1 network; times.csv; in us and ms; not" in done.out
    assert "its operators are fused, on gpu (fused as for x86) fp16, 1 thread, no-bind" in done.out
    shown = edgeslim("table", "show", "ours.jsonl", folder=tmp_path)
    assert "board (not recorded): gpu (fused as for x86) fp16, 1 thread" in shown.out
    out = ("--format", "timings", "--out", "again.csv", "--json")
    written = edgeslim("table", "export", "ours.jsonl", *out, folder=tmp_path)
    assert written.code == 0
    assert written.document["notes"] == []
    lines = (tmp_path / "again.csv").read_text().splitlines()
    assert lines[2:] == [
        "operator,op2,relu,1x8x8x8,,1x8x8x8,,,40.000,us,,,",
        "network,net,,,,,,,1200.000,us,,,op1 op2*2",
    ]


def test_two_files_that_contradict_each_other_are_one_line_and_leave_nothing(
    tmp_path: Path,
) -> None:
    (tmp_path / "one.csv").write_text(TIMES)
    (tmp_path / "two.csv").write_text(TIMES.replace(",40,us", ",90,us").replace("1.2,", "1.3,"))
    gpu = ("--target", "gpu", "--fusion", "arm")
    done = edgeslim(*TIMINGS, "one.csv", "two.csv", *gpu, folder=tmp_path)
    assert done.error(1) == (
        "two.csv: line 3: relu 1x8x8x8 -> 1x8x8x8 takes 0.09 ms here and 0.04 ms in one.csv: "
        "line 3; keep the right one"
    )
    assert {path.name for path in tmp_path.iterdir()} == {"one.csv", "two.csv"}
    (tmp_path / "two.csv").write_text(TIMES.replace("1.2,", "2.4,"))
    whole = edgeslim(*TIMINGS, "one.csv", "two.csv", *gpu, folder=tmp_path)
    assert "two.csv: line 4: the network 'net' takes 2.40 ms here and 1.20 ms in" in whole.error(1)
    asked = edgeslim(*TIMINGS, "one.csv", "--target", "gpu", folder=tmp_path)
    assert "nothing says how networks are fused on 'gpu'; give --fusion arm" in asked.error(2)


def test_a_profile_of_another_runtime_is_imported_and_ends_with_what_has_no_counterpart(
    tmp_path: Path,
) -> None:
    done = edgeslim(
        *("table", "import", DEFAULT, "--model", MODEL, "--format", "onnxruntime-profile"),
        *("--device", "here", "--threads", 1, "--library-version", "onnxruntime 1.23.2"),
        *("--out", "ours.jsonl"),
        folder=tmp_path,
    )
    assert (done.code, done.err) == (3, "")
    assert "ours.jsonl: 16 operators and 1 network" in done.out
    assert "on onnxruntime (fused as for arm) fp32, 1 thread" in done.out
    assert "4 ReorderOutput: it has no counterpart among the kinds of edgeslim (" in done.out
    two = edgeslim(
        *("table", "import", DEFAULT, DEFAULT, "--model", MODEL, "--format", "onnxruntime-profile"),
        *("--device", "here", "--out", "two.jsonl"),
        folder=tmp_path,
    )
    assert "2 profiles need as many models, in the same order, and not 1" in two.error(2)


def test_check_finds_operators_that_cannot_be(tmp_path: Path) -> None:
    bare = OpSpec(kind="conv2d", inputs=relu(8).inputs, outputs=relu(8).outputs)
    typo = OpSpec(kind="reluu", inputs=relu(8).inputs, outputs=relu(8).outputs)
    table_at(tmp_path / "host.jsonl", row(relu(8), 1.0), row(bare, 1.0), row(typo, 1.0))
    done = edgeslim("table", "check", "host.jsonl", folder=tmp_path)
    assert done.code == 3
    assert "impossible: line 3: a conv2d has no Input (Input)" in done.out
    assert "impossible: line 4: 'reluu' is not an operator that edgeslim knows; did you" in done.out


def test_import_says_what_was_wrong_with_the_file(tmp_path: Path) -> None:
    (tmp_path / "theirs").write_text(KIRIN)
    done = edgeslim(*IMPORT, "paddle-lite-script", folder=tmp_path)
    assert (done.code, done.err) == (0, "")
    assert "1 output dimensions were wrong" in done.out
    assert "lacks the power mode" in done.out


def test_a_hostile_pickle_is_one_line_and_leaves_nothing(tmp_path: Path) -> None:
    write_bytes(tmp_path / "theirs", b"cos\nsystem\n(S'touch ran'\ntR.")
    done = edgeslim(*IMPORT, "paddleslim-2-pickle", "--json", folder=tmp_path)
    assert "holds more than dictionaries, texts and numbers and is not opened" in done.error(1)
    assert done.out == ""
    assert [path.name for path in tmp_path.iterdir()] == ["theirs"]


def test_export_to_another_format_and_what_it_does_not_say(tmp_path: Path) -> None:
    table_at(tmp_path / "host.jsonl", row(relu(8), 1.0, 2.0))
    command = ("table", "export", "host.jsonl", "--format", "paddleslim-2-pickle", "--out", "t.pkl")
    done = edgeslim(*command, folder=tmp_path)
    assert (done.code, done.err) == (0, "")
    assert "t.pkl: 1 operator" in done.out
    assert "of 2 cache states only one is said" in done.out
    content = pickle.loads((tmp_path / "t.pkl").read_bytes())  # noqa: S301 - ours
    assert content == {"relu in=(1, 8, 4, 4) out=(1, 8, 4, 4)": 1.0}


def test_show_lists_families_and_draws_the_stairs_of_one(tmp_path: Path) -> None:
    listed = edgeslim("table", "show", PHONE, folder=tmp_path)
    assert (listed.code, listed.err) == (0, "")
    assert "1   conv2d 1x1, 40x40" in listed.out
    assert "PaddlePaddle/PaddleDetection slim/nas/latency_855.txt (Apache-2.0)" in listed.out
    drawn = edgeslim(
        *("table", "show", PHONE, "--family", "conv2d 1x1, 40x40", "--plot", "stairs.png"),
        folder=tmp_path,
    )
    assert (drawn.code, drawn.err) == (0, "")
    assert "80    4      124.0 us" in drawn.out
    assert "drawn in stairs.png" in drawn.out
    assert (tmp_path / "stairs.png").stat().st_size > 20_000
    one = edgeslim(
        *("table", "show", PHONE, "--kind", "conv2d", "--family", "1", "--json"), folder=tmp_path
    )
    found = {
        (each["c_in"], each["c_out"]): each["latency_ms"]
        for each in one.document["family"]["points"]
    }
    assert [found[80, width] for width in (8, 12, 16)] == [0.142, 0.2, 0.201]


def test_check_says_suspicions_and_fails_for_findings_only(tmp_path: Path) -> None:
    fine = edgeslim("table", "check", PHONE, folder=tmp_path)
    assert (fine.code, fine.err) == (0, "")
    assert "4 suspicions: more channels, less time:" in fine.out
    table_at(tmp_path / "host.jsonl", row(relu(8), 1.0), row(relu(8), 2.0))
    bad = edgeslim("table", "check", "host.jsonl", "--json", folder=tmp_path)
    assert (bad.code, bad.err) == (3, "")
    assert [each["kind"] for each in bad.document["findings"]] == ["contradiction"]
    (tmp_path / "host.jsonl").write_text("{}\n")
    none = edgeslim("table", "check", "host.jsonl", folder=tmp_path)
    assert "is not a latency table" in none.error(1)


def test_a_last_line_that_is_cut_off_is_said_once(tmp_path: Path) -> None:
    table = table_at(tmp_path / "host.jsonl", row(relu(8), 1.0), row(relu(16), 1.0))
    table.path.write_bytes(table.path.read_bytes()[:-20])
    shown = edgeslim("table", "show", "host.jsonl", "--json", folder=tmp_path)
    assert shown.code == 0
    assert shown.document["families"] == [{"family": "relu, 4x4", "operators": 1}]
    assert shown.err == (
        "note: the last line of host.jsonl is cut off; it is left out, and the 2 before it are "
        "used\n"
    )
    search = ("search", "--target-latency", "1ms", "--space", "light-nas-small")
    twice = edgeslim(*search, "--table", "host.jsonl", folder=tmp_path)
    assert twice.err.count("note: the last line") == 1
    assert "knows nothing like" in twice.error(1)


def test_a_detector_is_predicted_on_the_phone_with_its_gaps_counted(tmp_path: Path) -> None:
    built = edgeslim(
        *("space", "build", "blazeface", "--tokens", "2,1,3,8,2,1,2,1,0", "--out", "net"),
        folder=tmp_path,
    )
    assert built.code == 0, built.err
    done = edgeslim("predict", "net", "--table", PHONE, "--json", folder=tmp_path)
    assert done.code == 3, done.err
    assert done.document["total_ms"] == pytest.approx(21.117)
    assert done.document["left_out"]["fusion_elementwise_add_activation"] == 7
    told = edgeslim("predict", "net", "--table", PHONE, folder=tmp_path)
    assert told.out.count("tables of this convention leave out: ") == 1
    search = ("search", "--target-latency", "20ms", "--space", "blazeface", "--table", PHONE)
    assert "makes detectors, and the task digits" in edgeslim(*search, folder=tmp_path).error(2)
