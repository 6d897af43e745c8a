"""Candidates on this machine, among them one that does not run."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pytest

from edgeslim.errors import LinkLostError, ModelError
from edgeslim.latency_rows import NetworkRow
from edgeslim.measuring.device_session import open_device
from edgeslim.progress import SILENT
from edgeslim.searching.measuring import measure_candidates
from edgeslim.spaces import Space, Tokens
from tests.searching.searches import SPACE

pytestmark = pytest.mark.slow

SMALLEST = (0,) * len(SPACE.ranges)


@dataclass(frozen=True)
class Failing:
    """The small space, but for one network."""

    space: Space
    bad: Tokens
    error: Exception

    def __getattr__(self, name: str) -> Any:
        return getattr(self.space, name)

    def build(self, tokens: Tokens) -> Any:
        if tokens == self.bad:
            raise self.error
        return self.space.build(tokens)


@pytest.mark.alone
def test_a_network_that_does_not_run_takes_nothing_from_the_others() -> None:
    space: Any = Failing(SPACE, SMALLEST, ModelError("it has no output"))
    with open_device("host") as session:
        wanted = [SPACE.initial_tokens, SMALLEST, (1, *SMALLEST[1:]), SPACE.initial_tokens]
        good, bad, other, again = measure_candidates(session, space, wanted, SILENT)
    assert isinstance(bad, ModelError)
    assert isinstance(good, NetworkRow)
    assert isinstance(other, NetworkRow)
    assert good.latency_ms > other.latency_ms > 0
    assert again is good, "a network that two candidates have is timed once"


def test_a_device_that_is_gone_is_no_networks_fault() -> None:
    space: Any = Failing(SPACE, SMALLEST, LinkLostError("the phone is gone"))
    with open_device("host") as session, pytest.raises(LinkLostError, match="the phone is gone"):
        measure_candidates(session, space, [SPACE.initial_tokens, SMALLEST], SILENT)
