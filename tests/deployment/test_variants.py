"""Models converted to several precisions and run with several numbers of threads, for real."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import msgspec
import pytest

from edgeslim.conversion.model_source import SavedModel
from edgeslim.conversion.optimized import OptimizedFile, fused_graph, optimize
from edgeslim.conversion.precisions import rewrite_for_place
from edgeslim.conversion.prepare import PreparedModel, prepare
from edgeslim.deployment.deploy import convert, deploy
from edgeslim.deployment.ground_truth import paddle_truth
from edgeslim.deployment.judgement import OutputDifference, difference_of, is_acceptable
from edgeslim.deployment.outputs import outputs_on_device
from edgeslim.device import DeviceChoice
from edgeslim.errors import (
    ContextMismatchError,
    ModelError,
    RunnerError,
    UnknownNameError,
    UsageError,
)
from edgeslim.execution import Precision, Target
from edgeslim.latency_table import LatencyTable
from edgeslim.lite.converter import Conversion, convert_one
from edgeslim.lite.optimized_model import read_optimized_model
from edgeslim.measuring.device_session import DeviceSession, open_device, with_threads
from edgeslim.measuring.drift import DriftWatch
from edgeslim.measuring.networks import OptimizedNetwork, measure_side_by_side
from edgeslim.paddle_io.export import export_layer
from edgeslim.paddle_io.proto import read_program
from edgeslim.targets import Place
from tests.deployment.small_nets import small_net
from tests.searching.made_up import host_context
from tests.values import row

pytestmark = pytest.mark.slow

CORES = len(os.sched_getaffinity(0))
needs_two_cores = pytest.mark.skipif(CORES < 2, reason="two threads need two cores")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("ways")
    export_layer(small_net(), [(1, 3, 8, 8)], made / "net")
    export_layer(small_net(turned=True), [(1, 3, 8, 8)], made / "turned")
    return made


@pytest.fixture(scope="module")
def model(folder: Path, tmp_path_factory: pytest.TempPathFactory) -> PreparedModel:
    return prepare(SavedModel.at(folder / "net"), tmp_path_factory.mktemp("prepared"))


@pytest.fixture(scope="module")
def session() -> DeviceSession:
    return open_device("host")


def test_each_precision_has_its_kernels_and_the_smaller_their_size(
    folder: Path, tmp_path: Path
) -> None:
    asked = ("fp32", "fp16", "int8", "int16")
    done = convert(str(folder / "net"), [Target.ARM], precisions=asked, out=tmp_path)
    assert [model.precision.value for model in done.models] == [
        *("fp32", "fp16", "int8-weights", "int16-weights"),
    ]
    assert [model.kernels for model in done.models] == [("fp32",), ("fp16",), *[("fp32",)] * 2]
    whole, half, eight, sixteen = (model.size_bytes for model in done.models)
    assert half == pytest.approx(whole, rel=0.05)
    assert sixteen < 0.6 * whole
    assert eight < 0.35 * whole
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        *("net.arm.fp16.nb", "net.arm.int16-weights.nb", "net.arm.int8-weights.nb", "net.arm.nb"),
    ]
    for model in done.models:
        facts = read_optimized_model(model.optimized)
        assert facts.computes_in == model.kernels
        kernels = {kernel.operator for kernel in facts.kernels if kernel.precision == 5}
        assert ("conv2d" in kernels) == (model.precision is Precision.FP16)


def forbidding(folder: Path, more: str = "") -> Path:
    """What is known of a library whose rectifiers are wrong on all processors."""
    path = folder / "laws.toml"
    path.write_text(
        f"""{more}
        [[laws]]
        name = "rectifiers"
        operators = ["relu"]
        condition = "always"
        happens = "threads write over each other"
        source = "made up"
        targets = ["arm", "x86"]
        several_threads = true
        """
    )
    return path


@needs_two_cores
def test_a_number_of_threads_that_a_law_forbids_is_not_had_and_others_are(
    folder: Path, tmp_path: Path
) -> None:
    device = DeviceChoice(name="host", laws=forbidding(tmp_path))
    done = deploy(str(folder / "net"), device=device, threads=(2, 1), out=tmp_path / "out")
    assert [model.threads for model in done.models] == [1]
    (failed,) = done.failures
    assert (failed.precision, failed.threads) == (Precision.FP32, 2)
    assert "relu" in failed.reason
    assert "threads write over each other on x86 and arm with more than one thread" in failed.reason
    with pytest.raises(ModelError, match=r"net cannot be converted: relu .*--threads 1"):
        deploy(str(folder / "net"), device=device, threads=(2,), out=tmp_path / "none")
    assert not (tmp_path / "none").exists()


def test_a_file_is_for_several_threads_unless_it_is_said(folder: Path, tmp_path: Path) -> None:
    laws = forbidding(tmp_path)
    with pytest.raises(ModelError, match=r"net cannot be converted: relu .*--threads 1"):
        convert(str(folder / "net"), [Target.ARM], laws=laws, out=tmp_path / "out")
    (only,) = convert(
        str(folder / "net"), [Target.ARM], threads=1, laws=laws, out=tmp_path / "out"
    ).models
    assert only.optimized.is_file()


def test_laws_of_another_version_are_refused(folder: Path, tmp_path: Path) -> None:
    laws = forbidding(tmp_path, 'library = "v9.9"')
    message = r"laws.toml is about Paddle-Lite v9.9, and host has v2\."
    with pytest.raises(UsageError, match=message):
        deploy(str(folder / "net"), device=DeviceChoice(laws=laws), out=tmp_path / "out")


@needs_two_cores
def test_all_combinations_are_measured_in_one_session_and_one_is_fastest(
    folder: Path, tmp_path: Path
) -> None:
    done = deploy(
        str(folder / "net"), precisions=("fp32", "int8", "int16"), threads=(1, 2), out=tmp_path
    )
    assert done.failures == ()
    assert [(model.precision.value, model.threads) for model in done.models] == [
        (precision, threads)
        for precision in ("fp32", "int8-weights", "int16-weights")
        for threads in (1, 2)
    ]
    assert len({model.optimized for model in done.models}) == 3
    assert sum(model.fastest for model in done.models) == 1
    for model in done.models:
        assert model.name == "net"
        assert model.samples >= 8
        assert model.outputs is not None
        assert model.outputs.inputs == 8
        bound = {"fp32": 1e-6, "int16-weights": 1e-3, "int8-weights": 0.1}[model.precision.value]
        assert model.outputs.max_rel < bound
        assert model.outputs.lost is not None
        assert model.outputs.lost < 1e-3
    for told in done.warnings:
        assert "int" in told or "2 threads" in told


def test_one_precision_and_one_number_of_threads_is_as_without_them(
    folder: Path, tmp_path: Path
) -> None:
    done = deploy(str(folder / "net"), precisions=["fp32"], threads=[1], out=tmp_path)
    (only,) = done.models
    assert (only.precision, only.threads, only.fastest) == (Precision.FP32, 1, True)
    assert (only.optimized, done.warnings) == (str(tmp_path / "net.x86.nb"), ())
    assert only.outputs is not None
    assert only.outputs.inputs == 2


@pytest.mark.parametrize("precision", ["int8", "int16"])
def test_weights_of_products_are_read_as_what_they_are_stored_as(
    folder: Path, precision: str, tmp_path: Path
) -> None:
    (only,) = deploy(str(folder / "net"), precisions=[precision], out=tmp_path).models
    assert only.outputs is not None
    assert only.outputs.lost is not None
    assert only.outputs.lost < 1e-3


def test_without_the_rewriting_the_device_would_compute_garbage(
    model: PreparedModel, session: DeviceSession, tmp_path: Path
) -> None:
    # Why plain_products is there; if this fails, Paddle-Lite has mended it.
    unmended = Conversion(
        model=model.program,
        parameters=model.parameters,
        target=Target.X86,
        output=tmp_path / "unmended",
        precision=Precision.INT8_WEIGHTS,
    )
    file = optimize(model, Target.X86, tmp_path / "mended", Precision.INT8_WEIGHTS)
    path = convert_one(unmended)
    bad = OptimizedFile(path=path, facts=read_optimized_model(path))
    assert "matmul_v2" in {kernel.operator for kernel in bad.facts.kernels}
    assert is_acceptable(compared(session, model, file, tmp_path), Precision.INT8_WEIGHTS)
    try:
        assert not is_acceptable(compared(session, model, bad, tmp_path), Precision.INT8_WEIGHTS)
    except RunnerError as error:
        assert "not finite" in str(error)  # noqa: PT017 - garbage may be that too


def compared(
    session: DeviceSession, model: PreparedModel, file: OptimizedFile, folder: Path
) -> OutputDifference:
    truth = paddle_truth(model, 2)
    inputs = [list(arrays.values()) for arrays in truth.inputs]
    return difference_of(truth.outputs, outputs_on_device(session, file, inputs, 1, folder))


def test_weights_that_would_be_misread_are_refused_by_name(folder: Path, tmp_path: Path) -> None:
    message = r"turned cannot be converted: matmul_v2 that makes .* reads the integers as floats"
    with pytest.raises(ModelError, match=message):
        deploy(str(folder / "turned"), precisions=["int8"], out=tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_what_does_not_convert_leaves_what_does(folder: Path, tmp_path: Path) -> None:
    done = convert(str(folder / "turned"), [Target.X86], precisions=["int8", "fp32"], out=tmp_path)
    assert [model.precision for model in done.models] == [Precision.FP32]
    assert [failure.precision for failure in done.failures] == [Precision.INT8_WEIGHTS]
    assert [path.name for path in tmp_path.iterdir()] == ["turned.x86.nb"]


def test_what_one_precision_cannot_have_leaves_the_others(folder: Path, tmp_path: Path) -> None:
    done = deploy(str(folder / "turned"), precisions=["fp32", "int8"], out=tmp_path)
    (only,) = done.models
    (failed,) = done.failures
    assert (only.precision, only.fastest) == (Precision.FP32, True)
    assert (failed.precision, failed.threads) == (Precision.INT8_WEIGHTS, None)
    assert "weights that are stored as integers" in failed.reason


@pytest.mark.parametrize(
    ("fields", "kind", "message"),
    [
        ({"precisions": ["fp32", "fp16"]}, UsageError, "fp16 kernels for arm only, not for x86"),
        ({"precisions": ["fp64"]}, UnknownNameError, "unknown precision 'fp64'"),
        ({"precisions": ["int8", "int8"]}, UsageError, "the precision int8 is given twice"),
        (
            {"precisions": ["int8", "int8-weights"]},
            UsageError,
            "int8 and int8-weights are the same precision",
        ),
        ({"threads": [1, 1]}, UsageError, "the number of threads 1 is given twice"),
        ({"threads": [0]}, UsageError, "threads must be at least 1, not 0"),
        ({"threads": [1, 999]}, UsageError, "999 threads do not fit on host's"),
        (
            {"precisions": ["fp32", "int8"], "sustained_s": 1},
            UsageError,
            "--sustained is of one precision",
        ),
    ],
    ids=lambda value: str(value) if isinstance(value, dict) else None,
)
def test_what_cannot_be_meant_is_refused_before_anything_is_done(
    folder: Path, tmp_path: Path, fields: Any, kind: type[Exception], message: str
) -> None:
    with pytest.raises(kind, match=message):
        deploy(str(folder / "net"), out=tmp_path / "out", **fields)
    assert not (tmp_path / "out").exists()


@needs_two_cores
def test_a_table_predicts_only_its_own_precision_and_thread_count(
    folder: Path, model: PreparedModel, tmp_path: Path
) -> None:
    table = LatencyTable.open(tmp_path / "host.jsonl", host_context())
    for spec in dict.fromkeys(fused_graph(model, Target.X86).specs):
        table.add(row(spec, 1.0))
    done = deploy(
        str(folder / "net"),
        table=table.path,
        precisions=["fp32", "int16"],
        threads=[1, 2],
        out=tmp_path / "out",
    )
    predicted = [model for model in done.models if model.predicted_ms is not None]
    assert [(model.precision, model.threads) for model in predicted] == [(Precision.FP32, 1)]
    with pytest.raises(ContextMismatchError, match=r"another execution: x86 fp32, 1 thread"):
        deploy(str(folder / "net"), table=table.path, precisions=["int16"], out=tmp_path / "none")


@needs_two_cores
def test_more_threads_are_the_same_device_with_another_runner(session: DeviceSession) -> None:
    both = with_threads(session, 2)
    assert (both.execution.threads, both.runner.threads, both.profile.threads) == (2, 2, 2)
    assert both.transport is session.transport
    assert with_threads(session, 1) is session
    expected = msgspec.structs.replace(session.execution, threads=2)
    assert both.context().execution == expected


@needs_two_cores
def test_networks_side_by_side_are_each_timed_as_often(
    model: PreparedModel, session: DeviceSession, tmp_path: Path
) -> None:
    file = optimize(model, Target.X86, tmp_path / "net")
    groups = [
        (
            DriftWatch(with_threads(session, threads)),
            [OptimizedNetwork(name=f"net{threads}", file=file, graph=model.graph)],
        )
        for threads in (1, 2)
    ]
    found = measure_side_by_side(groups, rounds=2, seconds=0.05)
    assert sorted(found.measurements) == sorted(found.references_ms) == ["net1", "net2"]
    assert all(len(measurement.samples_ns) >= 16 for measurement in found.measurements.values())


@pytest.mark.parametrize(
    ("precision", "changes"),
    [
        (Precision.FP32, ()),
        (Precision.FP16, ()),
        (Precision.INT8, ()),
        (Precision.INT16_WEIGHTS, ("matmul_v2 as mul (2)",)),
        (Precision.INT8_WEIGHTS, ("matmul_v2 as mul (2)",)),
    ],
)
def test_only_weights_stored_smaller_need_another_program(
    model: PreparedModel, tmp_path: Path, precision: Precision, changes: tuple[str, ...]
) -> None:
    written = rewrite_for_place(model, Place.of(Target.X86, precision), tmp_path)
    assert written.changes == (*model.changes, *changes)
    assert (written is model) == (not changes)
    assert len(list(tmp_path.iterdir())) == len(changes)
    products = [op.type for op in read_program(written.program).blocks[0].ops].count("mul")
    assert products == (2 if changes else 0)  # one reads weights that are turned once, and stored
