"""Points are measured once, written down at once, and gone on with after an interruption."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from edgeslim.channels.plan import PruningPlan, Selection
from edgeslim.errors import ModelError, UsageError
from edgeslim.pruning.criteria import CRITERIA
from edgeslim.pruning.ranking import rank_groups
from edgeslim.pruning.sensitivity_points import check_ratios, measure_points
from edgeslim.runs.sensitivity_file import SensitivityFile
from tests.pruning.nets import residual
from tests.pruning.points import CONTEXT

NET, OUT = residual()
WEIGHTS = NET.weights(OUT)
CHANNELS = WEIGHTS.channels
RANKINGS = rank_groups(WEIGHTS, CRITERIA.get("l1"))


class Judge:
    """Gives what is left of the weights as the metric, and counts how often it was asked."""

    def __init__(self, *, ends_at: int = -1, says: float | None = None) -> None:
        self.asked = 0
        self._ends_at = ends_at
        self._says = says

    def __call__(self, selection: Selection) -> float:
        if self.asked == self._ends_at:
            raise KeyboardInterrupt
        self.asked += 1
        return metric(selection) if self._says is None else self._says


def metric(selection: Selection) -> float:
    left = sum(abs(selection.zero_pruned(n, each)).sum() for n, each in NET.tensors.items())
    return float(0.8 * left / sum(abs(each).sum() for each in NET.tensors.values()))


def measured(
    path: Path, judge: Callable[[Selection], float], ratios: Sequence[float] = (0.25, 0.5, 0.75)
) -> SensitivityFile:
    file = SensitivityFile.find(path) or SensitivityFile.begin(path, CONTEXT)
    measure_points(file, CHANNELS, RANKINGS, judge, groups=CHANNELS.groups, ratios=ratios)
    return file


def test_every_group_is_measured_at_every_ratio_alone(tmp_path: Path) -> None:
    judge = Judge()
    found = measured(tmp_path / "net.jsonl", judge).sensitivities.points
    assert judge.asked == 9
    assert list(found) == ["first", "stage", "hidden"]
    for group in CHANNELS.groups:
        for each in found[group.name]:
            order = RANKINGS[group.name]
            kept = tuple(sorted(order[: each.width].tolist()))
            assert len(kept) == group.width - round(group.width * each.ratio)
            alone = Selection(CHANNELS, PruningPlan(kept={group.name: kept}))
            assert each.metric == metric(alone)
            assert each.loss == pytest.approx(0.8 - each.metric)
            assert each.relative_loss == pytest.approx(each.loss / 0.8)


@pytest.mark.parametrize("ends_at", [0, 1, 5, 8])
def test_what_was_interrupted_goes_on_with_the_rest_and_ends_the_same(
    tmp_path: Path, ends_at: int
) -> None:
    path = tmp_path / "net.jsonl"
    with pytest.raises(KeyboardInterrupt):
        measured(path, Judge(ends_at=ends_at))
    assert path.read_bytes().endswith(b"\n")
    assert sum(map(len, SensitivityFile.read(path).sensitivities.points.values())) == ends_at
    rest = Judge()
    measured(path, rest)
    assert rest.asked == 9 - ends_at
    measured(tmp_path / "at-once.jsonl", Judge())
    assert path.read_bytes() == (tmp_path / "at-once.jsonl").read_bytes()


def test_more_ratios_add_to_what_is_there(tmp_path: Path) -> None:
    path = tmp_path / "net.jsonl"
    measured(path, Judge(), (0.5,))
    more = Judge()
    found = measured(path, more, (0.25, 0.5)).sensitivities.points
    assert more.asked == 3
    assert all([each.ratio for each in points] == [0.25, 0.5] for points in found.values())


def test_ratios_that_come_to_one_width_are_measured_once(tmp_path: Path) -> None:
    judge = Judge()
    # Of 8, 12 and 6 channels there go 1 and 1, 1 and 2, 1 and 1.
    found = measured(tmp_path / "net.jsonl", judge, (0.1, 0.15)).sensitivities.points
    assert [[each.width for each in points] for points in found.values()] == [
        [7, 7],
        [11, 10],
        [5, 5],
    ]
    assert judge.asked == 4
    assert found["first"][0].metric == found["first"][1].metric


def test_where_no_channel_goes_nothing_is_measured_and_nothing_lost(tmp_path: Path) -> None:
    judge = Judge()
    found = measured(tmp_path / "net.jsonl", judge, (0.01,)).sensitivities.points
    assert judge.asked == 0
    assert [(each.loss, each.metric) for (each,) in found.values()] == [(0, 0.8)] * 3


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_a_metric_that_is_no_number_is_refused_and_not_written(
    tmp_path: Path, value: float
) -> None:
    path = tmp_path / "net.jsonl"
    with pytest.raises(ModelError, match=f"the accuracy of the task digits is {value}"):
        measured(path, Judge(says=value))
    assert SensitivityFile.read(path).sensitivities.points == {}


@pytest.mark.parametrize("ratio", [0.0, 1.0, -0.1, 1.5, float("nan")])
def test_a_ratio_is_a_share_that_can_go(ratio: float) -> None:
    with pytest.raises(UsageError, match=r"a ratio is above 0 and below 1, not"):
        check_ratios([0.5, ratio])


def test_ratios_come_by_size_and_once() -> None:
    assert check_ratios([0.5, 0.1 * 3, 0.3, 0.5]) == (0.3, 0.5)
    with pytest.raises(UsageError, match="no ratio to measure at"):
        check_ratios([])
