"""Pictures of sensitivities."""

from __future__ import annotations

from pathlib import Path

import pytest

from edgeslim.errors import UsageError
from edgeslim.pruning.plot_sensitivity import plot_sensitivities
from edgeslim.runs.sensitivity_file import Sensitivities
from tests.pruning.points import CONTEXT, point

TRADE_OFF = [(0.05, 0.2), (0.1, 0.4)]


def found(groups: int) -> Sensitivities:
    return Sensitivities.of(
        CONTEXT,
        [
            point(f"block_{group}_weights", ratio, 0.8 - ratio * group / groups / 2)
            for group in range(groups)
            for ratio in (0.3, 0.6, 0.9)
        ],
    )


@pytest.mark.parametrize("groups", [0, 1, 50])
@pytest.mark.slow
def test_every_group_is_named_in_the_picture(tmp_path: Path, groups: int) -> None:
    out = tmp_path / "groups.svg"
    plot_sensitivities(found(groups), TRADE_OFF, out)
    picture = out.read_text()
    assert picture.startswith("<?xml")
    for group in range(groups):
        # Matplotlib draws letters as paths and says in a comment which text they are.
        assert f"<!-- block_{group}_weights -->" in picture


def test_what_is_no_picture_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"groups.pdf must end with .png or .svg"):
        plot_sensitivities(found(1), TRADE_OFF, tmp_path / "groups.pdf")
