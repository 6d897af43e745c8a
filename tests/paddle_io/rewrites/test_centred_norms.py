"""From norms of a network's inputs the mean is taken off before, and from no others."""

from __future__ import annotations

from typing import Any

import pytest

from tests.paddle_io.programs import Op, kinds, program
from tests.paddle_io.rewriting import apply_rewrite

SHAPE = (2, 6, 4, 4)


def norm_program(kind: str, before: str = "scale", reader: str = "y") -> Any:
    """A norm of what an operator makes of the input, and something behind it."""
    ops = [
        Op("feed", {"X": "feed"}, {"Out": "x"}),
        Op(before, {"X": "x"}, {"Out": "v"}),
        Op(kind, {"X": "v"}, {"Y": "y", "Mean": "m"}, {"begin_norm_axis": 2, "groups": 3}),
        Op("relu", {"X": reader}, {"Out": "z"}),
    ]
    return program(ops, {**dict.fromkeys("xvyz", SHAPE), "m": (12,)})


@pytest.mark.parametrize("kind", ["layer_norm", "instance_norm", "group_norm"])
def test_the_mean_of_an_input_is_taken_off(kind: str) -> None:
    made = norm_program(kind)
    assert apply_rewrite("centred-norms", made) == {"large-means": 1}
    ops = kinds(made)
    assert ops.index("reduce_mean") < ops.index("elementwise_sub") < ops.index(kind)
    assert made.blocks[0].ops[ops.index(kind)].outputs[0].arguments == ["y"]
    assert not apply_rewrite("centred-norms", made)


@pytest.mark.parametrize("kind", ["layer_norm", "instance_norm", "group_norm"])
def test_what_is_computed_or_asked_for_its_mean_stays(kind: str) -> None:
    for made in (norm_program(kind, before="relu"), norm_program(kind, reader="m")):
        assert not apply_rewrite("centred-norms", made)
