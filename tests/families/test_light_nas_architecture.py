from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from edgeslim.errors import UsageError
from edgeslim.families.light_nas.architecture import BottleneckGroup, LightNasArchitecture

GROUP = BottleneckGroup(expansion=6, channels=24, layers=2)


def test_is_a_value() -> None:
    again = BottleneckGroup(expansion=6, channels=24, layers=2)
    assert LightNasArchitecture(groups=(GROUP,)) == LightNasArchitecture(groups=(again,))
    assert len({GROUP, again}) == 1


@pytest.mark.parametrize(
    ("expansion", "c_in", "inner"), [(6, 32, 192), (1, 16, 16), (1.5, 5, 8), (0.01, 3, 1)]
)
def test_expanded_width_is_rounded_and_never_zero(expansion: float, c_in: int, inner: int) -> None:
    assert replace(GROUP, expansion=expansion).expanded_width(c_in) == inner


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("expansion", 0),
        ("expansion", float("nan")),
        ("channels", 0),
        ("layers", 0),
        ("kernel", 4),
        ("kernel", -1),
        ("stride", 3),
    ],
)
def test_bad_group_is_refused_with_the_value(field: str, value: Any) -> None:
    with pytest.raises(UsageError, match=rf"{field} must .*{value}"):
        replace(GROUP, **{field: value})


def test_too_narrow_to_squeeze() -> None:
    with pytest.raises(UsageError, match="at least 4 channels, not 3"):
        BottleneckGroup(expansion=1, channels=3, layers=1, squeeze_excitation=True)


@pytest.mark.parametrize(
    ("field", "value"), [("stem_channels", 0), ("head_channels", 0), ("stem_stride", 0)]
)
def test_bad_architecture_is_refused_with_the_value(field: str, value: Any) -> None:
    with pytest.raises(UsageError, match=rf"{field} must .*{value}"):
        replace(LightNasArchitecture(groups=(GROUP,)), **{field: value})


def test_no_groups() -> None:
    with pytest.raises(UsageError, match="at least one group"):
        LightNasArchitecture(groups=())
