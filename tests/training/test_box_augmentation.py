from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgeslim.training.detection.boxes import areas
from edgeslim.training.tasks._box_augmentation import clip_to_crop, mirror, random_crop
from tests.training.detection.made_up import boxes

SEEDS = st.integers(0, 2**32 - 1)


@given(boxes(), SEEDS)
def test_a_part_lies_in_the_photo_and_shows_an_object(some: Any, seed: int) -> None:
    crop = random_crop(some, np.random.default_rng(seed))
    assert ((crop >= 0) & (crop <= 1)).all()
    sides = crop[2:] - crop[:2]
    assert areas(crop) >= 0.3**2 - 1e-9
    assert sides[0] / sides[1] <= 2 + 1e-9
    assert sides[1] / sides[0] <= 2 + 1e-9
    inside, shown = clip_to_crop(some, crop)
    assert shown.any() or not len(some)
    assert ((inside >= 0) & (inside <= 1)).all()
    assert (areas(inside[shown]) > 0).all()


@given(boxes(), SEEDS)
def test_boxes_of_a_part_are_where_they_were(some: Any, seed: int) -> None:
    crop = random_crop(some, np.random.default_rng(seed))
    inside, shown = clip_to_crop(some, crop)
    sides = np.tile(crop[2:] - crop[:2], 2)
    back = np.tile(crop[:2], 2) + inside * sides
    cut = np.clip(some, np.tile(crop[:2], 2), np.tile(crop[2:], 2))
    assert back[shown] == pytest.approx(cut[shown])


def test_all_kinds_of_parts_are_drawn() -> None:
    rng = np.random.default_rng(0)
    some = np.array([[0.4, 0.4, 0.6, 0.6]])
    sizes = [areas(random_crop(some, rng)) for _ in range(300)]
    assert 0.1 < np.mean(np.asarray(sizes) == 1) < 0.9
    assert min(sizes) < 0.15


@given(boxes())
def test_mirrored_twice_is_as_before(some: Any) -> None:
    once = mirror(some)
    assert (once[:, 0] < once[:, 2]).all()
    assert areas(once) == pytest.approx(areas(some))
    assert mirror(once) == pytest.approx(some)
