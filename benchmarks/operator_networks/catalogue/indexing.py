"""Orders, indices and what is picked by them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from operator_networks.drawing import Operator
from operator_networks.toolkit import F, nn, paddle, weighted

__all__ = ["OPERATORS"]

Attributes = Mapping[str, Any]

_SHAPES = ((1, 8, 6, 7), (2, 5, 9), (3, 12))


def _of(name: str) -> Callable[[Attributes, Sequence[int]], Any]:
    def build(a: Attributes, _shape: Sequence[int]) -> Any:
        own = dict(a)
        return lambda x: getattr(paddle, name)(x, **own)

    return build


def _topk(a: Attributes, _shape: Sequence[int]) -> Any:
    own = dict(a)
    return lambda x: paddle.topk(x, **own)


def _constant(numbers: Sequence[Any], dtype: str = "int64") -> Any:
    return paddle.to_tensor(np.asarray(numbers, dtype))


def _picked(name: str, indices: Sequence[Any]) -> Callable[[Attributes, Sequence[int]], Any]:
    """A function that picks by constant indices."""

    def build(a: Attributes, _shape: Sequence[int]) -> Any:
        own = dict(a)
        return lambda x: getattr(paddle, name)(x, _constant(indices), **own)

    return build


def _whole(x: Any, count: int) -> Any:
    """Indices below a count, of any input."""
    return (x.abs() * 2.0).floor().clip(0.0, count - 1.0).astype("int64")


def _embedding(a: Attributes, _shape: Sequence[int]) -> Any:
    layer = nn.Embedding(10, 6, padding_idx=a["padding_idx"])

    class Looked(nn.Layer):  # type: ignore[misc]
        def __init__(self) -> None:
            super().__init__()
            self.inner = layer

        def forward(self, x: Any) -> Any:
            return self.inner(_whole(x, 10))

    return Looked()


def _one_hot(a: Attributes, _shape: Sequence[int]) -> Any:
    return lambda x: F.one_hot(_whole(x, a["num_classes"]), a["num_classes"])


def _gather_rows(_a: Attributes, _shape: Sequence[int]) -> Any:
    return weighted((10, 6), lambda x, w: paddle.gather(w, _whole(x, 10).flatten()))


def _put(a: Attributes, shape: Sequence[int]) -> Any:
    return lambda x: paddle.put_along_axis(
        x, _constant([[0] * shape[-1]]), paddle.full([1, shape[-1]], 2.0), 0, reduce=a["reduce"]
    )


def _scatter(a: Attributes, shape: Sequence[int]) -> Any:
    return weighted(
        (2, *shape[1:]),
        lambda x, w: paddle.scatter(x, _constant([2, 0]), w, overwrite=a["overwrite"]),
    )


def _sequence_mask(a: Attributes, _shape: Sequence[int]) -> Any:
    return lambda x: F.sequence_mask(_whole(x, 6), maxlen=a["maxlen"], dtype="float32")


def _made(a: Attributes, shape: Sequence[int]) -> Any:
    made = {
        "arange": lambda x: x + paddle.arange(0, shape[-1], dtype="float32"),
        "linspace": lambda x: x + paddle.linspace(0, 1, shape[-1]),
        "full_like": lambda x: x + paddle.full_like(x, 2.0),
        "zeros_like": lambda x: x + paddle.zeros_like(x),
        "ones": lambda x: x * paddle.ones([shape[-1]]),
        "eye": lambda x: paddle.matmul(x, paddle.eye(shape[-1])),
        "assign": lambda x: paddle.assign(x) + 1.0,
        "meshgrid": lambda x: (
            x
            + paddle.meshgrid(paddle.arange(shape[-1], dtype="float32"), paddle.arange(2.0))[0][
                :, 0
            ]
        ),
        "shape": lambda x: x.reshape([paddle.shape(x)[0], -1]),
        "numel": lambda x: x * x.numel().astype("float32"),
    }
    return made[a["function"]]


OPERATORS: dict[str, Operator] = {
    "argmax": Operator(
        build=_of("argmax"),
        shapes=_SHAPES,
        choices={"axis": (1, -1, 0, None), "keepdim": (False, True), "dtype": ("int64", "int32")},
        exact=True,
        whole=True,
        most=6,
    ),
    "argmin": Operator(
        build=_of("argmin"),
        shapes=_SHAPES,
        choices={"axis": (1, -1, None), "keepdim": (False, True)},
        exact=True,
        whole=True,
        most=3,
    ),
    "argsort": Operator(
        build=_of("argsort"),
        shapes=_SHAPES,
        choices={"axis": (-1, 1), "descending": (False, True), "stable": (True,)},
        exact=True,
        whole=True,
        most=3,
    ),
    "sort": Operator(
        build=_of("sort"),
        shapes=_SHAPES,
        choices={"axis": (-1, 1), "descending": (False, True)},
        most=3,
    ),
    "topk": Operator(
        build=_topk,
        shapes=_SHAPES,
        choices={"k": (1, 3), "axis": (-1, 1), "largest": (True, False), "sorted": (True,)},
        fits=lambda a, shape: shape[a["axis"]] >= a["k"],
        exact=True,
        orders=True,
        most=4,
    ),
    "kthvalue": Operator(
        build=_of("kthvalue"), shapes=_SHAPES[1:], choices={"k": (2,)}, exact=True, most=1
    ),
    "cumsum": Operator(
        build=_of("cumsum"), shapes=_SHAPES, choices={"axis": (-1, 0, 1, None)}, most=4
    ),
    "cumprod": Operator(
        build=lambda a, _: lambda x: paddle.cumprod(x.clip(-1.2, 1.2), a["dim"]),
        shapes=_SHAPES,
        choices={"dim": (-1, 1)},
        most=2,
    ),
    "cummax": Operator(
        build=lambda a, _: lambda x: paddle.cummax(x, a["axis"])[0],
        shapes=_SHAPES[1:],
        choices={"axis": (-1,)},
        most=1,
    ),
    "gather": Operator(
        build=_picked("gather", [2, 0, 1]),
        shapes=((3, 5, 6), (4, 4, 4)),
        choices={"axis": (0, 1, 2)},
    ),
    "gather of a parameter": Operator(build=_gather_rows, shapes=((3, 4),), exact=True, most=1),
    "index_select": Operator(
        build=_picked("index_select", [2, 0, 1]),
        shapes=((3, 5, 6), (4, 4, 4)),
        choices={"axis": (0, 1, -1)},
    ),
    "gather_nd": Operator(
        build=_picked("gather_nd", [[0, 1], [1, 2]]), shapes=((3, 5, 6), (2, 4, 5, 6)), most=2
    ),
    "take_along_axis": Operator(
        build=lambda a, shape: (
            lambda x: paddle.take_along_axis(x, _constant([[1] * shape[-1]]), a["axis"])
        ),
        shapes=((3, 12),),
        choices={"axis": (0,)},
        most=1,
    ),
    "put_along_axis": Operator(
        build=_put, shapes=((3, 12),), choices={"reduce": ("assign", "add")}, most=2
    ),
    "scatter": Operator(
        build=_scatter, shapes=((4, 6), (3, 5, 4)), choices={"overwrite": (True, False)}, most=2
    ),
    "scatter_nd_add": Operator(
        build=lambda _a, shape: (
            lambda x: paddle.scatter_nd_add(x, _constant([[1], [1]]), paddle.ones([2, shape[1]]))
        ),
        shapes=((4, 6),),
        most=1,
    ),
    "embedding": Operator(
        build=_embedding,
        shapes=((2, 5), (1, 3, 4)),
        choices={"padding_idx": (None, 0, -1)},
        exact=True,
    ),
    "one_hot": Operator(
        build=_one_hot,
        shapes=((2, 5), (3, 4, 2)),
        choices={"num_classes": (4, 7)},
        exact=True,
        most=2,
    ),
    "sequence_mask": Operator(
        build=_sequence_mask, shapes=((5,), (3, 4)), choices={"maxlen": (6,)}, exact=True, most=1
    ),
    "made in the network": Operator(
        build=_made,
        shapes=((2, 6), (2, 5, 6)),
        choices={
            "function": (
                *("arange", "linspace", "full_like", "zeros_like", "ones", "eye", "assign"),
                *("meshgrid", "shape", "numel"),
            )
        },
    ),
}
