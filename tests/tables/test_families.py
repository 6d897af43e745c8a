"""Families, their stairs as text, and as a picture."""

from __future__ import annotations

from pathlib import Path

import pytest

from edgeslim.errors import UsageError
from edgeslim.latency_table import LatencyTable
from edgeslim.measurement import Measurement
from edgeslim.opspec import OpSpec, Shapes
from edgeslim.table_formats._operators import convolution, pooling
from edgeslim.tables.chart import chart_rows
from edgeslim.tables.families import choose_family, families
from edgeslim.tables.plot import plot_family
from tests.values import relu, row, table_at

SHAPE = (1, 8, 20, 20)


def pointwise(c_in: int, c_out: int) -> OpSpec:
    return convolution(
        (1, c_in, 20, 20), c_out, kernel=(1, 1), strides=(1, 1), paddings=(0, 0, 0, 0), bias=True
    )


def depthwise(channels: int, stride: int) -> OpSpec:
    return convolution(
        (1, channels, 20, 20),
        channels,
        kernel=(3, 3),
        strides=(stride, stride),
        paddings=(1, 1, 1, 1),
        groups=channels,
        activation={"act_type": "relu", "with_act": True},
    )


STAIRS = {(8, 8): 1.0, (8, 12): 2.0, (8, 16): 2.0, (16, 8): 2.0, (16, 16): 4.0}


@pytest.fixture
def path(tmp_path: Path) -> Path:
    table = table_at(
        tmp_path / "host.jsonl",
        *(row(pointwise(*widths), ms, 2 * ms) for widths, ms in STAIRS.items()),
        *(row(depthwise(channels, 2), channels / 8) for channels in (8, 16, 24)),
        row(depthwise(8, 1), 1.0),
        row(relu(8), 1.0),
        row(pooling(SHAPE, average=True, covers_all=True), 1.0),
    )
    return table.path


def test_operators_that_differ_in_channels_only_are_one_family(path: Path) -> None:
    found = families(LatencyTable.read(path))
    assert [(each.name, len(each.points)) for each in found] == [
        ("conv2d 1x1, 20x20", 5),
        ("depthwise_conv2d 3x3 stride 2, 20x20, relu", 3),
        ("depthwise_conv2d 3x3, 20x20, relu", 1),
        ("pool2d over all, avg", 1),
        ("relu, 4x4", 1),
    ]
    stairs, depthwise_ones = found[:2]
    assert {
        (point.c_in, point.c_out): point.measurement.latency_ms for point in stairs.points
    } == STAIRS
    assert list(stairs.lines) == [8, 16]
    assert list(depthwise_ones.lines) == [0]
    only = families(LatencyTable.read(path), kind="relu")
    assert [each.name for each in only] == ["relu, 4x4"]


def test_a_family_is_chosen_by_number_or_name_and_never_guessed(path: Path) -> None:
    found = families(LatencyTable.read(path))
    assert choose_family(found, "2") is found[1]
    assert choose_family(found, "POOL2D") is found[3]
    assert choose_family(found, "depthwise_conv2d 3x3, 20x20, relu") is found[2]
    with pytest.raises(UsageError, match=r"2 families are called 'depthwise': .* 1 to 5 or more"):
        choose_family(found, "depthwise")
    for wanted in ("0", "6", "lstm"):
        with pytest.raises(UsageError, match=f"no families are called '{wanted}'"):
            choose_family(found, wanted)


def test_a_bar_is_as_long_as_the_operator_takes_and_an_unstable_one_says_so(
    tmp_path: Path,
) -> None:
    shaky = row(pointwise(16, 24), 4.0)
    samples = Measurement(samples_ns=(2_000_000, 4_000_000, 8_000_000))
    table = table_at(
        tmp_path / "t.jsonl",
        *(row(pointwise(*widths), ms) for widths, ms in STAIRS.items()),
        type(shaky)(operator=shaky.operator, measurements=(samples,)),
    )
    (family,) = families(table)
    rows = chart_rows(family)
    assert [line[:4] for line in rows] == [
        ["8", "8", "1.00 ms", ""],
        ["", "12", "2.00 ms", ""],
        ["", "16", "2.00 ms", ""],
        ["16", "8", "2.00 ms", ""],
        ["", "16", "4.00 ms", ""],
        ["", "24", "4.00 ms", "unstable"],
    ]
    assert [len(line[4]) for line in rows] == [10, 20, 20, 20, 40, 40]


@pytest.mark.parametrize(("suffix", "start"), [(".png", b"\x89PNG"), (".svg", b"<?xml")])
@pytest.mark.parametrize("number", [0, 1, 4])
def test_a_family_of_any_size_is_drawn(
    path: Path, tmp_path: Path, suffix: str, start: bytes, number: int
) -> None:
    family = families(LatencyTable.read(path))[number]
    out = tmp_path / f"stairs{suffix}"
    plot_family(family, out, subtitle="host, hot")
    content = out.read_bytes()
    assert content.startswith(start)
    if suffix == ".svg":
        assert b"latency (ms)" in content or b"<!-- latency (ms) -->" in content


def test_a_picture_of_another_kind_is_refused(path: Path, tmp_path: Path) -> None:
    family = families(LatencyTable.read(path))[0]
    with pytest.raises(UsageError, match=r"stairs\.jpg must end with \.png or \.svg"):
        plot_family(family, tmp_path / "stairs.jpg", subtitle="")


def test_shapes_without_channels_are_no_trouble(tmp_path: Path) -> None:
    odd = OpSpec(kind="sum_of_all", inputs=Shapes(X=((5,), ())), outputs=Shapes(Out=((),)))
    (family,) = families(table_at(tmp_path / "t.jsonl", row(odd, 1.0)))
    assert (family.name, len(family.points)) == ("sum_of_all", 1)
