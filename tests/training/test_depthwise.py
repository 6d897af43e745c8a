from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import paddle
import pytest
from paddle import nn

from edgeslim.training._depthwise import fast_depthwise

if TYPE_CHECKING:
    from numpy.typing import NDArray

pytestmark = pytest.mark.slow


def _answer(conv: nn.Layer, images: NDArray[Any]) -> list[NDArray[Any]]:
    """Output and all gradients."""
    tensor = paddle.to_tensor(images, stop_gradient=False)
    out = conv(tensor)
    (out * out).sum().backward()
    answer = [out.numpy(), tensor.grad.numpy(), *(each.grad.numpy() for each in conv.parameters())]
    conv.clear_gradients()
    return answer


@pytest.mark.parametrize(
    "options",
    [
        {"kernel_size": 3, "padding": 1},
        {"kernel_size": 5, "padding": 2, "stride": 2},
        {"kernel_size": (1, 3), "padding": (0, 1), "bias_attr": False},
        {"kernel_size": 3, "padding": "SAME", "stride": 2},
        {"kernel_size": 3, "padding": 2, "dilation": 2},
    ],
)
def test_same_output_and_gradients(options: dict[str, Any]) -> None:
    conv = nn.Conv2D(6, 6, groups=6, **options)
    images = np.random.default_rng(0).normal(size=(3, 6, 8, 7)).astype(np.float32)
    slow = _answer(conv, images)
    with fast_depthwise(conv):
        assert "forward" in vars(conv)
        fast = _answer(conv, images)
    assert "forward" not in vars(conv)
    for one, other in zip(slow, fast, strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-4, atol=1e-4)


def test_other_convolutions_are_left_alone() -> None:
    class Special(nn.Conv2D):
        pass

    net = nn.Sequential(
        nn.Conv2D(4, 4, 3),
        nn.Conv2D(4, 8, 3, groups=4),
        nn.Conv2D(8, 8, 3, groups=2),
        nn.Conv2D(8, 8, 3, groups=8, padding=1, padding_mode="circular"),
        Special(8, 8, 3, groups=8),
    )
    with fast_depthwise(net):
        assert not any("forward" in vars(layer) for layer in net)


def test_large_maps_take_paddles_way() -> None:
    conv = nn.Conv2D(2, 2, 3, groups=2)
    images = paddle.randn([1, 2, 9, 9])
    expected = conv(images).numpy()
    with fast_depthwise(conv):
        assert np.array_equal(conv(images).numpy(), expected)


def test_undone_after_an_error() -> None:
    conv = nn.Conv2D(2, 2, 3, groups=2)
    with pytest.raises(RuntimeError, match="on purpose"), fast_depthwise(conv):
        raise RuntimeError("on purpose")
    assert "forward" not in vars(conv)
