"""Whole networks as they run without the profiler, in place of the profile's own times."""

from __future__ import annotations

from pathlib import Path

import pytest

from edgeslim.errors import BadFileError
from edgeslim.latency_table import LatencyTable
from edgeslim.tables.import_table import TableOrigin, import_table
from tests.table_formats.test_onnxruntime_profile import DEFAULT, MODEL

HEADER = "name,time,unit,spread,count\n"


def read(folder: Path, times: str) -> LatencyTable:
    (folder / "times.csv").write_text(times)
    origin = TableOrigin(device="here", models=(MODEL,), network_times=folder / "times.csv")
    done = import_table(DEFAULT, "onnxruntime-profile", folder / "ours.jsonl", origin=origin)
    return LatencyTable.read(done.table)


def test_they_are_the_times_of_the_networks_that_were_profiled(tmp_path: Path) -> None:
    network = read(tmp_path, HEADER + "small,480,us,24,1000\n").networks["small"]
    (measurement,) = network.measurements
    assert (measurement.latency_ms, measurement.runs) == (0.48, 1000)
    assert len(network.graph.specs) == 16


def test_lines_of_json_do_as_well(tmp_path: Path) -> None:
    line = '{"row": "network", "name": "small", "time": 0.48, "unit": "ms"}\n'
    assert read(tmp_path, line).networks["small"].latency_ms == 0.48


@pytest.mark.parametrize(
    ("times", "text"),
    [
        (HEADER + "smal,480,us,,\n", "times.csv:2: no profile is of the network 'smal'; did you"),
        (HEADER + "other,480,us,,\n", "no profile is of the network 'other'; known: small"),
        (HEADER + "small,480,us,,\nsmall,490,us,,\n", "'small' is in "),
        (HEADER + "small,480,s,,\n", "one of the times is in another unit"),
        (HEADER + "small,0,us,,\n", "a time must be a number above zero, not '0'"),
        ("name,tme,unit\nsmall,480,us\n", "the column 'time' is missing; is 'tme' meant?"),
        ("row,name,time,unit\noperator,small,1,us\n", "each row is a network, with its name and"),
    ],
)
def test_what_is_wrong_with_them_is_one_line(tmp_path: Path, times: str, text: str) -> None:
    with pytest.raises(BadFileError) as caught:
        read(tmp_path, times)
    assert text in str(caught.value)
    assert not (tmp_path / "ours.jsonl").exists()
