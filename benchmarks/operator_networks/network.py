"""Cases as networks of Paddle's."""

from __future__ import annotations

import zlib
from typing import Any

import numpy as np

from operator_networks.case import Case
from operator_networks.catalogue import OPERATORS
from operator_networks.surroundings import before, behind
from operator_networks.toolkit import nn, paddle

__all__ = ["build", "inputs_of"]

Array = np.ndarray[Any, Any]


def build(case: Case) -> Any:
    """The network of a case, in evaluation mode; the same weights every time."""
    paddle.seed(case.seed)
    operator = OPERATORS[case.operator].build(case.attributes, case.shape)
    first = before(case.before, case.shape)
    shape = _shape_behind(case, [*first, operator])
    steps = [*first, operator, *behind(case.behind, shape)]

    class Network(nn.Layer):  # type: ignore[misc]
        def __init__(self) -> None:
            super().__init__()
            self.layers = nn.LayerList([each for each in steps if isinstance(each, nn.Layer)])

        def forward(self, x: Any) -> Any:
            result = x
            for step in first:
                result = step(result)
            source, result = result, operator(result)
            others: list[Any] = []
            if isinstance(result, list | tuple):
                result, *others = result
            if case.behind == "residual" and list(result.shape) == list(source.shape):
                result = result + source
            for step in steps[len(first) + 1 :]:
                result = step(result)
            if isinstance(result, tuple):
                return (*result, *others)
            return (result, *others) if others else result

    net = Network()
    _fill(net, case.seed)
    net.eval()
    return net


def inputs_of(case: Case) -> dict[str, Array]:
    """Inputs by what they are like; of noise alone if equal elements may change places."""
    generator = np.random.default_rng(zlib.crc32(case.line.encode()))

    def noise() -> Array:
        return generator.standard_normal(case.shape)

    if OPERATORS[case.operator].orders:
        return {name: noise().astype(np.float32) for name in ("noise", "another", "a third")}
    kinds = {
        "noise": noise(),
        "zeros": np.zeros(case.shape),
        "whole": np.round(noise() * 3),
        "negative": -np.abs(noise()) - 0.1,
        "large": noise() * 20,
        "positive": np.abs(noise()) + 0.1,
    }
    return {name: each.astype(np.float32) for name, each in kinds.items()}


def _shape_behind(case: Case, steps: list[Any]) -> tuple[int, ...]:
    """Shape of the operator's first result."""
    result = paddle.to_tensor(np.ones(case.shape, np.float32))
    for step in steps:
        if isinstance(step, nn.Layer):
            step.eval()
        result = step(result)
    return tuple((result[0] if isinstance(result, list | tuple) else result).shape)


def _fill(net: Any, seed: int) -> None:
    """Biases that are not nought, factors that are not one, means and variances."""
    generator = np.random.default_rng(seed)
    for parameter in net.parameters():
        if len(parameter.shape) == 1 and not getattr(parameter, "is_fixed", False):
            noise = generator.uniform(0.1, 0.9, parameter.shape)
            parameter.set_value((noise + parameter.numpy() * 0.5).astype(np.float32))
    for name, buffer in net.named_buffers():
        if name.endswith(("_mean", "_variance")):
            buffer.set_value(generator.uniform(0.5, 1.5, buffer.shape).astype(np.float32))
