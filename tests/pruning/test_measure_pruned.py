"""Widths chosen by latencies that a noisy device is measured to take."""

from __future__ import annotations

from collections.abc import Iterable
from typing import ClassVar, cast

import pytest

from edgeslim.errors import InfeasibleTargetError
from edgeslim.pruning.latency import LatencyModel
from edgeslim.pruning.limits import ModelLatencyLimit
from edgeslim.pruning.measure_pruned import DeviceMeasurer, choose_until_met
from edgeslim.pruning.subject import Widths

WHOLE = {"first": 16}


class OneGroup:
    chosen = ("first",)


class OneMillisecondAChannel:
    """A latency model of a network with one group."""

    subject = OneGroup()
    choices: ClassVar = {"first": range(1, 17)}

    def latency_ms(self, widths: Widths) -> float:
        return float(widths["first"])


class NoisyDevice:
    """A device that takes what the test says, one measurement after the other."""

    def __init__(self, latencies_ms: Iterable[float]) -> None:
        self._latencies_ms = iter(latencies_ms)
        self.measured: list[int] = []

    def measured_ms(self, widths: Widths) -> float:
        self.measured.append(widths["first"])
        return next(self._latencies_ms)

    def update_limit(self, limit: ModelLatencyLimit) -> ModelLatencyLimit:
        return limit


def widest(limit: ModelLatencyLimit) -> dict[str, int]:
    """The widest network within a limit."""
    for width in range(16, 0, -1):
        if limit.is_met({"first": width}):
            return {"first": width}
    raise InfeasibleTargetError("the fastest widths are predicted to take longer")


def chosen(device: NoisyDevice, target_ms: float) -> tuple[dict[str, int], float]:
    """The widths that are chosen, and what they are measured to take."""
    model = cast("LatencyModel", OneMillisecondAChannel())
    limit = ModelLatencyLimit(model=model, target_ms=target_ms)
    widths, _, measured_ms = choose_until_met(widest, limit, cast("DeviceMeasurer", device), WHOLE)
    return widths, measured_ms


def test_a_whole_model_that_meets_the_limit_stays_whole() -> None:
    device = NoisyDevice([14.0])
    assert chosen(device, 15.0) == (WHOLE, 14.0)
    assert device.measured == [16]


def test_a_whole_model_that_missed_the_limit_is_not_chosen_again() -> None:
    # The pruned network is measured far below its prediction: by that ratio the whole one would
    # meet the limit that it was just measured to miss.
    device = NoisyDevice([15.6, 13.0])
    widths, measured_ms = chosen(device, 15.0)
    assert device.measured[0] == 16
    assert 16 not in device.measured[1:]
    assert (widths["first"], measured_ms) == (device.measured[1], 13.0)


def test_a_limit_that_nothing_met_is_out_of_reach() -> None:
    device = NoisyDevice([20.0] * 6)
    with pytest.raises(InfeasibleTargetError, match=r"none of 6 networks ran in 15\.00 ms"):
        chosen(device, 15.0)


def test_what_a_correction_leaves_nothing_of_is_tried_at_its_narrowest() -> None:
    device = NoisyDevice([400.0, 1.0, 11.5])  # disturbed at first
    assert chosen(device, 12.0) == ({"first": 11}, 11.5)
    assert device.measured == [16, 1, 11]


def test_where_the_narrowest_takes_too_long_nothing_else_is_measured() -> None:
    device = NoisyDevice([400.0, 13.0])
    with pytest.raises(InfeasibleTargetError, match=r"none of 2 networks ran in 12\.00 ms.*13\.00"):
        chosen(device, 12.0)
    assert device.measured == [16, 1]
