"""Functions that are called otherwise while a network is exported: the saved is the layer."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import paddle
import paddle.nn.functional as F  # noqa: N812 - the name that everybody uses
import pytest
from paddle import nn
from paddle.base.framework import Variable

from edgeslim.errors import ModelError
from edgeslim.paddle_io.export import export_layer, run_in_paddle

pytestmark = pytest.mark.slow


class Net(nn.Layer):
    def __init__(self, function: Callable[[Any, Any], Any]) -> None:
        super().__init__()
        self.weight = self.create_parameter([1, 2, 10, 7])
        self.function = function

    def forward(self, x: Any) -> Any:
        return self.function(x, self.weight)


def check_saved(function: Callable[[Any, Any], Any], folder: Path) -> tuple[int, ...]:
    """Proves that a saved network gives what the layer gives; says of what shape."""
    net = Net(function)
    x = np.random.default_rng(0).standard_normal((1, 2, 10, 7)).astype(np.float32)
    expected = net(paddle.to_tensor(x)).numpy()
    export_layer(net, [x.shape], folder / "net")
    (found,) = run_in_paddle(folder / "net", {"x": x})
    np.testing.assert_allclose(found, expected, rtol=1e-5, atol=1e-5)
    shape: tuple[int, ...] = found.shape
    return shape


@pytest.mark.parametrize("mode", ["nearest", "bilinear", "bicubic"])
@pytest.mark.parametrize(
    ("factor", "size"),
    [(1.3, (13, 9)), (1.4, (14, 9)), (0.7, (7, 4)), (2, (20, 14)), ([1.3, 0.5], (13, 3))],
)
def test_resizing_by_a_factor_keeps_every_row(
    mode: str, factor: Any, size: tuple[int, int], tmp_path: Path
) -> None:
    def resized(x: Any, weight: Any) -> Any:
        return F.interpolate(x + weight, scale_factor=factor, mode=mode)

    assert check_saved(resized, tmp_path) == (1, 2, *size)


def test_a_layer_that_resizes_and_sizes_by_name_are_as_they_were(tmp_path: Path) -> None:
    upsample = nn.Upsample(scale_factor=1.3, mode="bilinear")
    assert check_saved(lambda x, w: upsample(x + w), tmp_path / "1") == (1, 2, 13, 9)
    sized = lambda x, w: F.interpolate(x + w, size=[4, 5], mode="nearest")  # noqa: E731
    assert check_saved(sized, tmp_path / "2") == (1, 2, 4, 5)


@pytest.mark.parametrize("axis", [1, 2, -2, -1])
def test_repeats_along_every_axis(axis: int, tmp_path: Path) -> None:
    shape = [1, 2, 10, 7]
    shape[axis] *= 3
    repeated = check_saved(lambda x, w: paddle.repeat_interleave(x + w, 3, axis), tmp_path)
    assert list(repeated) == shape


def test_what_asks_where_a_tensor_is_can_be_saved(tmp_path: Path) -> None:
    before = set(vars(Variable))
    assert check_saved(lambda x, w: paddle.lerp(x, w, 0.3), tmp_path) == (1, 2, 10, 7)
    assert set(vars(Variable)) == before


def test_a_refusal_names_the_function_that_it_comes_from(tmp_path: Path) -> None:
    net = Net(lambda x, w: paddle.concat([x, w], axis="rows"))
    with pytest.raises(ModelError, match=r": at concat: "):
        export_layer(net, [(1, 2, 10, 7)], tmp_path / "net")
