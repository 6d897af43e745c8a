"""Models converted, proved right and timed, with this machine as the device."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import msgspec
import pytest

from edgeslim.conversion.build_network import build_network
from edgeslim.conversion.model_source import SavedModel
from edgeslim.conversion.optimized import OptimizedFile, optimize
from edgeslim.conversion.prepare import PreparedModel, prepare
from edgeslim.deployment.deploy import convert, deploy
from edgeslim.device import DeviceChoice
from edgeslim.errors import (
    BadFileError,
    ContextMismatchError,
    ModelError,
    UnknownNameError,
    UsageError,
)
from edgeslim.execution import Target
from edgeslim.files import write_json
from edgeslim.latency_table import LatencyTable
from edgeslim.lite.optimized_model import read_optimized_model
from edgeslim.measuring.device_session import DeviceSession, open_device
from edgeslim.paddle_io.export import export_layer
from edgeslim.paddle_io.importing import load_paddle
from edgeslim.runs.deployment_history import read_history
from edgeslim.runs.deployment_records import Known
from edgeslim.runs.pruning_run import PruneSettings
from edgeslim.runs.search_run import RunFolder, SearchDescription, SearchResult
from edgeslim.runs.search_settings import LatencyTarget
from tests.deployment.proofs import proved_on
from tests.lite.kernel_targets import HOST_KERNELS, KERNEL_TARGETS
from tests.searching.made_up import host_context, made_up_ms, made_up_table
from tests.searching.searches import SPACE, candidate, settings
from tests.values import CONTEXT

TOKENS = tuple(0 for _ in SPACE.ranges)


def net_at(folder: Path, seed: int = 0) -> Path:
    """A small network with weights of its own."""
    return build_network(
        SPACE.name, TOKENS, folder, input_shape=SPACE.input_shape, num_classes=10, seed=seed
    )


@pytest.fixture(scope="module")
def net(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return net_at(tmp_path_factory.mktemp("deployment") / "net")


@pytest.fixture(scope="module")
def table(tmp_path_factory: pytest.TempPathFactory) -> LatencyTable:
    return made_up_table(tmp_path_factory.mktemp("tables") / "host.jsonl", SPACE, host_context())


def files(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.rglob("*"))


@pytest.mark.slow
def test_a_model_is_converted_proved_right_and_measured_beside_its_prediction(
    net: Path, table: LatencyTable, tmp_path: Path
) -> None:
    done = deploy(str(net), table=table.path, out=tmp_path / "out")
    (model,) = done.models
    assert (model.name, done.record.device.target) == ("net", Target.X86)
    optimized = Path(model.optimized)
    assert optimized == tmp_path / "out" / "net.x86.nb"
    assert files(tmp_path) == ["deployments.jsonl", "net.x86.nb", "out"]
    facts = read_optimized_model(optimized)
    assert facts.targets <= {HOST_KERNELS, KERNEL_TARGETS[Target.X86]}
    assert facts.size_bytes == model.size_bytes == optimized.stat().st_size
    assert model.outputs is not None
    assert 0 < model.outputs.max_rel < 1e-4
    assert model.samples >= 8
    predicted_ms = sum(made_up_ms(spec) for spec in SPACE.operators(TOKENS, Target.X86))
    assert model.predicted_ms == pytest.approx(predicted_ms, rel=1e-3)
    assert {operator.known for operator in model.operators} == {Known.MEASURED}
    measured_ms = model.latency_ms
    assert model.error_percent == pytest.approx(100 * (predicted_ms / measured_ms - 1), rel=1e-2)
    assert (model.target_ms, model.met) == (None, None)
    starts = model.known_starts
    assert [start.cold for start in starts.starts if not start.cold] == [False] * 3
    assert len(starts.starts) == (3 if starts.kept else 6)
    assert starts.load_ms is not None
    assert starts.load_ms > 0
    if Path("/proc/self/status").exists():
        assert starts.alone_mb is not None
        assert starts.taken_mb is not None
        assert 0 < starts.alone_mb < starts.taken_mb + 1  # a small network takes next to nothing
        assert starts.taken_mb < (starts.peak_mb or 0)  # Python and NumPy are the runner's own


@pytest.fixture
def run(tmp_path: Path, table: LatencyTable) -> RunFolder:
    """A search that has ended, and has the network of other weights for its winner."""
    found = RunFolder(tmp_path / "runs" / "first")
    wanted = settings(targets=(LatencyTarget(device="host", target_ms=1000.0, table="t"),))
    found.begin(SearchDescription(settings=wanted, study="first"), [table.path])
    best = candidate(0, TOKENS, predicted_ms=(0.1,), measured_ms=(0.1,))
    net_at(found.model, seed=7)
    found.finish(
        SearchResult(
            run="moved since",
            targets=wanted.targets,
            candidates=(best,),
            front=(best,),
            best=best,
            model="moved since/model",
            trained_accuracy=0.5,
        )
    )
    return found


@pytest.mark.slow
def test_without_a_model_the_newest_searchs_winner_is_deployed_with_its_table_and_limit(
    run: RunFolder,
) -> None:
    (model,) = deploy(None, runs=run.path.parent, rounds=1).models
    assert model.name == "first"
    assert model.optimized == str(run.path / "deployment" / "first.x86.nb")
    assert model.target_ms == 1000.0
    assert model.met is True
    assert {operator.known for operator in model.operators} == {Known.MEASURED}


@pytest.mark.slow
def test_a_search_is_deployed_with_as_many_threads_as_it_was_for(run: RunFolder) -> None:
    context = msgspec.structs.replace(
        host_context(), execution=msgspec.structs.replace(host_context().execution, threads=2)
    )
    run.table().unlink()
    made_up_table(run.table(), SPACE, context)
    if host_context().hardware.endswith(", 1 cores"):
        with pytest.raises(UsageError, match="2 threads do not fit"):
            deploy(str(run.path))
    else:
        assert deploy(str(run.path), rounds=1).models[0].predicted_ms is not None
    with pytest.raises(ContextMismatchError, match=r"another execution: .*2 threads"):
        deploy(str(run.path), device=DeviceChoice(threads=1))


@pytest.mark.slow
def test_a_search_is_compared_with_its_start_and_written_down_in_its_folder(
    run: RunFolder,
) -> None:
    done = deploy(str(run.path), baseline="start", rounds=2)
    (start,) = done.baselines
    assert start.name == f"{SPACE.name}-start"
    assert start.outputs is not None
    speedup = done.speedup(done.models[0])
    assert speedup is not None
    assert speedup.baseline == start.id
    assert done.history == run.path / "deployments.jsonl"
    (record,) = read_history(run.path)
    assert record == done.record
    assert record.accuracy is not None
    assert record.accuracy.value == 0.5


@pytest.mark.slow
def test_a_pruned_model_is_compared_with_what_it_was_made_from(tmp_path: Path) -> None:
    folder = net_at(tmp_path / "pruned")
    net_at(folder / "steps" / "0" / "pruned", seed=1)
    write_json(folder / "pruning.json", PruneSettings(model="first", ratios={"w": 0.5}))
    done = deploy(str(folder), rounds=2, out=tmp_path / "out")
    assert [baseline.name for baseline in done.baselines] == ["first"]
    assert files(tmp_path / "out") == ["baseline.first.x86.nb", "pruned.x86.nb"]
    assert done.history == folder / "deployments.jsonl"
    assert [model.name for model in read_history(folder)[0].models] == ["pruned", "first"]


@pytest.mark.slow
def test_a_search_without_a_result_is_not_deployed(run: RunFolder) -> None:
    run.result_file.unlink()
    with pytest.raises(BadFileError, match="has no result yet"):
        deploy(str(run.path))


def test_without_a_model_or_a_search_there_is_nothing_to_deploy(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"there is no finished search in .*, or give a model"):
        deploy(None, runs=tmp_path)


@pytest.mark.slow
def test_a_model_is_converted_for_several_targets_without_a_device(
    net: Path, tmp_path: Path
) -> None:
    done = convert(str(net), [Target.ARM, Target.X86], out=tmp_path / "out")
    assert files(tmp_path / "out") == ["net.arm.nb", "net.x86.nb"]
    for model, target in zip(done.models, (Target.ARM, Target.X86), strict=True):
        assert model.target is target
        targets = read_optimized_model(model.optimized).targets
        assert KERNEL_TARGETS[target] in targets
        assert targets <= {HOST_KERNELS, KERNEL_TARGETS[target]}


@pytest.mark.slow
@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("device", "phone"),
        ("hardware", "another processor, 2 cores"),
        ("library_version", "v2.9"),
        ("execution", msgspec.structs.replace(CONTEXT.execution, threads=2)),
    ],
    ids=["device", "hardware", "library", "threads"],
)
def test_a_table_of_another_context_is_refused(
    net: Path, tmp_path: Path, field: str, value: Any
) -> None:
    context = msgspec.structs.replace(host_context(), **{field: value})
    other = LatencyTable.open(tmp_path / "other.jsonl", context)
    message = rf"other\.jsonl is of another {field.replace('_', ' ')}: {value}, not "
    with pytest.raises(ContextMismatchError, match=message):
        deploy(
            str(net),
            device=DeviceChoice(threads=1),
            table=other.path,
            out=tmp_path / "out",
        )
    assert not (tmp_path / "out").exists()


@pytest.mark.slow
def test_an_unknown_device_is_refused_with_the_nearest(net: Path, tmp_path: Path) -> None:
    with pytest.raises(UnknownNameError, match=r"unknown device 'hots'; did you mean 'host'\?"):
        deploy(str(net), device="hots", out=tmp_path / "out")
    assert not (tmp_path / "out").exists()


@pytest.mark.slow
def test_a_model_whose_outputs_are_no_numbers_is_not_deployed(tmp_path: Path) -> None:
    (tmp_path / "nets.py").write_text(
        """
import paddle


def overflows():
    net = paddle.nn.Sequential(*(paddle.nn.Conv2D(4, 4, 3, padding=1) for _ in range(3)))
    for layer in net:
        layer.weight.set_value(paddle.full(layer.weight.shape, 1e30))
    return net
"""
    )
    with pytest.raises(ModelError, match="Paddle itself gives NaN"):
        deploy(
            f"{tmp_path}/nets.py:overflows", input_shapes={"": (1, 4, 8, 8)}, out=tmp_path / "out"
        )
    assert files(tmp_path / "out") == []


@pytest.mark.slow
def test_several_inputs_and_outputs_are_compared_each_with_its_own(tmp_path: Path) -> None:
    export_layer(two_in_two_out(), [(1, 3, 8, 8), (2, 4)], tmp_path / "net")
    (model,) = deploy(str(tmp_path / "net"), out=tmp_path / "out").models
    assert model.outputs is not None
    assert model.outputs.max_rel < 1e-4


def two_in_two_out() -> Any:
    """A network that would be noticed to have its inputs or outputs the wrong way round."""
    paddle: Any = load_paddle()
    paddle.seed(0)

    class Net(paddle.nn.Layer):
        def __init__(self) -> None:
            super().__init__()
            self.wide = paddle.nn.Conv2D(3, 6, 3)
            self.flat = paddle.nn.Linear(4, 5)

        def forward(self, images: Any, rows: Any) -> Any:
            return self.flat(rows), paddle.nn.functional.relu(self.wide(images))

    return Net()


@pytest.fixture(scope="module")
def session() -> DeviceSession:
    return open_device("host")


@pytest.fixture
def converted(net: Path, tmp_path: Path) -> tuple[PreparedModel, OptimizedFile]:
    source = SavedModel(
        name="net", program=net / "model.pdmodel", parameters=net / "model.pdiparams"
    )
    model = prepare(source, tmp_path / "prepared")
    return model, optimize(model, Target.X86, tmp_path / "net")


@pytest.mark.slow
def test_a_converted_model_with_other_weights_than_its_original_is_refused(
    session: DeviceSession, converted: tuple[PreparedModel, OptimizedFile], tmp_path: Path
) -> None:
    model, file = converted
    assert proved_on(session, model, file, tmp_path).max_rel < 1e-4
    other = replace(model, prefix=net_at(tmp_path / "other", seed=1) / "model")
    with pytest.raises(ModelError, match=r"net computes something else on host: .* differ from"):
        proved_on(session, other, file, tmp_path)
