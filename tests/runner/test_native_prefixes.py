"""Parts of a network timed with the native runner, which has no Python."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from edgeslim.conversion.model_source import SavedModel
from edgeslim.conversion.optimized import fused_graph, optimize
from edgeslim.conversion.prepare import prepare
from edgeslim.execution import Target
from edgeslim.measuring.device_session import open_device
from edgeslim.measuring.drift import DriftWatch
from edgeslim.measuring.inside_estimate import estimate_inside
from edgeslim.measuring.networks import OptimizedNetwork
from edgeslim.measuring.prefix_rounds import measure_prefixes
from edgeslim.paddle_io.export import export_layer
from edgeslim.runner.runners import NativeRunner
from tests.deployment.small_nets import small_net

pytestmark = pytest.mark.slow


def test_every_part_of_a_network_runs(native_runner: NativeRunner, tmp_path: Path) -> None:
    export_layer(small_net(), [(1, 3, 8, 8)], tmp_path / "net")
    model = prepare(SavedModel.at(tmp_path / "net"), tmp_path / "model")
    file = optimize(model, Target.X86, tmp_path / "net")
    network = OptimizedNetwork(name="net", file=file, graph=fused_graph(model, Target.X86))
    with open_device("host") as session:
        watch = DriftWatch(replace(session, runner=native_runner))
        found = measure_prefixes(watch, network, seconds=20.0)
    assert found.cuts[-1] == len(network.graph.nodes)
    assert np.isfinite(found.levels_ms).all()
    times = estimate_inside(found)
    assert times.sum_ms > 0
    assert times.operators[-1].last == len(network.graph.nodes) - 1
