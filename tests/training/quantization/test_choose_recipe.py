"""Images of a calibration, and what is tried with them."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from edgeslim.errors import UsageError
from edgeslim.training.quantization.calibration_images import draw_images
from edgeslim.training.quantization.recipe import AUTO, Recipe, recipes_for
from edgeslim.training.tasks import LabelledImages


def examples(count: int, side: int = 2, classes: int = 3) -> LabelledImages:
    pictures = np.arange(count, dtype=np.float32)[:, None, None, None]
    return LabelledImages(
        images=np.broadcast_to(pictures, (count, 3, side, side)).copy(),
        labels=np.arange(count, dtype=np.int64) % classes,
    )


def drawn(images: LabelledImages, count: int = 40) -> Any:
    return draw_images(images, count, 0, classes=3)


def test_a_quarter_is_held_out_and_none_is_seen_twice() -> None:
    found = drawn(examples(100))
    assert (len(found.seen), len(found.held_out)) == (30, 10)
    numbers = [*found.seen[:, 0, 0, 0], *found.held_out[:, 0, 0, 0]]
    assert len(set(numbers)) == 40
    assert len(drawn(examples(12)).seen) == 9
    assert len(drawn(examples(2000), 2000).held_out) == 128
    # 128 x 128 x 3 numbers each: more would not fit with their feature maps.
    assert len(drawn(examples(400, side=128), 400).seen) == 341 - 85


def test_images_that_show_nothing_are_refused() -> None:
    with pytest.raises(UsageError, match="at least 10 pictures, not 9"):
        drawn(examples(9))
    with pytest.raises(UsageError, match="all 40 pictures of the calibration are of class 0"):
        drawn(examples(100, classes=1))
    assert len(draw_images(examples(100, classes=1), 40, 0, classes=1).seen) == 30
    pictures = examples(50).images.copy()
    pictures[::2, 1] = np.nan
    broken = LabelledImages(images=pictures, labels=examples(50).labels)
    with pytest.raises(UsageError, match=r"example \d+ has values that are no numbers, as have 25"):
        drawn(broken, 50)


def test_a_method_alone_is_tried_alone() -> None:
    assert recipes_for("kl", learn=False, scalable=True) == (Recipe(method="kl"),)
    plain, *others = recipes_for(AUTO, learn=False, scalable=True)
    assert plain == Recipe(method="mse")
    assert all(recipe.equalize and recipe.correct for recipe in others)
    assert {one.equalize for one in recipes_for(AUTO, learn=False, scalable=False)} == {None}
    learned = recipes_for(AUTO, learn=True, scalable=True)[-1]
    assert learned.learn
    assert "learned rounding" in learned.text
