"""Which convolutions are kept apart."""

from __future__ import annotations

from typing import Any

import pytest

from tests.paddle_io.programs import Op, arguments, attributes, kinds, program
from tests.paddle_io.rewriting import apply_rewrite

SQUARE = {"strides": [1, 1], "paddings": [0, 0], "dilations": [1, 1], "groups": 1}


def pair(
    first: dict[str, Any] | None = None,
    second: dict[str, Any] | None = None,
    *,
    kernel: int = 1,
    first_kernel: int = 1,
    between: tuple[Op, ...] = (),
    first_kind: str = "conv2d",
    last: tuple[Op, ...] = (),
) -> Any:
    """A convolution behind another; ``m`` is between them, or ``a`` to ``m``."""
    source = "a" if between else "m"
    ops = [
        Op(
            first_kind,
            {"Input": "x", "Filter": "f"},
            {"Output": source},
            {**SQUARE, **(first or {})},
        ),
        *between,
        Op("conv2d", {"Input": "m", "Filter": "g"}, {"Output": "y"}, {**SQUARE, **(second or {})}),
        *last,
    ]
    shape = (1, 4, 8, 8)
    return program(
        ops,
        dict.fromkeys(("x", "a", "m", "y", "z"), shape),
        {
            "f": (4, 4, first_kernel, first_kernel),
            "g": (4, 4, kernel, kernel),
            "h": (4, 4, 1, 1),
            "b": (4,),
        },
    )


NORM = Op("batch_norm", {"X": "a", "Scale": "b"}, {"Y": "m"})
BIAS = Op("elementwise_add", {"X": "a", "Y": "b"}, {"Out": "m"})


@pytest.mark.parametrize(
    "made",
    [
        pair(second={"strides": [2, 2]}),
        pair(second={"paddings": [1, 1]}),
        pair(second={"dilations": [2, 2]}),
        pair(first={"groups": 2}),
        pair(kernel=3),
        pair(kernel=3, between=(NORM,)),
        pair(kernel=3, between=(BIAS,)),
        pair(last=(Op("conv2d", {"Input": "x", "Filter": "f"}, {"Output": "z"}, SQUARE),)),
    ],
    ids=["stride", "padding", "dilation", "groups", "3x3", "norm", "bias", "shared"],
)
def test_a_pair_that_would_be_merged_wrongly(made: Any) -> None:
    assert apply_rewrite("merge-barriers", made) == {"convolution-pairs": 1}
    (barrier,) = (op for op in made.blocks[0].ops if op.type == "dropout")
    assert arguments(barrier.inputs) == {"X": ["m"]}
    (result,) = arguments(barrier.outputs)["Out"]
    (reader,) = (op for op in made.blocks[0].ops if [result] in arguments(op.inputs).values())
    assert arguments(reader.inputs)["Filter"] == ["g"]
    assert attributes(barrier)["dropout_implementation"] == "upscale_in_train"
    described = {
        variable.name: variable.type.dense_tensor.tensor.dims for variable in made.blocks[0].vars
    }
    assert list(described[result]) == [1, 4, 8, 8]
    assert not apply_rewrite("merge-barriers", made)


@pytest.mark.parametrize(
    "made",
    [
        pair(),
        pair(between=(NORM,)),
        pair(between=(BIAS,)),
        pair(kernel=3, between=(Op("relu", {"X": "a"}, {"Out": "m"}),)),
        pair(kernel=3, between=(Op("elementwise_add", {"X": "a", "Y": "x"}, {"Out": "m"}),)),
        pair(kernel=3, first_kind="depthwise_conv2d"),
        pair(kernel=3, last=(Op("relu", {"X": "m"}, {"Out": "z"}),)),
    ],
    ids=["1x1", "norm", "bias", "activation", "residual", "depthwise", "read-twice"],
)
def test_other_pairs_stay(made: Any) -> None:
    before = kinds(made)
    assert not apply_rewrite("merge-barriers", made)
    assert kinds(made) == before


def test_behind_a_filter_larger_than_1x1() -> None:
    made = pair(first_kernel=3)
    assert apply_rewrite("merge-barriers", made) == {"convolution-pairs": 1}


def test_of_three_in_a_row_the_last_is_kept_apart() -> None:
    third = Op("conv2d", {"Input": "y", "Filter": "h"}, {"Output": "z"}, SQUARE)
    made = pair(last=(third,))
    assert apply_rewrite("merge-barriers", made) == {"convolution-pairs": 1}
    assert kinds(made) == ["conv2d", "conv2d", "dropout", "conv2d"]


def test_a_hard_swish_behind_a_transposed_convolution() -> None:
    swish = Op("hard_swish", {"X": "m"}, {"Out": "z"})
    made = program(
        [
            Op("conv2d_transpose", {"Input": "x", "Filter": "f"}, {"Output": "a"}, SQUARE),
            NORM,
            swish,
        ],
        dict.fromkeys(("x", "a", "m", "z"), (1, 4, 8, 8)),
        {"f": (4, 4, 1, 1), "b": (4,)},
    )
    assert apply_rewrite("merge-barriers", made) == {"swish-behind-transposed": 1}
    assert kinds(made) == ["conv2d_transpose", "batch_norm", "dropout", "hard_swish"]


@pytest.mark.parametrize("sides", [[1, 1, 1, 1, 0, 0], [1, 1, 2, 2, 0, 0], [0, 1, 0, 1, 0, 0]])
def test_padding_is_kept_from_losing_its_axis_where_its_sides_would_be_mixed_up(
    sides: list[int],
) -> None:
    made = program(
        [
            Op("unsqueeze2", {"X": "x"}, {"Out": "a"}, {"axes": [2]}),
            Op("pad3d", {"X": "a"}, {"Out": "y"}, {"paddings": sides}),
        ],
        dict.fromkeys(("x", "a", "y"), (1, 4, 8, 8)),
    )
    assert bool(apply_rewrite("merge-barriers", made)) == (sides[:2] != sides[2:4])


@pytest.mark.parametrize("kind", ["elementwise_add", "elementwise_mul", "elementwise_div"])
def test_a_magnitude_behind_a_sum_or_product(kind: str) -> None:
    made = program(
        [Op(kind, {"X": "x", "Y": "a"}, {"Out": "y"}), Op("abs", {"X": "y"}, {"Out": "z"})],
        dict.fromkeys(("x", "a", "y", "z"), (1, 4, 8, 8)),
    )
    assert bool(apply_rewrite("merge-barriers", made)) == (kind != "elementwise_div")
