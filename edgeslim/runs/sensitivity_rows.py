"""The lines of a file of sensitivities."""

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
    """What sensitivities were measured with. Those of different contexts are never mixed.

    Args:
        model: `fingerprint` of the model's parameters.
        task: Task of the metric, as on the command line.
        metric: Name of the metric.
        criterion: Name of the criterion by which channels are removed.
        input_shape: Input shape of the model.
        share: Share of the validation examples that are used.
        seed: Seed that chose these examples.
        examples: Number of these examples.
        data: Fingerprint of the examples, by `edgeslim.pruning.trial.examples_fingerprint`.
        baseline: Metric of the whole model.
        name: Short name of the model.
        created: When the file was begun, UTC.
        edgeslim: Version of edgeslim that made the file.
        schema: Version of the file's format.
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
        """Says what differs first, with both values; empty if nothing does."""
        for name in ("task", "metric", "criterion", "input_shape", "share", "seed", "examples"):
            mine, theirs = getattr(self, name), getattr(other, name)
            if mine != theirs:
                return f"{name.replace('_', ' ')} {_format(mine)}, not {_format(theirs)}"
        if self.data != other.data:
            return "other examples of the same number"
        if self.model != other.model:
            return f"another model: its parameters were {self.model}, not {other.model}"
        return ""


class SensitivityPoint(msgspec.Struct, frozen=True, kw_only=True, tag="point", tag_field="row"):
    """The loss of accuracy when some channels of one group are removed and nothing else.

    Args:
        group: Name of the group.
        ratio: Share of its channels that should be removed.
        width: Number of channels that were kept.
        channels: Number of channels of the whole group.
        metric: Metric of the model without the removed channels.
        loss: The baseline less that metric; negative if the model got better.
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
    def removed_share(self) -> float:
        """Share of the channels that was really removed, as their number is whole."""
        return 1 - self.width / self.channels


SensitivityRow = SensitivityContext | SensitivityPoint


def point_of(
    group: str, ratio: float, *, channels: int, metric: float, baseline: float
) -> SensitivityPoint:
    """Makes the point of a group at a ratio from the metric that was measured."""
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
    """Number of channels that are kept when a share of them is removed: at least one.

    As in PaddleSlim 1.x, the number of removed channels is rounded.
    """
    return max(1, channels - round(channels * ratio))


def fingerprint(tensors: Mapping[str, np.ndarray[Any, Any]]) -> str:
    """Short checksum of parameters: their names, shapes, types and values."""
    digest = hashlib.sha256()
    for name, values in sorted(tensors.items()):
        digest.update(f"{name} {values.dtype.str} {values.shape}\n".encode())
        digest.update(np.ascontiguousarray(values).data)
    return digest.hexdigest()[:16]


def _format(value: object) -> str:
    return ",".join(map(str, value)) if isinstance(value, tuple) else str(value)
