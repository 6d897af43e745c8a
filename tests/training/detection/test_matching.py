from __future__ import annotations

from typing import Any

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from edgeslim.training.detection.boxes import overlaps
from edgeslim.training.detection.matching import hard_negatives, match
from tests.training.detection.made_up import boxes


def plainly(truths: Any, priors: Any) -> list[int]:
    """Pairs by falling overlap, then each prior box by itself."""
    shares = overlaps(truths, priors)
    matched = [-1] * len(priors)
    pairs = [(-shares[t, p], t, p) for t in range(len(truths)) for p in range(len(priors))]
    given_to: set[int] = set()
    for share, truth, prior in sorted(pairs):
        if share < 0 and truth not in given_to and matched[prior] < 0:
            matched[prior] = truth
            given_to.add(truth)
    for prior in range(len(priors)):
        best = int(shares[:, prior].argmax()) if len(truths) else -1
        if matched[prior] < 0 and best >= 0 and shares[best, prior] >= 0.5:
            matched[prior] = best
    return matched


@given(boxes(most=5), boxes(most=10, least=1))
def test_the_same_as_the_plain_way(truths: Any, priors: Any) -> None:
    assert match(truths, priors).tolist() == plainly(truths, priors)


@given(boxes(most=5, least=1))
def test_each_object_has_the_prior_box_that_is_equal_to_it(truths: Any) -> None:
    priors = np.unique(truths, axis=0)
    for place, truth in enumerate(match(priors, priors)):
        assert truth == place


def test_each_object_gets_a_prior_box_even_if_another_overlaps_more() -> None:
    truths = np.array([[0, 0, 0.5, 1], [0, 0, 0.6, 1]])
    priors = np.array([[0, 0, 0.5, 1], [0, 0, 0.1, 1], [0.9, 0.9, 1, 1]])
    assert match(truths, priors).tolist() == [0, 1, -1]


@given(st.data())
def test_the_hardest_negatives_are_chosen(data: st.DataObject) -> None:
    shape = (2, data.draw(st.integers(1, 12)))
    losses = data.draw(arrays(np.float32, shape, elements=st.integers(0, 5)))
    positive = data.draw(arrays(bool, shape))
    chosen = hard_negatives(losses, positive, 3)
    for image in range(2):
        negatives = np.flatnonzero(~positive[image])
        count = min(len(negatives), 3 * positive[image].sum())
        assert not chosen[image, positive[image]].any()
        assert chosen[image].sum() == count
        hardest = np.sort(losses[image, negatives])[::-1][:count]
        assert np.sort(losses[image, chosen[image]])[::-1].tolist() == hardest.tolist()


def test_half_is_enough_and_less_is_not() -> None:
    truths = np.array([[0, 0, 0.5, 1]])
    priors = np.array([[0, 0, 0.5, 1], [0, 0, 0.25, 1], [0, 0, 0.24, 1]])
    assert match(truths, priors).tolist() == [0, 0, -1]
