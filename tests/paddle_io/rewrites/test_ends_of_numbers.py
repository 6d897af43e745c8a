"""Logarithms and comparisons: what surely meets neither 0 nor infinity is left as it is."""

from __future__ import annotations

from typing import Any

import pytest

from tests.paddle_io.programs import Op, kinds, program
from tests.paddle_io.rewriting import apply_rewrite

SHAPE = (2, 8)


def behind(*ops: Op) -> Any:
    """Operators in a row from an input ``v0`` on, each of which may read others before it."""
    made = [
        Op(op.kind, {"X": f"v{number}", **op.inputs}, {"Out": f"v{number + 1}"}, op.attributes)
        for number, op in enumerate(ops)
    ]
    return program(made, dict.fromkeys([f"v{number}" for number in range(len(ops) + 1)], SHAPE))


def op(kind: str, y: str = "", **attributes: Any) -> Op:
    return Op(kind, {"Y": y} if y else {}, {}, attributes)


LOG = op("log")
ABOVE = (
    (op("clip", min=1e-6, max=1.0),),
    (op("sigmoid"), op("scale", scale=1.0, bias=1e-5)),
    (op("abs"), op("scale", scale=2.0, bias=1.0)),
    (op("clip", min=-64.0, max=0.0), op("exp"), op("reduce_sum", dim=(1,)), op("reshape2")),
    (op("relu"), op("scale", scale=1.0, bias=1.0), op("elementwise_add", "v1")),
)
NOT_ABOVE = (
    (),
    (op("relu"),),
    (op("clip", min=0.0, max=1.0),),
    (op("exp"),),
    (op("softmax"),),
    (op("scale", scale=1.0, bias=1.0),),
    (op("relu"), op("scale", scale=-1.0, bias=1.0)),
    (op("relu"), op("scale", scale=1.0, bias=1.0), op("elementwise_add", "v0")),
)


@pytest.mark.parametrize("before", ABOVE, ids=lambda ops: " ".join(op.kind for op in ops))
def test_a_logarithm_of_what_is_above_nought_stays(before: tuple[Op, ...]) -> None:
    assert not apply_rewrite("logarithms", behind(*before, LOG))


@pytest.mark.parametrize("before", NOT_ABOVE, ids=lambda ops: " ".join(op.kind for op in ops))
def test_a_logarithm_of_what_may_be_nought_is_mended_once(before: tuple[Op, ...]) -> None:
    made = behind(*before, LOG)
    assert apply_rewrite("logarithms", made) == {"logarithms-at-ends": 1}
    assert "clip" in kinds(made)
    assert not apply_rewrite("logarithms", made)


@pytest.mark.parametrize("kind", ["equal", "not_equal"])
def test_what_is_compared_with_something_finite_stays(kind: str) -> None:
    assert not apply_rewrite("infinities-compared", behind(op("sigmoid"), op(kind, "v0")))
    assert not apply_rewrite("infinities-compared", behind(op("tanh"), op("relu"), op(kind, "v1")))
    made = behind(op("relu"), op(kind, "v0"))
    assert apply_rewrite("infinities-compared", made) == {"infinities-compared": 1}


@pytest.mark.parametrize(("limit", "is_written"), [(0.5, False), (float("-inf"), True)])
def test_a_constant_may_be_infinite(limit: float, is_written: bool) -> None:
    ops = [
        Op("fill_constant", {}, {"Out": "c"}, {"value": limit}),
        Op("equal", {"X": "x", "Y": "c"}, {"Out": "z"}),
    ]
    made = program(ops, {"x": SHAPE, "c": (1,), "z": SHAPE})
    assert bool(apply_rewrite("infinities-compared", made)) == is_written
