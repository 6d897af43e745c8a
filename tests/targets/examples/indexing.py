"""Networks that put elements at places that numbers say."""

from __future__ import annotations

from typing import Any

import paddle

from tests.targets.examples._layers import Weighted
from tests.targets.nets import Example

__all__ = ["EXAMPLES"]


def _in_constant_rows(rows: list[int], *, overwrite: bool) -> Example:
    return Example(
        law="scattered-rows",
        build=lambda: Weighted(
            (len(rows), 5),
            lambda x, new: paddle.scatter(x, paddle.to_tensor(rows), new, overwrite=overwrite),
        ),
        shape=(4, 5),
    )


def _in_rows_of_largest(x: Any, new: Any) -> Any:
    rows = paddle.argmax(x, axis=1)
    return paddle.scatter(x, rows, new, overwrite=False)


EXAMPLES = (
    _in_constant_rows([2, 0], overwrite=True),
    _in_constant_rows([1, 3], overwrite=False),
    _in_constant_rows([1, 1, 3], overwrite=False),
    Example(
        law="scattered-rows",
        build=lambda: Weighted((6, 4), _in_rows_of_largest),
        shape=(6, 4),
    ),
)
