"""Products with weights made plain."""

from __future__ import annotations

from typing import Any

import pytest

from edgeslim.paddle_io.plain_products import make_products_plain, product_weights
from edgeslim.paddle_io.proto import attribute_value
from tests.paddle_io.programs import Op, program

PLAIN = {"trans_x": False, "trans_y": False}


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
    assert product_weights(made) == ["w"]
    assert make_products_plain(made) == 1
    (op,) = made.blocks[0].ops
    assert op.type == "mul"
    assert {each.name: attribute_value(each) for each in op.attrs} == {
        "x_num_col_dims": 2,
        "y_num_col_dims": 1,
    }
    assert product_weights(made) == []


@pytest.mark.parametrize(
    ("made", "weights"),
    [
        (product(trans_y=True), ["w"]),
        (product(trans_x=True), ["w"]),
        (product("matmul", alpha=0.5), ["w"]),
        (product(y="deep"), ["deep"]),
        (product(x="x0", y="w"), ["x0", "w"]),
        (product(y="y"), []),
        (product("elementwise_mul"), []),
    ],
    ids=["turned", "turned x", "scaled", "three axes", "two weights", "no weights", "another"],
)
def test_any_other_stays_as_it_is(made: Any, weights: list[str]) -> None:
    before = made.SerializeToString()
    assert make_products_plain(made) == 0
    assert made.SerializeToString() == before
    assert product_weights(made) == weights
