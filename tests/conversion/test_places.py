"""What is converted for a place is right there, and what is not is refused before `opt`."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from paddle import nn

from edgeslim.conversion.operator_jobs import null_operator, operator_jobs, reference_operator
from edgeslim.conversion.optimized import (
    OptimizedFile,
    check_place,
    fused_graph,
    optimize,
    optimize_and_fuse,
)
from edgeslim.conversion.prepare import prepare_layer
from edgeslim.errors import EdgeslimError, ModelError
from edgeslim.execution import Target
from edgeslim.runner.job import Job
from edgeslim.targets import Answer, Kernels, Law, LawBook, Place
from tests.tools import require_module

pytestmark = pytest.mark.slow

LAW = Law(
    name="rectifiers",
    operators=("relu",),
    condition="always",
    meets=lambda _: True,
    happens="they are wrong",
    source="made up",
    answer=Answer.ONE_THREAD,
    kernels=frozenset({Kernels.ARMV7}),
    several_threads=True,
)
LAWS = LawBook((LAW,))
ARMV7 = Place(kernels=frozenset({Kernels.ARMV7}), laws=LAWS)
ONE_THREAD = replace(ARMV7, threads=1)
ARMV8 = replace(ARMV7, kernels=frozenset({Kernels.ARMV8}))


@pytest.fixture(autouse=True)
def _needs_the_optimizer() -> None:
    require_module("paddlelite")


def test_a_model_is_refused_where_it_is_wrong_alone(tmp_path: Path) -> None:
    model = prepare_layer(nn.ReLU(), (1, 4, 8, 8), tmp_path / "model", name="net")
    for place in (ARMV7, Place.of(Target.ARM, laws=LAWS)):
        with pytest.raises(ModelError, match=r"net cannot be converted: relu .* on armv7"):
            check_place(model, place)
        with pytest.raises(ModelError, match=r"net cannot be converted: relu"):
            optimize(model, Target.ARM, tmp_path / "refused", place=place)
        assert not (tmp_path / "refused.nb").exists()
    for number, place in enumerate((ONE_THREAD, ARMV8)):
        assert optimize(model, Target.ARM, tmp_path / str(number), place=place).path.is_file()


def test_of_many_models_those_that_are_wrong_are_errors_in_their_place(tmp_path: Path) -> None:
    nets = {"first": nn.Sigmoid(), "second": nn.ReLU(), "third": nn.ReLU6()}
    models = [
        prepare_layer(net, (1, 4, 8, 8), tmp_path / name, name=name) for name, net in nets.items()
    ]
    first, second, third = optimize_and_fuse(models, Target.ARM, tmp_path, place=ARMV7)
    assert isinstance(second, ModelError)
    for job in (first, third):
        assert not isinstance(job, EdgeslimError)
        file, graph = job
        assert isinstance(file, OptimizedFile)
        assert len(graph.specs) == 1


def test_an_operator_that_no_network_may_have_is_not_timed(tmp_path: Path) -> None:
    specs = [null_operator(), reference_operator()]
    relu, convolution = operator_jobs(specs, Target.ARM, tmp_path, states=(), place=ARMV7)
    assert isinstance(relu, ModelError)
    assert isinstance(convolution, Job)
    relu, _ = operator_jobs(specs, Target.ARM, tmp_path, states=(), place=ONE_THREAD)
    assert isinstance(relu, Job)


def test_what_has_no_kernels_has_no_fused_graph(tmp_path: Path) -> None:
    model = prepare_layer(nn.Conv3DTranspose(2, 3, 1), (1, 2, 4, 4, 4), tmp_path, name="net")
    with pytest.raises(ModelError, match=r"conv3d_transpose .*: there is no kernel for it on arm"):
        fused_graph(model, Target.ARM)
