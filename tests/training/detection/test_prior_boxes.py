from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgeslim.training.detection import anchors
from edgeslim.training.detection.heads.ssd import HEAD as SSD
from edgeslim.training.detection.heads.yolov3 import HEAD as YOLOV3
from edgeslim.training.detection.prior_boxes import decode, encode, prior_boxes
from tests.training.detection.made_up import boxes


def test_the_number_of_the_original() -> None:
    priors = prior_boxes((300, 300))
    assert priors.shape == (1917, 4)
    assert not priors.flags.writeable
    assert priors[:3] * 300 == pytest.approx(
        (150 / 19 + np.array([[-30, -30, 30, 30], [-42.43, -21.21, 42.43, 21.21],
                              [-21.21, -42.43, 21.21, 42.43]])), abs=0.01
    )  # fmt: skip


def test_small_and_long_images() -> None:
    assert len(prior_boxes((96, 96))) == 6 * 6 * 3 + 6 * (3 * 3 + 2 * 2 + 3)
    tall = prior_boxes((192, 96))
    assert len(tall) == 12 * 6 * 3 + 6 * (6 * 3 + 3 * 2 + 2 + 1 + 1)
    assert tall[0, 3] - tall[0, 1] == pytest.approx(tall[0, 2] - tall[0, 0])


@given(boxes(), st.integers(0, 2**32 - 1))
def test_differences_from_prior_boxes_say_all(some: Any, seed: int) -> None:
    priors = np.random.default_rng(seed).choice(prior_boxes((96, 160)), len(some))
    assert decode(encode(some, priors), priors) == pytest.approx(some, abs=1e-9)


@given(boxes(most=6), st.sampled_from([(96, 96), (160, 96), (608, 608)]))
def test_anchors_and_cells_say_all(some: Any, image_size: tuple[int, int]) -> None:
    """What a map is taught of each object is what it must say for the object to be found."""
    batch, real = some[None], np.ones((1, len(some)), bool)
    seen = []
    for number, mine in enumerate(anchors.assign(batch, real, image_size)):
        stride = anchors.STRIDES[number]
        rows, columns = (side // stride for side in image_size)
        wanted = anchors.encode(some[mine.truths[:, 1]], mine.cells, number, image_size)
        assert ((wanted[:, :2] >= 0) & (wanted[:, :2] <= 1)).all()
        for truth, place, said in zip(mine.truths[:, 1], mine.cells, wanted, strict=True):
            raw = np.zeros((1, 3, rows, columns, 4))
            share = np.clip(said[:2], 1e-12, 1 - 1e-12)
            raw[tuple(place)] = [*np.log(share / (1 - share)), *said[2:]]
            found = anchors.decode(raw, number, image_size)[tuple(place)]
            assert found == pytest.approx(some[truth], abs=1e-6)
            seen.append(truth)
    assert sorted(seen) == list(range(len(some)))


def test_an_object_goes_to_the_anchor_of_its_shape() -> None:
    for number, anchor in np.ndindex(3, 3):
        width, height = anchors.ANCHORS[number, anchor] / 608
        box = np.array([[[0.1, 0.2, 0.1 + width, 0.2 + height]]])
        assigned = anchors.assign(box, np.ones((1, 1), bool), (608, 608))
        assert [len(of_map.cells) for of_map in assigned] == [int(n == number) for n in range(3)]
        assert assigned[number].cells[0, 1] == anchor


SSD_SHAPES = [(2, 1917, 4), (2, 1917, 21)]
YOLO_SHAPES = [(1, 75, 19, 19), (1, 75, 38, 38), (1, 75, 76, 76)]


def test_heads_are_recognised_by_their_shapes() -> None:
    assert SSD.recognises(SSD_SHAPES, (300, 300))
    assert SSD.num_classes(SSD_SHAPES) == 20
    assert YOLOV3.recognises(YOLO_SHAPES, (608, 608))
    assert YOLOV3.num_classes(YOLO_SHAPES) == 20


@pytest.mark.parametrize(
    ("shapes", "image_size"),
    [
        (SSD_SHAPES, (320, 320)),
        (SSD_SHAPES[::-1], (300, 300)),
        (SSD_SHAPES[:1], (300, 300)),
        ([(1, 1917, 4), (1, 1917, 1)], (300, 300)),
        ([(1, 1000)], (300, 300)),
        (YOLO_SHAPES, (300, 300)),
        (YOLO_SHAPES, (416, 608)),
        (YOLO_SHAPES[::-1], (608, 608)),
        ([(1, 15, *shape[2:]) for shape in YOLO_SHAPES], (608, 608)),
        ([(1, 76, *shape[2:]) for shape in YOLO_SHAPES], (608, 608)),
        ([*YOLO_SHAPES, (1, 75, 152, 152)], (608, 608)),
    ],
)
def test_other_networks_are_not(shapes: Any, image_size: tuple[int, int]) -> None:
    assert not SSD.recognises(shapes, image_size)
    assert not YOLOV3.recognises(shapes, image_size)
