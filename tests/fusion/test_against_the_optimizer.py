"""Our own rules leave what Paddle-Lite's optimizer leaves."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from edgeslim.conversion.optimized import unfused_graph
from edgeslim.conversion.prepare import PreparedModel, prepare_layer
from edgeslim.execution import Target
from edgeslim.graph import Graph
from edgeslim.lite.converter import Conversion, ConversionTask, convert
from edgeslim.paddle_io.importing import load_paddle
from edgeslim.paddle_io.program_graph import read_graph
from tests.fusion.left import assert_rules_leave
from tests.fusion.nets import bottlenecks, chain
from tests.tools import benchmark, require_module

pytestmark = pytest.mark.slow

CHAINS = 16
BOTTLENECKS = 4

Layers = Mapping[str, tuple[Callable[[], Any], tuple[int, ...]]]
"""By name, what makes a network and what it reads."""


def both(models: Mapping[str, PreparedModel], folder: Path) -> dict[tuple[str, Target], Graph]:
    """What the optimizer leaves of models, for both targets, by one child process."""
    require_module("paddlelite")
    jobs = {
        (name, target): Conversion(
            model=model.program,
            parameters=model.parameters,
            target=target,
            output=folder / f"{model.name}-{target.value}",
            task=ConversionTask.FUSE,
        )
        for name, model in models.items()
        for target in Target
    }
    left = {}
    for key, done in zip(jobs, convert(list(jobs.values())), strict=True):
        assert done.error is None, f"{key}: {done.error}"
        left[key] = read_graph(done.conversion.result, done.conversion.result.with_name("params"))
    return left


def assert_same(layers: Layers, folder: Path) -> int:
    """Proves that rules and optimizer agree; counts networks with merged convolutions."""
    load_paddle()
    models = {
        name: prepare_layer(make(), shape, folder / str(number), name=str(number))
        for number, (name, (make, shape)) in enumerate(layers.items())
    }
    return assert_same_models(models, folder)


def assert_same_models(models: Mapping[str, PreparedModel], folder: Path) -> int:
    """As `assert_same`, of models that are prepared."""
    left = both(models, folder / "fused")
    assert len(left) == len(models) * len(Target)
    merged = set()
    for (name, target), graph in left.items():
        assert_rules_leave(graph, models[name], target, f"{name} for {target.value}")
        if convolutions(graph) < convolutions(unfused_graph(models[name])):
            merged.add(name)
    return len(merged)


def convolutions(graph: Graph) -> int:
    return sum(spec.kind == "conv2d" for spec in graph.specs)


def test_vision_models(tmp_path: Path) -> None:
    module = benchmark("vision_models")
    # The others are made of the same parts as one of these.
    names = set(module.__all__) - {"mobilenet_v1", "mobilenet_v3_large", "resnet18"}
    assert len(names) == 7
    sides = {name: 224 if name == "googlenet" else 64 for name in sorted(names)}
    layers = {
        name: (partial(getattr(module, name), num_classes=10), (1, 3, side, side))
        for name, side in sides.items()
    }
    assert_same(layers, tmp_path)


def test_convolutions_of_random_widths_in_a_row(tmp_path: Path) -> None:
    chains = {f"chain {n}": (partial(chain, n), (1, 3, 24, 24)) for n in range(CHAINS)}
    others = {
        f"bottlenecks {n}": (partial(bottlenecks, n), (1, 3, 32, 32)) for n in range(BOTTLENECKS)
    }
    merged = assert_same({**chains, **others}, tmp_path)
    assert 2 <= merged < len(chains)


def test_parts_of_networks(parts: Mapping[str, PreparedModel], tmp_path: Path) -> None:
    assert_same_models(parts, tmp_path)
