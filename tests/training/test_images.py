from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgeslim.errors import UsageError
from edgeslim.training.tasks._images import pad_or_average, scale_to_nearest

EXTENTS = st.integers(1, 40)


def _images(height: int, width: int) -> np.ndarray:
    return np.random.default_rng(0).random((2, height, width), np.float32)


def test_28_becomes_32_with_every_pixel_as_it_was() -> None:
    images = _images(28, 28)
    padded = pad_or_average(images, (1, 3, 32, 32))
    assert padded.shape == (2, 3, 32, 32)
    assert padded.dtype == np.float32
    assert np.array_equal(
        padded[:, :, 2:30, 2:30], np.broadcast_to(images[:, None], (2, 3, 28, 28))
    )
    padded[:, :, 2:30, 2:30] = 0
    assert not padded.any()


def test_a_multiple_repeats_pixels() -> None:
    images = _images(7, 5)
    assert np.array_equal(
        pad_or_average(images, (1, 1, 14, 15)), scale_to_nearest(images, (1, 1, 14, 15))
    )


def test_a_half_averages_four() -> None:
    image = np.arange(16, dtype=np.float32).reshape(1, 4, 4)
    assert pad_or_average(image, (1, 1, 2, 2)).tolist() == [[[[2.5, 4.5], [10.5, 12.5]]]]


@given(before=st.tuples(EXTENTS, EXTENTS), after=st.tuples(EXTENTS, EXTENTS))
def test_light_is_neither_lost_nor_made(before: tuple[int, int], after: tuple[int, int]) -> None:
    """Averages keep the mean; where zeros are added, the sum is kept."""
    images = _images(*before)
    scaled = pad_or_average(images, (1, 1, *after))
    shares = [
        old / new if old <= new < 1.25 * old else 1.0
        for old, new in zip(before, after, strict=True)
    ]
    expected = images.mean(axis=(1, 2)) * shares[0] * shares[1]
    np.testing.assert_allclose(scaled.mean(axis=(1, 2, 3)), expected, rtol=1e-4)


@pytest.mark.parametrize("shape", [(1, 28, 28), (1, 3, 0, 28), (1,)])
def test_a_shape_that_is_no_image(shape: tuple[int, ...]) -> None:
    with pytest.raises(UsageError, match=r"\(N, C, H, W\)"):
        pad_or_average(_images(2, 2), shape)
