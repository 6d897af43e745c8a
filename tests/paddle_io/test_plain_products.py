"""Products with weights made plain."""

from __future__ import annotations

from typing import Any

import pytest

from edgeslim.execution import Precision, Target
from edgeslim.paddle_io.program_operators import operators_of
from edgeslim.paddle_io.proto import attribute_value
from edgeslim.targets import Place, known_laws
from edgeslim.targets.stored_weights import STORED_PRODUCTS
from tests.paddle_io.programs import Op, program
from tests.paddle_io.rewriting import apply_rewrite

PLAIN = {"trans_x": False, "trans_y": False}


STORED = Place.of(Target.ARM, Precision.INT8_WEIGHTS)


def misread(made: Any) -> list[str]:
    """What of a program must not have its weights stored as integers."""
    return [
        found.operator.name
        for found in known_laws().violations(operators_of(made), STORED)
        if found.law is STORED_PRODUCTS
    ]


def product(kind: str = "matmul_v2", x: str = "x", y: str = "w", **attributes: Any) -> Any:
    return program(
        [Op(kind, {"X": x, "Y": y}, {"Out": "out"}, attributes)],
        {"x": (2, 5, 3), "y": (2, 3, 4), "out": (2, 5, 4)},
        {"w": (3, 4), "deep": (2, 3, 4), "x0": (5, 3)},
    )


@pytest.mark.parametrize(
    ("kind", "attributes"),
    [
        ("matmul_v2", PLAIN),
        ("matmul_v2", {}),
        ("matmul", {"transpose_X": False, "transpose_Y": False, "alpha": 1.0}),
    ],
)
def test_a_product_with_a_matrix_of_weights_is_a_mul(kind: str, attributes: Any) -> None:
    made = product(kind, **attributes)
    assert misread(made) == ["out"]
    assert apply_rewrite("plain-products", made) == {"products-with-stored-weights": 1}
    (op,) = made.blocks[0].ops
    assert op.type == "mul"
    assert {attr.name: attribute_value(attr) for attr in op.attrs} == {
        "x_num_col_dims": 2,
        "y_num_col_dims": 1,
    }
    assert misread(made) == []


@pytest.mark.parametrize(
    ("made", "refused"),
    [
        (product(trans_y=True), True),
        (product(trans_x=True), True),
        (product("matmul", alpha=0.5), True),
        (product(y="deep"), True),
        (product(x="x0", y="w"), True),
        (product(y="y"), False),
        (product("elementwise_mul"), False),
    ],
    ids=["turned", "turned x", "scaled", "three axes", "two weights", "no weights", "another"],
)
def test_any_other_stays_as_it_is(made: Any, refused: bool) -> None:
    before = made.SerializeToString()
    assert not apply_rewrite("plain-products", made)
    assert made.SerializeToString() == before
    assert bool(misread(made)) is refused
