"""Operators as keys."""

from __future__ import annotations

import math
from typing import Any

import msgspec
import numpy as np
import pytest

from edgeslim.frozen import FrozenMap, freeze
from edgeslim.opspec import Attributes, OpSpec, Shapes, decode_hook, encode_hook
from tests.values import chain, convolution, relu


def test_equal_descriptions_are_one_key_whatever_their_order() -> None:
    one = convolution(3, 8)
    other = msgspec.structs.replace(
        one, attributes=Attributes(dict(reversed(list(one.attributes.items()))))
    )
    assert one == other
    assert hash(one) == hash(other)
    assert {one: 1}[other] == 1
    assert convolution(3, 8) != convolution(3, 8, kernel=1)


def test_an_operator_knows_its_shapes_and_sizes() -> None:
    spec = convolution(3, 8, extent=10)
    assert (spec.input_shape, spec.output_shape) == ((1, 3, 10, 10), (1, 8, 10, 10))
    assert (spec.input_bytes, spec.output_bytes) == (1200, 3200)
    assert spec.weight_bytes == 4 * (8 * 3 * 3 * 3 + 8)
    assert str(spec) == "conv2d 1x3x10x10 -> 1x8x10x10"


def test_an_operator_without_inputs_is_one_too() -> None:
    spec = OpSpec(kind="fill_constant", inputs=Shapes(), outputs=Shapes(Out=((4,),)))
    assert (spec.input_shape, spec.input_bytes) == ((), 0)
    assert str(spec) == "fill_constant  -> 4"


@pytest.mark.parametrize(
    "shapes", [((1, 0),), ((-1, 3),), (1, 3), "text", ((1.0,),), ((np.int64(3),),), 3]
)
def test_a_shape_that_could_not_be_read_back_is_refused(shapes: Any) -> None:
    with pytest.raises(ValueError, match="X must be a list of shapes of positive numbers, not"):
        Shapes(X=shapes)


@pytest.mark.parametrize(
    "value", [math.nan, math.inf, -math.inf, None, (1, math.nan), np.float64(1.0), ((1,),)]
)
def test_an_attribute_that_could_not_be_read_back_is_refused(value: Any) -> None:
    with pytest.raises(ValueError, match="alpha must be of finite numbers or a text, not"):
        Attributes(alpha=value)


def test_a_frozen_map_is_a_value() -> None:
    one = FrozenMap({"b": 1, "a": (2, 3)}, c=4)
    assert list(one) == ["a", "b", "c"]
    assert one == FrozenMap(a=(2, 3), b=1, c=4)
    assert one != {"a": (2, 3), "b": 1, "c": 4}
    assert hash(one) == hash(FrozenMap(a=(2, 3), b=1, c=4))
    assert repr(FrozenMap(a=1)) == "FrozenMap({'a': 1})"
    with pytest.raises(TypeError):
        one["d"] = 1  # type: ignore[index]
    with pytest.raises(TypeError, match="unhashable"):
        FrozenMap(a=[])
    assert freeze([1, [2, "x", [3.0]]]) == (1, (2, "x", (3.0,)))


def test_only_our_own_types_are_written_and_read_by_the_hooks() -> None:
    assert encode_hook(FrozenMap(a=1)) == {"a": 1}
    with pytest.raises(NotImplementedError, match="cannot encode set"):
        encode_hook(set())
    with pytest.raises(NotImplementedError, match="cannot decode"):
        decode_hook(set, [])


def test_a_graph_counts_each_weight_once() -> None:
    graph = chain(convolution(3, 8), relu(8, 8), convolution(8, 8))
    assert graph.specs == (convolution(3, 8), relu(8, 8), convolution(8, 8))
    assert graph.weight_bytes == convolution(3, 8).weight_bytes + convolution(8, 8).weight_bytes
    shared = msgspec.structs.replace(graph, nodes=(graph.nodes[0], graph.nodes[0]))
    assert shared.weight_bytes == convolution(3, 8).weight_bytes
    assert graph.nodes[1].reads() == ("v1",)
    assert graph.nodes[1].writes() == ("v2",)
