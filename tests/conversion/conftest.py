"""Networks saved by Paddle both ways, prepared, converted and run by Paddle-Lite, once."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from edgeslim.conversion.model_source import SavedModel
from edgeslim.conversion.optimized import OptimizedFile, optimize_and_fuse
from edgeslim.conversion.prepare import PreparedModel, prepare
from edgeslim.execution import Target
from edgeslim.graph import Graph
from edgeslim.paddle_io.export import run_in_paddle
from edgeslim.paddle_io.legacy_functions import legacy_functions
from tests.lite.runtime import outputs_in_paddle_lite
from tests.tools import require_module


@dataclass(frozen=True)
class Made:
    """A network at the end of its way for one target."""

    model: PreparedModel
    file: OptimizedFile
    fused: Graph


def save(net: Any, prefix: Path, shape: tuple[int, ...], *, clip_extra: bool = True) -> SavedModel:
    """Saves a network as Paddle does by default."""
    import paddle

    net.eval()
    spec = [paddle.static.InputSpec(list(shape), "float32", "image")]
    with legacy_functions():
        paddle.jit.save(net, str(prefix), input_spec=spec, clip_extra=clip_extra)
    parameters = prefix.with_suffix(".pdiparams")
    return SavedModel(
        name=prefix.name, program=prefix.with_suffix(".pdmodel"), parameters=parameters
    )


def make(models: Mapping[Any, PreparedModel], target: Target, folder: Path) -> dict[Any, Made]:
    """Converts prepared models; none may fail."""
    require_module("paddlelite")
    results = optimize_and_fuse(list(models.values()), target, folder)
    made = {}
    for (key, model), result in zip(models.items(), results, strict=True):
        assert isinstance(result, tuple), f"{key}: {result}"
        made[key] = Made(model, *result)
    return made


def assert_computes_as_paddle(made: Mapping[str, Made]) -> None:
    """Runs models for this machine in Paddle-Lite and in Paddle on the same input."""
    shape = next(iter(next(iter(made.values())).model.graph.feeds.values()))
    images = np.random.default_rng(0).standard_normal(shape).astype(np.float32)
    computed = outputs_in_paddle_lite({model.file.path: images for model in made.values()})
    for (name, value), found in zip(made.items(), computed, strict=True):
        expected = run_in_paddle(value.model.prefix, {next(iter(value.model.graph.feeds)): images})
        np.testing.assert_allclose(found[0], expected[0], rtol=1e-4, atol=1e-4, err_msg=name)


@pytest.fixture(scope="session")
def both_ways(
    tmp_path_factory: pytest.TempPathFactory,
) -> Callable[[str, Any, tuple[int, ...]], dict[bool, PreparedModel]]:
    """Prepares a network saved without and with Paddle's stripping, by ``clip_extra``."""
    folder = tmp_path_factory.mktemp("both-ways")

    def prepared(name: str, net: Any, shape: tuple[int, ...]) -> dict[bool, PreparedModel]:
        return {
            clip: prepare(
                save(net, folder / f"{name}-{clip}", shape, clip_extra=clip),
                folder / f"{name}-{clip}-prepared",
            )
            for clip in (False, True)
        }

    return prepared
