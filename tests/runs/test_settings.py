"""What a search was asked for, and when devices are asked."""

from __future__ import annotations

from dataclasses import fields
from typing import Any

import msgspec
import pytest

from edgeslim.errors import UsageError
from edgeslim.execution import Target
from edgeslim.runs.search_settings import SearchSettings, rounds, space_fingerprint
from edgeslim.spaces import SPACES
from tests.searching.searches import SETTINGS, SPACE, settings, targets

OTHER: dict[str, Any] = {
    "space": "light-nas",
    "space_fingerprint": "f",
    "input_shape": (1, 1, 8, 8),
    "num_classes": 11,
    "task": "letters",
    "targets": targets(0.25),
    "confidence": 0.9,
    "max_macs": 5,
    "max_paddleslim1_flops": 8,
    "max_parameters": 6,
    "max_bytes": 7,
    "algorithm": "annealing",
    "starts": ((0,),),
    "candidates": 9,
    "most_candidates": 17,
    "parallel": 2,
    "accuracy": "supernet",
    "prefilter": "macs:8",
    "epochs": 3,
    "finalists": 4,
    "final_epochs": 12,
    "seed": 1,
}


def test_there_is_another_value_for_every_setting() -> None:
    assert set(OTHER) == {one.name for one in fields(SETTINGS)}


@pytest.mark.parametrize("name", OTHER)
def test_what_differs_is_named(name: str) -> None:
    assert SETTINGS.difference(settings()) == ""
    said = SETTINGS.difference(settings(**{name: OTHER[name]}))
    assert said.startswith(name.replace("_", " "))
    assert ", not " in said


def test_another_latency_is_told_with_device_and_table() -> None:
    assert SETTINGS.difference(settings(targets=targets(0.25, 2))) == (
        "targets 1 ms on host (table t), not 0.25 ms on device0 (table t0) and 2 ms on device1 "
        "(table t1)"
    )


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("candidates", 0),
        ("parallel", 0),
        ("epochs", -1),
        ("finalists", 0),
        ("final_epochs", 0),
        ("most_candidates", 7),
        ("confidence", 0.49),
        ("confidence", 1.0),
        ("max_macs", 0),
        ("max_paddleslim1_flops", 0),
        ("max_parameters", -3),
        ("max_bytes", 0),
        ("targets", targets(0)),
        ("targets", targets(1, float("nan"))),
        ("seed", -1),
        ("seed", 2**31),
    ],
)
def test_numbers_that_cannot_be_meant_are_refused(name: str, value: Any) -> None:
    SETTINGS.check()
    words = {"targets": "latency limit"}.get(name, name)
    with pytest.raises(UsageError, match=f"{words} must be .* not "):
        settings(**{name: value}).check()


def test_finalists_of_trained_candidates_are_trained_longer_or_nothing_is_learnt() -> None:
    settings(finalists=3, final_epochs=2).check()
    settings(finalists=3, accuracy="supernet").check()
    for final_epochs in (None, 1):
        with pytest.raises(UsageError, match=r"longer than the 1 epoch .* give more final_epochs"):
            settings(finalists=3, final_epochs=final_epochs).check()


@pytest.mark.parametrize(
    ("candidates", "most", "parallel", "ends"),
    [
        (8, 8, 1, [8]),
        (8, 16, 1, [8, 10, 12, 14, 16]),
        (8, 15, 4, [8, 12, 15]),
        (1, 3, 1, [1, 2, 3]),
        (10, 12, 1, [10, 12]),
    ],
)
def test_rounds_follow_one_another_up_to_the_last_candidate(
    candidates: int, most: int, parallel: int, ends: list[int]
) -> None:
    found = list(rounds(settings(candidates=candidates, most_candidates=most, parallel=parallel)))
    assert [each.end for each in found] == ends
    assert [each.first for each in found] == [0, *ends[:-1]]
    assert [each.number for each in found] == list(range(len(ends)))


def test_settings_come_back_from_json_as_they_were() -> None:
    wanted = settings(**OTHER)
    assert msgspec.json.decode(msgspec.json.encode(wanted), type=SearchSettings) == wanted


def test_a_fingerprint_is_of_what_tokens_mean() -> None:
    family = SPACES.get(SPACE.name)
    prints = {
        space_fingerprint(space, target)
        for space in (SPACE, family.space((1, 1, 32, 32), 10), family.space((1, 1, 16, 16), 11))
        for target in (Target.X86, Target.ARM)
    }
    assert len(prints) == 6
    assert space_fingerprint(family.space((1, 1, 16, 16), 10), Target.X86) in prints
