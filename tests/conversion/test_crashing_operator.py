"""The operator at which the optimizer ends is named."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from edgeslim.conversion.optimized import optimize
from edgeslim.conversion.prepare import prepare_layer
from edgeslim.errors import ProgramAbortedError
from edgeslim.execution import Target
from edgeslim.paddle_io.importing import load_paddle

pytestmark = pytest.mark.slow


def test_where_the_optimizer_aborts_is_said_with_shapes(tmp_path: Path) -> None:
    nn = load_paddle().nn
    net = nn.Sequential(
        nn.Conv2D(4, 8, 3),
        nn.ReLU(),
        nn.Conv2D(8, 4, 1, bias_attr=False),
        nn.Conv2D(4, 6, 1, stride=2, bias_attr=False),
        nn.Sigmoid(),
    )
    model = prepare_layer(net, (1, 4, 9, 9), tmp_path / "net", name="net")
    optimize(model, Target.ARM, tmp_path / "kept_apart")
    merging = replace(model, program=model.prefix.with_suffix(".pdmodel"))
    with pytest.raises(ProgramAbortedError, match="it ends at conv2d") as raised:
        optimize(merging, Target.ARM, tmp_path / "merging")
    assert "1x4x7x7, 6x4x1x1 -> 1x6x4x4" in str(raised.value)
