"""The program of an optimized model, as values: its operators in order, and its weights.

It is the program of the very file that a device runs. An optimizer that reuses memory gives
several tensors one name, so a name refers to what was last written to it; shapes that a file
gives its tensors are left out, since they may be wrong then.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

__all__ = ["OperatorCall", "OptimizedProgram"]


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class OperatorCall:
    """One operator of an optimized program.

    Args:
        kind: Type of the operator in Paddle-Lite.
        inputs: Names of the tensors read by slot; slots without any are left out.
        outputs: Names of the tensors written by slot.
        attributes: Attributes by name; lists are tuples.
        kernel: Kernel that runs it, as ``operator/alias/TARGET/PRECISION/LAYOUT``; may be empty.
    """

    kind: str
    inputs: Mapping[str, tuple[str, ...]]
    outputs: Mapping[str, tuple[str, ...]]
    attributes: Mapping[str, Any]
    kernel: str = ""


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class OptimizedProgram:
    """A whole optimized program.

    Args:
        calls: Operators in order, without those that feed and fetch.
        weights: Value of each weight by name, with elements as they are stored.
        feeds: Names of its inputs, in order.
        fetches: Names of its outputs, in order.
    """

    calls: Sequence[OperatorCall]
    weights: Mapping[str, np.ndarray[Any, Any]]
    feeds: tuple[str, ...]
    fetches: tuple[str, ...]
