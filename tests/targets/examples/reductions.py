"""Networks that take elements along axes together."""

from __future__ import annotations

import paddle

from edgeslim.opspec import Shape
from tests.targets.examples._layers import Computed
from tests.targets.nets import Example

__all__ = ["EXAMPLES"]

_RANKS: dict[int, Shape] = {
    1: (7,),
    2: (3, 5),
    3: (3, 4, 5),
    4: (2, 3, 4, 5),
    5: (2, 3, 2, 4, 3),
    6: (2, 1, 3, 2, 4, 3),
}


def _example(law: str, kind: str, rank: int, axes: list[int] | None, *, keep: bool) -> Example:
    def compute(x: paddle.Tensor) -> paddle.Tensor:
        x = x.reshape(_RANKS[rank])
        if kind not in {"all", "any"}:
            return getattr(paddle, kind)(x, axis=axes, keepdim=keep)
        limit = 1.0 if kind == "any" else -1.0  # of a few elements, some meet it
        truths = getattr(paddle, kind)(x > limit, axis=axes, keepdim=keep)
        return truths.astype("float32")

    shape = _RANKS[rank]
    return Example(law=law, build=lambda: Computed(compute), shape=shape)


_AXES: dict[str, dict[str, list[tuple[int, list[int] | None]]]] = {
    "lost-axes": {
        "mean": [(1, None), (2, None), (3, None), (4, None), (4, [3, 2]), (4, [0, 2, 3])],
        "sum": [(3, [0, 2]), (4, [1, 3]), (4, [0, 1, 2]), (4, [-1, -3]), (4, [2, 1])],
        "max": [(2, None), (3, [1, 2]), (4, [1, 2, 3]), (4, [-1, -2])],
        "min": [(3, [0, 1]), (4, [0, 1, 2, 3]), (4, [0, 3])],
        "prod": [(2, [1]), (3, [0, 2]), (3, [1]), (4, [0, 2, 3])],
    },
    "deep-reductions": {
        "mean": [(5, [4]), (5, [0, 2, 4])],
        "max": [(5, [1, 2])],
        "sum": [(6, [-1, 0, 2])],
        "prod": [(6, [1, 2, 3, 4, 5])],
    },
    "lost-truths": {
        "all": [(3, [0, 2]), (4, [3, 2])],
        "any": [(4, [1, 3]), (4, [0, 1, 2]), (5, [0, 2])],
    },
}

EXAMPLES = tuple(
    _example(law, kind, rank, axes, keep=bool(number % 2))
    for law, kinds in _AXES.items()
    for kind, cases in kinds.items()
    for number, (rank, axes) in enumerate(cases)
)
