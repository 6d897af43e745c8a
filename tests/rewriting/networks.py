"""Small networks with other forms, and made-up prices."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np

from edgeslim.conversion.operator_jobs import null_operator
from edgeslim.latency_table import LatencyTable, TableContext
from edgeslim.opspec import OpSpec
from edgeslim.rewriting.equivalences._example import Example
from edgeslim.rewriting.network import Network
from edgeslim.rewriting.prices import Prices
from tests.values import CONTEXT, row

Rule = Callable[[OpSpec], float]

DEAR = {"elementwise_add": 8.0, "elementwise_mul": 8.0, "swish": 10.0, "tanh": 50.0}
"""What operators take that are slow on x86; a vector as second operand is as cheap as a scale."""


def like_x86(spec: OpSpec) -> float:
    """Milliseconds that are like those of x86: slow at products with one number."""
    others = [math.prod(shape) for shapes in spec.weights.values() for shape in shapes]
    is_vector = spec.kind.startswith("elementwise") and max(others, default=2) > 1
    return 0.001 + (0.3 if is_vector else DEAR.get(spec.kind, 0.3)) / 10


def made_up_prices(
    folder: Path,
    specs: Sequence[OpSpec],
    rule: Rule,
    *,
    measures: bool = True,
    context: TableContext = CONTEXT,
) -> Prices:
    """Prices by a rule, in a table that grows by what is asked for."""
    table = LatencyTable.open(folder / "table.jsonl", context)
    table.add(row(null_operator(), 1e-6), *(row(spec, rule(spec)) for spec in dict.fromkeys(specs)))

    def measure(wanted: Sequence[OpSpec]) -> None:
        table.add(*(row(spec, rule(spec)) for spec in wanted))

    return Prices(table, specs, measure if measures else None)


def affine_blocks(seed: int, *, blocks: int = 2) -> Network:
    """Convolutions with products, sums and activations between them, as in PP-OCRv4."""
    example = Example(seed)
    x = example.feed((1, 4, 9, 9))
    for _ in range(blocks):
        x = example.convolution(x, 4, groups=example.one_of(1, 4), kernel=3, stride=1)
        if example.chance():
            x = example.binary("add", x, example.weights((4,)), axis=1)
        for kind in ("mul", "add"):
            if example.chance(0.8):
                number = np.full((1,), example.number(0.5, 2.0))
                x = example.binary(kind, x, example.constant(number))
        x = example.apply(example.one_of("relu", "swish", "tanh", "hard_swish"), x)
        if example.chance():
            x = example.scale(x, example.number(0.5, 2.0), example.number(0.1, 1.0))
    return example.end(x)
