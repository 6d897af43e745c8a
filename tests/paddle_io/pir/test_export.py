"""Layers that Paddle 3 traces in its own form alone, exported all the same."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import paddle
import paddle.nn.functional as F  # noqa: N812 - the name that everybody uses
import pytest
from paddle import nn

from edgeslim.errors import ModelError
from edgeslim.paddle_io.export import export_layer, run_in_paddle

pytestmark = pytest.mark.slow

X = np.random.default_rng(0).uniform(-1, 1, (2, 6, 4)).astype(np.float32)


class First(nn.Layer):
    """The first result of a layer."""

    def __init__(self, layer: nn.Layer) -> None:
        super().__init__()
        self.layer = layer

    def forward(self, x: Any) -> Any:
        return self.layer(x)[0]


class Normalized(nn.Layer):
    """A linear layer whose results have length 1."""

    def __init__(self) -> None:
        super().__init__()
        self.linear = nn.Linear(4, 3)

    def forward(self, x: Any) -> Any:
        return F.normalize(self.linear(x), axis=-1)


LAYERS: dict[str, Callable[[], nn.Layer]] = {
    "LSTM": lambda: First(nn.LSTM(4, 5)),
    "LSTM both ways": lambda: First(nn.LSTM(4, 5, 2, direction="bidirect")),
    "GRU": lambda: First(nn.GRU(4, 5)),
    "SimpleRNN": lambda: First(nn.SimpleRNN(4, 5)),
    "normalize": Normalized,
    "weight_norm": lambda: nn.utils.weight_norm(nn.Linear(4, 3)),
    "spectral_norm": lambda: nn.utils.spectral_norm(nn.Linear(4, 3)),
}


@pytest.mark.parametrize("name", LAYERS)
def test_computes_what_the_layer_does(name: str, tmp_path: Path) -> None:
    layer = LAYERS[name]()
    layer.eval()
    expected = layer(paddle.to_tensor(X)).numpy()
    export_layer(layer, [X.shape], tmp_path / "model", names=["x"])
    (found,) = run_in_paddle(tmp_path / "model", {"x": X})
    np.testing.assert_allclose(found, expected, rtol=1e-6, atol=1e-6)


class Broken(nn.Layer):
    """What no road leads to."""

    def forward(self, x: Any) -> Any:
        raise OSError("no weights there")


def test_says_why_the_first_road_ended(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=r"cannot export Broken .*no weights there"):
        export_layer(Broken(), [X.shape], tmp_path / "model")
    assert not any(tmp_path.iterdir())
