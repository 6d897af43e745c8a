"""A table from times of whole networks alone: their models say which operators they have."""

from __future__ import annotations

from pathlib import Path

import pytest

from edgeslim.errors import UsageError
from edgeslim.latency_table import LatencyTable
from edgeslim.prediction.predictor import Predictor, Source
from edgeslim.profiling.timed_networks import table_of_networks
from edgeslim.tables.import_table import Fusion, TableOrigin

NETS = """\
import paddle
from paddle import nn


def _net(width: int) -> nn.Layer:
    layers = [nn.Conv2D(3, width, 3, stride=2, padding=1), nn.ReLU()]
    for _ in range(2):
        layers += [nn.Conv2D(width, width, 3, padding=1, groups=width), nn.Conv2D(width, width, 1)]
    return nn.Sequential(*layers)


def one() -> nn.Layer:
    return _net(8)


def two() -> nn.Layer:
    return _net(16)


def three() -> nn.Layer:
    return _net(24)


def four() -> nn.Layer:
    return _net(32)


def five() -> nn.Layer:
    return _net(48)
"""
TIMES = {"one": 0.2, "two": 0.35, "three": 0.55, "four": 0.8, "five": 1.4}
ORIGIN = TableOrigin(device="my-phone", threads=2, source="my notes")
SHAPES = {"": (1, 3, 64, 64)}


def times_of(folder: Path, *names: str) -> Path:
    (folder / "nets.py").write_text(NETS)
    lines = [f"{folder / 'nets.py'}:{name},{TIMES[name]},ms" for name in names]
    path = folder / "times.csv"
    path.write_text("\n".join(["name,time,unit", *lines]) + "\n")
    return path


def test_operators_come_from_the_models_and_their_times_from_the_networks(tmp_path: Path) -> None:
    out = tmp_path / "my-phone.jsonl"
    done = table_of_networks(times_of(tmp_path, *TIMES), out, origin=ORIGIN, input_shapes=SHAPES)
    table = LatencyTable.read(out)
    assert (len(table), len(table.networks)) == (0, 5)
    assert table.context.execution.threads == 2
    assert table.context.provenance.startswith("my notes;")
    assert done.calibration.has_intervals
    middle = table.networks[f"{tmp_path / 'nets.py'}:three"]
    found = Predictor(table).predict(middle.graph.specs)
    assert {operator.source for operator in found.operators} == {Source.FITTED}
    assert found.total_ms == pytest.approx(TIMES["three"], rel=0.15)


def test_what_tells_too_little_is_refused_before_a_model_is_read(tmp_path: Path) -> None:
    out = tmp_path / "my-phone.jsonl"
    few = times_of(tmp_path, "one", "two")
    with pytest.raises(UsageError, match="has 2 networks, and 5 are needed"):
        table_of_networks(few, out, origin=ORIGIN)
    further = TableOrigin(device="my-phone", target="gpu", fusion=Fusion.FURTHER)
    with pytest.raises(UsageError, match="give --fusion arm or x86"):
        table_of_networks(few, out, origin=further)
    out.touch()
    with pytest.raises(UsageError, match="is there already"):
        table_of_networks(few, out, origin=ORIGIN)
