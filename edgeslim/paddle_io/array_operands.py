"""NumPy arrays as operands beside variables of a program, as they are beside tensors."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np

from edgeslim.paddle_io.attribute_replacement import replace_attributes
from edgeslim.paddle_io.importing import load_paddle

__all__ = ["array_operands"]

_SYMMETRIC = ("add", "sub", "mul", "truediv", "div", "floordiv", "mod", "pow", "matmul")
_OPERATORS = (
    *(f"__{name}__" for name in _SYMMETRIC),
    *(f"__r{name}__" for name in _SYMMETRIC),
    *(f"__{name}__" for name in ("and", "or", "xor", "eq", "ne", "lt", "le", "gt", "ge")),
)
_PRODUCTS = ("__matmul__", "__rmatmul__")
"""Operators that convert an array to the type of the other side; the others widen the type."""


@contextmanager
def array_operands() -> Iterator[None]:
    """Makes an array beside a variable in a sum or product a constant while the context lasts.

    Without it Paddle 3.3 ends the process for an array on the right, and for an array on the left
    NumPy reads the variable as a list.
    """
    load_paddle()
    from paddle.base.framework import Variable

    known = {name: vars(Variable)[name] for name in _OPERATORS if name in vars(Variable)}
    taking_arrays = {
        name: _with_constant(operator, keeps_type=name in _PRODUCTS)
        for name, operator in known.items()
    }
    with replace_attributes(Variable, {**taking_arrays, "__array_ufunc__": None}):
        yield


def _with_constant(
    operator: Callable[[Any, Any], Any], *, keeps_type: bool
) -> Callable[[Any, Any], Any]:
    paddle = load_paddle()

    @functools.wraps(operator)
    def compute(variable: Any, other: Any) -> Any:  # noqa: ANN401
        if isinstance(other, np.ndarray):
            dtype = paddle.base.data_feeder.convert_dtype(variable.dtype)
            other = paddle.assign(other.astype(dtype) if keeps_type else other)
        return operator(variable, other)

    return compute
