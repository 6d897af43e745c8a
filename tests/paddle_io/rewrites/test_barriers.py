"""Behind which activations and filters something is kept apart."""

from __future__ import annotations

from typing import Any

import pytest

from tests.paddle_io.programs import Op, arguments, kinds, program
from tests.paddle_io.rewriting import apply_rewrite

SHAPE = (1, 4, 8, 8)


def behind(*ops: Op, kind: str = "conv2d", readers: int = 1) -> Any:
    """A convolution with operators in a row behind it, from ``v0`` on."""
    made = [Op(kind, {"Input": "x", "Filter": "f"}, {"Output": "v0"})]
    for number, op in enumerate(ops):
        out = "Y" if op.kind == "batch_norm" else "Out"
        inputs = {"X": f"v{number}", **op.inputs}
        made.append(Op(op.kind, inputs, {out: f"v{number + 1}"}, op.attributes))
    made += [Op("tanh", {"X": "v1"}, {"Out": "z"})] * (readers - 1)
    names = ["x", "z", *(f"v{number}" for number in range(len(ops) + 1))]
    return program(made, dict.fromkeys(names, SHAPE), {"f": (4, 4, 3, 3), "b": (4,)})


def act(kind: str) -> Op:
    return Op(kind, {}, {})


def scale(factor: float = 1.0, offset: float = 0.0) -> Op:
    return Op("scale", {}, {}, {"scale": factor, "bias": offset})


BIAS = Op("elementwise_add", {"Y": "b"}, {})
SUM = Op("elementwise_add", {"Y": "x"}, {})
NORM = Op("batch_norm", {"Scale": "b"}, {})


@pytest.mark.parametrize(
    ("ops", "at"),
    [
        ((act("relu"), scale(-1.0, 1.0)), 2),
        ((BIAS, act("relu"), scale(1.0, 1.0)), 3),
        ((NORM, act("leaky_relu"), scale(-1.0)), 3),
        ((act("relu6"), scale(2.0)), 2),
        ((act("hard_swish"), scale(2.0)), 2),
        ((act("relu"), scale(), scale(1.0, 1.0)), 3),
        ((act("relu"), scale(2.0), scale(1.0, 1.0)), 3),
        ((act("relu"), act("leaky_relu")), 2),
        ((act("relu6"), act("leaky_relu")), 2),
        ((act("leaky_relu"), act("hard_swish")), 2),
        ((act("relu"), act("relu6"), act("leaky_relu")), 3),
        ((act("relu"), scale(2.0), act("leaky_relu")), 3),
    ],
)
@pytest.mark.parametrize("kind", ["conv2d", "depthwise_conv2d", "conv2d_transpose"])
def test_kept_apart(ops: tuple[Op, ...], at: int, kind: str) -> None:
    made = behind(*ops, kind=kind)
    law = "factors-behind-activations" if ops[at - 1].kind == "scale" else "activations-in-a-row"
    assert apply_rewrite("activation-barriers", made) == {law: 1}
    expected = [kind, *(op.kind for op in ops)]
    assert kinds(made) == [*expected[:at], "dropout", *expected[at:]]
    (kept,) = (op for op in made.blocks[0].ops if op.type == "dropout")
    reader = made.blocks[0].ops[at + 1]
    assert arguments(reader.inputs)["X"] == arguments(kept.outputs)["Out"]
    assert not apply_rewrite("activation-barriers", made)


@pytest.mark.parametrize(
    "made",
    [
        behind(act("relu"), scale(2.0)),
        behind(BIAS, NORM, act("leaky_relu"), scale(0.5)),
        behind(BIAS, scale(2.0, 1.0), act("relu")),
        behind(act("relu"), act("relu6")),
        behind(act("leaky_relu"), act("relu")),
        behind(act("hard_swish"), act("relu6")),
        behind(act("leaky_relu"), scale(2.0), act("relu")),
        behind(act("sigmoid"), scale(-1.0, 1.0)),
        behind(act("relu"), SUM, scale(-1.0, 1.0)),
        behind(act("relu"), scale(-1.0, 1.0), readers=2),
    ],
)
def test_what_comes_out_right_stays_together(made: Any) -> None:
    before = made.SerializeToString()
    assert not apply_rewrite("activation-barriers", made)
    assert made.SerializeToString() == before


@pytest.mark.parametrize("op", [NORM, scale(2.0)])
@pytest.mark.parametrize("shared", [True, False])
def test_a_factor_behind_a_filter_that_another_uses(op: Op, shared: bool) -> None:
    made = behind(BIAS, op)
    if shared:
        again = made.blocks[0].ops.add()
        again.CopyFrom(made.blocks[0].ops[0])
        again.outputs[0].arguments[0] = "z"
    done = apply_rewrite("shared-filters", made)
    assert done == ({"factors-of-shared-filters": 1} if shared else {})
    assert ("dropout" in kinds(made)) == shared


def test_a_factor_comes_before_the_offset() -> None:
    given = {"scale": 2.0, "bias": 1.5, "bias_after_scale": False}
    made = behind(Op("scale", {}, {}, given))
    assert apply_rewrite("offsets-before-factors", made) == {"offsets-before-factors": 1}
    written = {attr.name: attr for attr in made.blocks[0].ops[1].attrs}
    assert (written["scale"].f, written["bias"].f) == (2.0, 3.0)
    assert written["bias_after_scale"].b
