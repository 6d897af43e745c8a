"""What single rules do, on programs made by hand."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgeslim.execution import Target
from edgeslim.fusion import fuse, is_merging_cheaper
from edgeslim.graph import Graph
from edgeslim.paddle_io.program_graph import graph_of
from tests.paddle_io.programs import Op, program

IMAGE = (1, 4, 8, 8)
ROW = (1, 4)
SQUARE = {"strides": [1, 1], "paddings": [0, 0], "dilations": [1, 1], "groups": 1}
WEIGHTS = {"f": (4, 4, 1, 1), "g": (4, 4, 1, 1), "b": (4,), "d": (4, 1, 1, 1), "w": (4, 4)}


def graph(
    *ops: Op, shapes: Mapping[str, Sequence[int]] | None = None, **weights: Sequence[int]
) -> Graph:
    """Operators that read and write images from ``x`` to ``z`` where nothing else is said."""
    variables = {**dict.fromkeys("xyzuv", IMAGE), **(shapes or {})}
    return graph_of(program(ops, variables, {**WEIGHTS, **weights}), Path("made.pdmodel"))


def conv(source: str, result: str, filters: str = "f", kind: str = "conv2d", **given: Any) -> Op:
    reads = {"Input": source, "Filter": filters}
    return Op(kind, reads, {"Output": result}, {**SQUARE, **given})


def alike(kind: str, source: str, result: str, **given: Any) -> Op:
    """An operator that leaves shapes as they are."""
    return Op(kind, {"X": source}, {"Out": result}, given)


def both(kind: str, one: str, other: str, result: str) -> Op:
    return Op(kind, {"X": one, "Y": other}, {"Out": result}, {"axis": 1})


NORM = Op(
    "batch_norm",
    {"X": "y", "Scale": "s", "Bias": "b", "Mean": "m", "Variance": "n"},
    {"Y": "u"},
)
STATISTICS: dict[str, Any] = dict.fromkeys("smn", (4,))


def kinds(made: Graph, target: Target = Target.ARM) -> list[str]:
    return [spec.kind for spec in fuse(made, target).specs]


@pytest.mark.parametrize("target", Target)
def test_a_convolution_takes_in_norm_and_activation(target: Target) -> None:
    made = graph(conv("x", "y"), NORM, alike("relu6", "u", "z"), **STATISTICS)
    (node,) = fuse(made, target).nodes
    assert (node.reads(), node.writes()) == (("x",), ("z",))
    assert dict(node.weights) == {"Filter": ("f",), "Bias": ("b",)}
    assert node.spec.attributes["act_type"] == "relu6"
    assert fuse(made, target).parameters == {"b": (4,), "f": (4, 4, 1, 1)}


def test_nothing_is_taken_in_of_what_is_read_twice() -> None:
    made = graph(conv("x", "y"), alike("relu", "y", "u"), both("elementwise_add", "u", "y", "z"))
    assert kinds(made) == ["conv2d", "relu", "elementwise_add"]


@pytest.mark.parametrize(
    ("target", "depthwise", "sum_of_two", "product"),
    [
        (Target.ARM, ["depthwise_conv2d", "hard_swish"], ["elementwise_add", "tanh"], ["fc"]),
        (
            Target.X86,
            ["depthwise_conv2d"],
            ["fusion_elementwise_add_activation"],
            ["matmul_v2", "elementwise_add"],
        ),
    ],
)
def test_targets_differ(
    target: Target, depthwise: list[str], sum_of_two: list[str], product: list[str]
) -> None:
    separate = conv("x", "y", "d", "depthwise_conv2d", groups=4)
    swish = alike("hard_swish", "y", "z", threshold=6.0, scale=6.0, offset=3.0)
    assert kinds(graph(separate, swish), target) == depthwise
    added = both("elementwise_add", "x", "y", "u")
    assert kinds(graph(added, alike("tanh", "u", "z")), target) == sum_of_two
    matrix = both("matmul_v2", "x", "w", "y"), both("elementwise_add", "y", "b", "z")
    assert kinds(graph(*matrix, shapes=dict.fromkeys("xyz", ROW)), target) == product


@pytest.mark.parametrize(("target", "expected"), [(Target.ARM, ["fc"]), (Target.X86, ["fc"])])
def test_products_as_paddle_2_0_wrote_them(target: Target, expected: list[str]) -> None:
    plain = {"transpose_X": False, "transpose_Y": False, "alpha": 1.0}
    made = graph(
        Op("squeeze2", {"X": "x"}, {"Out": "y"}, {"axes": [2, 3]}),
        Op("matmul", {"X": "y", "Y": "w"}, {"Out": "u"}, plain),
        both("elementwise_add", "u", "b", "z"),
        shapes={"x": (1, 4, 1, 1), **dict.fromkeys("yuz", ROW)},
    )
    assert kinds(made, target) == expected


def test_one_pair_that_pays_merges_those_that_do_not() -> None:
    wide = dict.fromkeys("yz", (1, 6, 8, 8))

    def pairs(last: str) -> Graph:
        return graph(
            conv("x", "u"),
            conv("u", "v", "g"),
            alike("sigmoid", "v", "a"),
            conv("a", "b1"),
            conv("b1", "z", last),
            shapes={"a": IMAGE, "b1": IMAGE, "z": (1, 6, 8, 8)} | {"y": wide["y"]},
            h=(6, 4, 1, 1),
            i=(4, 4, 1, 1),
        )

    assert kinds(pairs("h")) == ["conv2d", "sigmoid", "conv2d"]
    assert kinds(pairs("i")) == ["conv2d", "conv2d", "sigmoid", "conv2d", "conv2d"]
    (first, _, last) = fuse(pairs("h"), Target.X86).nodes
    assert first.weights["Filter"] == ("f",)
    assert last.spec.weights["Filter"] == ((6, 4, 1, 1),)


widths = st.integers(1, 64)


@given(widths, widths, widths)
def test_merging_pays_where_the_optimizer_counts_less_work(
    c_in: int, between: int, c_out: int
) -> None:
    pays = is_merging_cheaper(c_in, between, c_out)
    # Of 1x1 convolutions, and of more outputs than there are in between.
    apart, merged = c_in * between + between * c_out, c_in * c_out
    assert pays == (c_out > between and merged <= apart)


def test_a_product_with_ones_and_factors_that_do_nothing_vanish() -> None:
    ones = Op("fill_constant", {}, {"Out": "v"}, {"value": 1.0, "dtype": 5, "shape": [1, 4, 8, 8]})
    made = graph(
        alike("tanh", "x", "y"),
        ones,
        both("elementwise_mul", "y", "v", "u"),
        alike("sigmoid", "u", "a"),
        alike("scale", "a", "z", scale=1.0, bias=0.0, bias_after_scale=True),
        shapes={"a": IMAGE},
    )
    fused = fuse(made, Target.X86)
    assert [(node.reads(), node.writes()) for node in fused.nodes] == [
        (("x",), ("y",)),
        (("y",), ("z",)),
    ]


def test_a_kind_that_is_not_known_stays_as_it_is() -> None:
    made = graph(alike("made_up", "x", "y"), alike("relu", "y", "z"))
    assert fuse(made, Target.ARM).nodes == made.nodes
