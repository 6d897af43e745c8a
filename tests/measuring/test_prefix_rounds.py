"""Parts of a network timed on this machine, up to each of its operators."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from edgeslim.conversion.model_source import SavedModel
from edgeslim.conversion.optimized import fused_graph, optimize
from edgeslim.conversion.prepare import prepare
from edgeslim.errors import ProgramError
from edgeslim.execution import Target
from edgeslim.measuring.device_session import DeviceSession
from edgeslim.measuring.drift import DriftWatch
from edgeslim.measuring.networks import OptimizedNetwork
from edgeslim.measuring.prefix_rounds import FEWEST_ROUNDS, measure_prefixes
from edgeslim.paddle_io.export import export_layer
from tests.deployment.small_nets import small_net
from tests.measuring.conftest import Watched

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def network(tmp_path_factory: pytest.TempPathFactory) -> OptimizedNetwork:
    folder = tmp_path_factory.mktemp("prefixes")
    export_layer(small_net(), [(1, 3, 8, 8)], folder / "net")
    model = prepare(SavedModel.at(folder / "net"), folder / "model")
    file = optimize(model, Target.X86, folder / "net")
    return OptimizedNetwork(name="net", file=file, graph=fused_graph(model, Target.X86))


def test_with_time_for_it_every_operator_is_a_cut(
    session: DeviceSession, network: OptimizedNetwork, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("edgeslim.measuring.prefix_rounds._MOST_ROUNDS", FEWEST_ROUNDS)
    progress = Watched()
    found = measure_prefixes(DriftWatch(session), network, seconds=600.0, progress=progress)
    count = len(network.graph.nodes)
    assert found.kinds == tuple(node.spec.kind for node in network.graph.nodes)
    assert found.cuts == tuple(range(1, count + 1))
    assert len(found.levels_ms) >= FEWEST_ROUNDS
    assert found.levels_ms.shape == found.steps_ms.shape == (len(found.wholes_ms), count)
    assert found.wholes_ms.shape[1] == 2
    assert np.isfinite(found.levels_ms).all()
    assert np.allclose(np.cumsum(found.steps_ms, axis=1), found.levels_ms)
    assert (found.wholes_ms > 0).all()
    assert progress.stages == [("operators inside", 600.0)]
    assert progress.done == pytest.approx(600.0)


def test_without_time_few_cuts_are_made_in_the_fewest_rounds(
    session: DeviceSession, network: OptimizedNetwork
) -> None:
    found = measure_prefixes(DriftWatch(session), network, seconds=0.001)
    assert len(found.cuts) == 2
    assert found.cuts[-1] == len(network.graph.nodes)
    assert found.levels_ms.shape == (FEWEST_ROUNDS, 2)


def test_parts_that_do_not_fit_into_one_process_have_one_in_common(
    session: DeviceSession, network: OptimizedNetwork, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("edgeslim.measuring.prefix_rounds._BATCH_BYTES", 1)
    found = measure_prefixes(DriftWatch(session), network, seconds=0.001)
    assert np.isfinite(found.levels_ms).all()
    assert np.isfinite(found.steps_ms).all()


def test_a_network_that_does_not_run_is_an_error(
    session: DeviceSession, network: OptimizedNetwork, tmp_path: Path
) -> None:
    broken = tmp_path / "broken.nb"
    broken.write_bytes(network.file.path.read_bytes().replace(b"conv2d", b"conv9d"))
    bad = replace(network, file=replace(network.file, path=broken))
    with pytest.raises(ProgramError, match="the runner died at"):
        measure_prefixes(DriftWatch(session), bad, seconds=0.001)
