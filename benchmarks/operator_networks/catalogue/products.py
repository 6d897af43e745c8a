"""Products of matrices."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from operator_networks.drawing import Operator
from operator_networks.toolkit import F, nn, paddle, weighted

__all__ = ["OPERATORS"]

Attributes = Mapping[str, Any]


def _matmul(a: Attributes, shape: Sequence[int]) -> Any:
    inner = shape[-2] if a["transpose_x"] else shape[-1]
    own = (5, inner) if a["transpose_y"] else (inner, 5)
    lead = {"matrix": (), "stack of one": (1,), "full stack": tuple(shape[:-2])}[a["weight"]]
    return weighted(
        (*lead, *own), lambda x, w: paddle.matmul(x, w, a["transpose_x"], a["transpose_y"])
    )


def _left(a: Attributes, shape: Sequence[int]) -> Any:
    inner = shape[-1] if a["transpose_y"] else shape[-2]
    return weighted((5, inner), lambda x, w: paddle.matmul(w, x, transpose_y=a["transpose_y"]))


def _itself(a: Attributes, _shape: Sequence[int]) -> Any:
    return lambda x: paddle.matmul(x, x, a["transpose_x"], not a["transpose_x"]) * a["factor"]


def _linear(a: Attributes, shape: Sequence[int]) -> Any:
    return nn.Linear(shape[-1], a["out"], bias_attr=None if a["bias"] else False)


def _flat_linear(a: Attributes, shape: Sequence[int]) -> Any:
    size = 1
    for extent in shape[1:]:
        size *= extent
    layers = [nn.Flatten(), nn.Linear(size, 10)]
    return nn.Sequential(*layers, *([nn.ReLU6()] if a["relu6"] else []))


def _einsum(a: Attributes, shape: Sequence[int]) -> Any:
    sizes = dict(zip(a["equation"].split(",")[0], shape, strict=False))
    other = a["equation"].split("->")[0].split(",")[1]
    own = tuple(sizes.get(letter, 3) for letter in other)
    return weighted(own, lambda x, w: paddle.einsum(a["equation"], x, w))


def _bilinear(_a: Attributes, shape: Sequence[int]) -> Any:
    layer = nn.Bilinear(shape[-1], shape[-1], 4)

    class Twice(nn.Layer):  # type: ignore[misc]
        def __init__(self) -> None:
            super().__init__()
            self.inner = layer

        def forward(self, x: Any) -> Any:
            return self.inner(x, F.relu(x))

    return Twice()


def _of_weight(name: str, own: Any) -> Operator:
    """A product of the input and a parameter."""

    def build(_a: Attributes, shape: Sequence[int]) -> Any:
        return weighted(own(shape), lambda x, w: getattr(paddle, name)(x, w))

    shapes = {"bmm": (2, 4, 6), "dot": (3, 6), "outer": (6,), "inner": (3, 6), "cross": (4, 3)}
    return Operator(build=build, shapes=(shapes.get(name, (4, 6)),), most=2)


def _addmm(a: Attributes, shape: Sequence[int]) -> Any:
    return weighted(
        (shape[1], shape[0]),
        lambda x, w: paddle.addmm(x.matmul(w), x, w, beta=a["beta"], alpha=a["alpha"]),
    )


_STACKS = ((4, 6), (2, 4, 6), (2, 3, 4, 6))
_EQUATIONS = ("nchw,co->nohw", "nchw,nchw->nc", "nchw,hk->nckw", "nchw,nkhw->nck", "nchw,cd->ndhw")

OPERATORS: dict[str, Operator] = {
    "matmul": Operator(
        build=_matmul,
        shapes=_STACKS,
        choices={
            "weight": ("matrix", "stack of one", "full stack"),
            "transpose_x": (False, True),
            "transpose_y": (False, True),
        },
        most=10,
    ),
    "matmul, parameter first": Operator(
        build=_left, shapes=_STACKS, choices={"transpose_y": (False, True)}
    ),
    "matmul of two branches": Operator(
        build=_itself,
        shapes=_STACKS,
        choices={"transpose_x": (False, True), "factor": (1.0, 0.125)},
        most=5,
    ),
    "linear": Operator(
        build=_linear,
        shapes=((1, 12), (3, 12), (2, 5, 12), (1, 3, 4, 12)),
        choices={"out": (8, 1), "bias": (True, False)},
        most=6,
    ),
    "flatten, linear": Operator(
        build=_flat_linear, shapes=((1, 8, 4, 5), (2, 6, 5)), choices={"relu6": (True, False)}
    ),
    "bmm": _of_weight("bmm", lambda shape: (shape[0], shape[2], 5)),
    "mm": _of_weight("mm", lambda shape: (shape[1], 5)),
    "mv": _of_weight("mv", lambda shape: (shape[1],)),
    "dot": _of_weight("dot", tuple),
    "outer": _of_weight("outer", lambda _: (5,)),
    "inner": _of_weight("inner", lambda shape: (5, shape[-1])),
    "cross": _of_weight("cross", tuple),
    "kron": _of_weight("kron", lambda _: (2, 2)),
    "addmm": Operator(
        build=_addmm, shapes=((4, 6),), choices={"beta": (1.0, 0.5), "alpha": (1.0, 2.0)}, most=2
    ),
    "einsum": Operator(build=_einsum, shapes=((2, 4, 5, 6),), choices={"equation": _EQUATIONS}),
    "bilinear": Operator(build=_bilinear, shapes=((3, 6),), most=1),
}
