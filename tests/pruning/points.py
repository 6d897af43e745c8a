"""Sensitivities made up for tests."""

from __future__ import annotations

from typing import Any

import msgspec

from edgeslim.runs.sensitivity_rows import SensitivityContext, SensitivityPoint, point_of

CONTEXT = SensitivityContext(
    model="0123456789abcdef",
    task="digits",
    metric="accuracy",
    criterion="l1",
    input_shape=(1, 1, 16, 16),
    share=1.0,
    seed=0,
    examples=397,
    data="00112233445566",
    baseline=0.8,
    name="net",
)


def context(**changes: Any) -> SensitivityContext:
    return msgspec.structs.replace(CONTEXT, **changes)


def point(
    group: str, ratio: float, metric: float, *, channels: int = 100, baseline: float = 0.8
) -> SensitivityPoint:
    return point_of(group, ratio, channels=channels, metric=metric, baseline=baseline)


def by_relative_loss(group: str, losses: dict[float, float]) -> tuple[SensitivityPoint, ...]:
    """Points with these relative losses by ratio."""
    return tuple(
        msgspec.structs.replace(
            point(group, ratio, 1 - loss, baseline=1.0), loss=loss, relative_loss=loss
        )
        for ratio, loss in losses.items()
    )
