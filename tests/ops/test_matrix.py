"""Matrix products count the length of their sums."""

from __future__ import annotations

from typing import Any

import pytest

from edgeslim.ops import macs
from edgeslim.opspec import Attributes, OpSpec, Shapes


def product(kind: str = "matmul_v2", **slots: Any) -> OpSpec:
    """A product of activations (lower case) and weights (capitals) by slot."""
    attributes = slots.pop("attributes", {})
    out = slots.pop("out")
    return OpSpec(
        kind=kind,
        inputs=Shapes({slot.upper(): (shape,) for slot, shape in slots.items() if slot.islower()}),
        weights=Shapes({slot: (shape,) for slot, shape in slots.items() if slot.isupper()}),
        outputs=Shapes(Out=(out,)),
        attributes=Attributes(attributes),
    )


@pytest.mark.parametrize(
    ("spec", "expected"),
    [
        (product(x=(2, 7), Y=(7, 5), out=(2, 5)), 2 * 7 * 5),
        (product(x=(2, 3, 7), Y=(7, 5), out=(2, 3, 5)), 2 * 3 * 7 * 5),
        (product(x=(2, 7), Y=(5, 7), attributes={"trans_y": True}, out=(2, 5)), 2 * 7 * 5),
        (product(x=(2, 7), Y=(7,), out=(2,)), 2 * 7),
        (product(x=(2, 7), y=(7, 5), out=(2, 5)), 2 * 7 * 5),
        (product(x=(7, 2), y=(7, 5), attributes={"trans_x": True}, out=(2, 5)), 2 * 7 * 5),
        (product(X=(2, 7), y=(7, 5), out=(2, 5)), 2 * 7 * 5),
        (product("mul", x=(2, 7), Y=(7, 5), out=(2, 5)), 2 * 7 * 5),
    ],
)
def test_a_product_counts_its_sums(spec: OpSpec, expected: int) -> None:
    assert macs([spec]) == expected


def test_a_fully_connected_layer_counts_its_weights_for_each_image() -> None:
    spec = OpSpec(
        kind="fc",
        inputs=Shapes(Input=((3, 7, 1, 1),)),
        weights=Shapes(W=((7, 5),), Bias=((5,),)),
        outputs=Shapes(Out=((3, 5),)),
    )
    assert macs([spec]) == 3 * 7 * 5
