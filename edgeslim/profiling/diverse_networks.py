"""A diverse sample of whole networks of a space, which informs most about the rest."""

from __future__ import annotations

import math
from collections.abc import Iterable

import numpy as np

from edgeslim.execution import Target
from edgeslim.ops import macs
from edgeslim.opspec import OpSpec
from edgeslim.prediction.network_features import touched_bytes
from edgeslim.spaces import Space, Tokens

__all__ = ["diverse_tokens"]

_DRAWN = 300
"""Number of random networks that the sample is chosen from."""

_KINDS = ("pointwise", "spatial", "depthwise", "other")


def diverse_tokens(space: Space, count: int, target: Target, seed: int) -> list[Tokens]:
    """Tokens of the start, of both ends of a space, and of networks far from those and each other.

    Each next network is the one of many random ones which is farthest from all chosen so far, by
    the work and the bytes of each kind of operators.
    """
    generator = np.random.default_rng(seed)
    smallest = tuple(0 for _ in space.ranges)
    largest = tuple(size - 1 for size in space.ranges)
    first = list(dict.fromkeys([space.initial_tokens, smallest, largest]))
    drawn = generator.integers(0, space.ranges, (_DRAWN, len(space.ranges)))
    everyone = list(dict.fromkeys([*first, *(tuple(map(int, tokens)) for tokens in drawn)]))
    traits = np.array([_traits(space.operators(tokens, target)) for tokens in everyone])
    traits = (traits - traits.mean(axis=0)) / np.maximum(traits.std(axis=0), 1e-9)
    chosen = list(range(min(count, len(first))))
    while chosen and len(chosen) < min(count, len(everyone)):
        apart = np.linalg.norm(traits[:, None] - traits[chosen], axis=2).min(axis=1)
        chosen.append(int(apart.argmax()))
    return [everyone[index] for index in chosen]


def _traits(specs: Iterable[OpSpec]) -> list[float]:
    """Logarithms of the work, the bytes and the number of operators of each kind."""
    sums = {kind: [0.0, 0.0, 0.0] for kind in _KINDS}
    for spec in specs:
        own = sums[_kind(spec)]
        for place, amount in enumerate((macs([spec]), touched_bytes(spec), 1)):
            own[place] += amount
    return [math.log1p(amount) for kind in _KINDS for amount in sums[kind]]


def _kind(spec: OpSpec) -> str:
    if spec.kind == "conv2d":
        return "pointwise" if spec.weights["Filter"][0][2:] == (1, 1) else "spatial"
    return "depthwise" if spec.kind == "depthwise_conv2d" else "other"
