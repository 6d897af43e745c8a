"""What a line of a file of sensitivities is."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Mapping
from typing import Any

import msgspec
import numpy as np

from edgeslim.opspec import Shape

__all__ = [
    "SCHEMA",
    "SensitivityContext",
    "SensitivityPoint",
    "SensitivityRow",
    "fingerprint",
    "kept_width",
    "point_of",
]

SCHEMA = 1
"""1: first."""


class SensitivityContext(msgspec.Struct, frozen=True, kw_only=True, tag="context", tag_field="row"):
    """What a file's sensitivities are of. Those of different context do not mix.

    Args:
        model: `fingerprint` of the model's parameters.
        task: What the metric is of, as on the command line.
        metric: Name of the metric.
        criterion: Name of the criterion by which channels go.
        input_shape: Input of the model.
        share: Share of the validation examples that are used.
        seed: Which examples these are.
        examples: How many.
        data: `edgeslim.pruning.trial.examples_fingerprint` of them.
        baseline: The metric of the whole model.
        name: The model's short name.
        created: Day and time, UTC.
        edgeslim: Version that made the file.
        schema: Kind of file.
    """

    model: str
    task: str
    metric: str
    criterion: str
    input_shape: Shape
    share: float
    seed: int
    examples: int
    data: str
    baseline: float
    name: str = ""
    created: str = ""
    edgeslim: str = ""
    schema: int = SCHEMA

    def __post_init__(self) -> None:
        if not 0 < self.baseline < math.inf:
            raise ValueError(f"baseline must be above 0, not {self.baseline}")

    def difference(self, other: SensitivityContext) -> str:
        """What keeps the two apart, with both values, or nothing."""
        for name in ("task", "metric", "criterion", "input_shape", "share", "seed", "examples"):
            mine, theirs = getattr(self, name), getattr(other, name)
            if mine != theirs:
                return f"{name.replace('_', ' ')} {_shown(mine)}, not {_shown(theirs)}"
        if self.data != other.data:
            return "other examples of the same number"
        if self.model != other.model:
            return f"another model: its parameters were {self.model}, not {other.model}"
        return ""


class SensitivityPoint(msgspec.Struct, frozen=True, kw_only=True, tag="point", tag_field="row"):
    """What one group costs when some of its channels are gone and all else is whole.

    Args:
        group: Name of the group.
        ratio: Share of its channels that was asked to go.
        width: How many were kept.
        channels: How many there are.
        metric: The metric then.
        loss: The baseline less that; below 0 if it got better.
        relative_loss: The loss as a share of the baseline.
    """

    group: str
    ratio: float
    width: int
    channels: int
    metric: float
    loss: float
    relative_loss: float

    def __post_init__(self) -> None:
        if not 1 <= self.width <= self.channels:
            raise ValueError(f"width must be from 1 to {self.channels}, not {self.width}")
        for name in ("ratio", "metric", "loss", "relative_loss"):
            if not math.isfinite(getattr(self, name)):
                raise ValueError(f"{name} must be a number, not {getattr(self, name)}")

    @property
    def removed(self) -> float:
        """Share of the channels that really went; channels are whole."""
        return 1 - self.width / self.channels


SensitivityRow = SensitivityContext | SensitivityPoint


def point_of(
    group: str, ratio: float, *, channels: int, metric: float, baseline: float
) -> SensitivityPoint:
    """The point of a group at a ratio, by the metric that was measured."""
    return SensitivityPoint(
        group=group,
        ratio=ratio,
        width=kept_width(channels, ratio),
        channels=channels,
        metric=metric,
        loss=baseline - metric,
        relative_loss=(baseline - metric) / baseline,
    )


def kept_width(channels: int, ratio: float) -> int:
    """How many channels are kept if a share of them goes: at least one.

    As in PaddleSlim 1.x, the number that goes is rounded.
    """
    return max(1, channels - round(channels * ratio))


def fingerprint(tensors: Mapping[str, np.ndarray[Any, Any]]) -> str:
    """Short checksum of parameters: their names, shapes, types and values."""
    digest = hashlib.sha256()
    for name, values in sorted(tensors.items()):
        digest.update(f"{name} {values.dtype.str} {values.shape}\n".encode())
        digest.update(np.ascontiguousarray(values).data)
    return digest.hexdigest()[:16]


def _shown(value: object) -> str:
    return ",".join(map(str, value)) if isinstance(value, tuple) else str(value)
