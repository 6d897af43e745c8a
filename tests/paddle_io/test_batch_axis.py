"""Attributes that were saved for one batch size, on arrays of others."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgeslim.paddle_io.batch_axis import BATCH_RULES, Call, Growth, find_growth

Shape = tuple[int, ...]


def follow_batch(
    kind: str, actual: Shape, described: Shape, written: Shape, slot: str = "X", **attributes: Any
) -> dict[str, Any]:
    """The attributes that an operator gets for a tensor of another shape than described."""
    inputs = {slot: [np.empty(actual, np.int8)]}
    call = Call(inputs, attributes, {slot: [described]}, {"Out": [written]})
    follow_batch = BATCH_RULES[kind](call)
    assert follow_batch.given is inputs
    return dict(follow_batch.attributes)


@pytest.mark.parametrize(
    ("actual", "described", "expected"),
    [
        ((5, 3), (1, 3), Growth(0, 5, 1)),
        ((3, 5, 4), (3, 1, 4), Growth(1, 5, 1)),
        ((2, 3), (4, 3), Growth(0, 2, 4)),
        ((1, 3), (1, 3), None),
        ((5, 3), (-1, 3), None),  # an open description says nothing
        ((5, 3, 1), (5, 3), None),
        ((), (), None),
    ],
)
def test_growth(actual: Shape, described: Shape, expected: Growth | None) -> None:
    assert find_growth(actual, described) == expected


@pytest.mark.parametrize(
    ("described", "written", "expected"),
    [
        ((1, 8, 4), (1, 32), [5, 32]),
        ((1, 8, 4), (8, 4), [40, 4]),  # the rows of all images, one image after the other
        ((1, 8, 4), (1, 2, 4, 4), [5, 2, 4, 4]),
        ((3, 1, 4), (3, 1, 2, 2), [3, 5, 2, 2]),
        ((3, 1, 4), (12,), [60]),
    ],
)
def test_reshapes(described: Shape, written: Shape, expected: list[int]) -> None:
    actual = tuple(5 if extent == 1 else extent for extent in described)
    assert follow_batch("reshape2", actual, described, written, shape=[0])["shape"] == expected


@given(st.integers(1, 9), st.lists(st.integers(1, 5), min_size=1, max_size=4), st.data())
def test_any_reshape_of_a_batch_keeps_its_elements_and_its_rest(
    count: int, extents: list[int], data: st.DataObject
) -> None:
    described = (1, *extents)
    written = (1, *data.draw(st.permutations(extents)))
    changed = follow_batch("reshape2", (count, *extents), described, written, shape=list(written))
    assert math.prod(changed["shape"]) == count * math.prod(extents)
    assert changed["shape"] == [count, *written[1:]]


def test_a_reshape_to_an_open_shape_is_left_to_paddle() -> None:
    changed = follow_batch("reshape2", (5, 8), (1, 8), (-1, 4), shape=[-1, 4])
    assert changed == {"shape": [-1, 4]}


def test_nothing_changes_at_the_batch_size_that_was_saved() -> None:
    shape = (4, 8)
    assert follow_batch("reshape2", shape, shape, (4, 2, 4), shape=[4, 2, -1]) == {
        "shape": [4, 2, -1]
    }
    assert follow_batch("expand_v2", shape, shape, (3, 4, 8), shape=[3, -1, 8]) == {
        "shape": [3, -1, 8]
    }
    ends = {"axes": [0], "starts": [0], "ends": [4]}
    assert follow_batch("slice", shape, shape, shape, slot="Input", **ends) == ends


@pytest.mark.parametrize(
    ("target", "expected"),
    [([1, 8, 6], [5, 8, 6]), ([-1, 8, 6], [-1, 8, 6]), ([2, 1, 8, 6], [2, 5, 8, 6])],
)
def test_expansions(target: list[int], expected: list[int]) -> None:
    written = tuple(map(abs, target))
    changed = follow_batch("expand_v2", (5, 8, 1), (1, 8, 1), written, shape=target)
    assert changed["shape"] == expected


@pytest.mark.parametrize("kind", ["slice", "strided_slice"])
@pytest.mark.parametrize(
    ("attributes", "whole"),
    [
        ({"axes": [0, 1], "starts": [0, 2], "ends": [1, 3]}, True),
        ({"axes": [-3, 1], "starts": [-1, 2], "ends": [2**31 - 1, 3]}, True),
        ({"axes": [0], "starts": [0], "ends": [1], "decrease_axis": [0]}, False),
        ({"axes": [0], "starts": [0], "ends": [-1]}, False),
        ({"axes": [1, 2], "starts": [0, 0], "ends": [1, 1]}, False),
    ],
)
def test_slices_of_the_whole_batch(kind: str, attributes: dict[str, Any], whole: bool) -> None:
    shape = (1, 4, 4)
    changed = follow_batch(kind, (5, 4, 4), shape, shape, slot="Input", **attributes)
    if not whole:
        assert changed == attributes
        return
    assert changed["starts"][0] == 0
    assert changed["ends"][0] >= 5
    for name in ("starts", "ends"):
        assert changed[name][1:] == attributes[name][1:]


def test_what_is_the_same_for_all_images_needs_no_repeating_along_the_batch_itself() -> None:
    arrays = {"X": [np.empty((5, 8)), np.empty((1, 8))]}
    shapes = {"X": [(1, 8), (1, 8)]}
    same = BATCH_RULES["concat"](Call(arrays, {"axis": 0}, shapes, {"Out": [(2, 8)]}))
    assert same.given is arrays
    assert same.attributes == {"axis": 0}
