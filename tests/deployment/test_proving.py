"""What is proved of a converted model before it is handed out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import pytest
from msgspec import structs

from edgeslim.conversion.optimized import OptimizedFile, optimize
from edgeslim.conversion.prepare import PreparedModel, prepare_layer
from edgeslim.deployment.claims import Claim
from edgeslim.deployment.deploy import convert
from edgeslim.deployment.judgement import OutputDifference
from edgeslim.deployment.prove_variants import prove_variants
from edgeslim.deployment.proving import prove_optimized, truth_for
from edgeslim.deployment.variants import ModelVariant
from edgeslim.errors import ModelError
from edgeslim.execution import Precision, Target
from edgeslim.files import write_bytes
from edgeslim.lite.converter import Conversion
from edgeslim.lite.converter import convert as optimize_all
from edgeslim.lite.optimized_model import read_optimized_model
from edgeslim.measuring.device_session import open_device
from edgeslim.paddle_io.draft import Draft
from edgeslim.paddle_io.proto import read_program
from edgeslim.paddle_io.rewrites.direct_biases import REWRITE as DIRECT_BIASES
from tests.deployment.nets_for_proofs import scaled_behind_activation

pytestmark = pytest.mark.slow

SHAPE = (1, 4, 8, 8)

SPOILED = [
    ("relu", -1.0, 1.0, False),
    ("relu", 1.0, 0.5, True),
    ("relu6", -2.0, 0.0, True),
    ("relu6", 2.0, 0.0, False),
    ("leaky_relu", -1.0, 1.0, True),
    ("leaky_relu", -2.0, 0.0, False),
    ("hardswish", 2.0, 0.0, False),
    ("hardswish", -1.0, 1.0, False),
]
"""Activations of a convolution, what they are multiplied by and what is added, and if depthwise:
the optimizer takes that into the convolution, before its activation."""

RIGHT = [("relu", 2.0, 0.0, False), ("leaky_relu", 2.0, 0.0, True), ("hardswish", 2.0, 0.0, True)]
"""Where that commutes, or arm does not do it."""

Case = tuple[str, float, float, bool]


def without_barriers(model: PreparedModel) -> Path:
    """A program that the optimizer can fuse, and is free to spoil."""
    program = read_program(model.prefix.with_suffix(".pdmodel"))
    DIRECT_BIASES.apply(Draft(program))
    path = model.program.with_name("free.pdmodel")
    write_bytes(path, program.SerializeToString())
    return path


@pytest.fixture(scope="module")
def optimized(
    tmp_path_factory: pytest.TempPathFactory,
) -> Mapping[Case, Claim]:
    """Each case straight through the optimizer for arm, whatever is rewritten before it else."""
    folder = tmp_path_factory.mktemp("proving")
    cases = [*SPOILED, *RIGHT]
    models = [
        prepare_layer(
            scaled_behind_activation(act, factor=factor, offset=offset, depthwise=depthwise),
            SHAPE,
            folder / str(number),
            name="net",
        )
        for number, (act, factor, offset, depthwise) in enumerate(cases)
    ]
    done = optimize_all(
        [
            Conversion(
                model=without_barriers(model),
                parameters=model.parameters,
                target=Target.ARM,
                output=folder / f"{number}.arm",
            )
            for number, model in enumerate(models)
        ]
    )
    assert [result.error for result in done] == [None] * len(cases)
    files = [result.conversion.result for result in done]
    return {
        case: Claim(
            model=model,
            file=OptimizedFile(path=file, facts=read_optimized_model(file)),
            target=Target.ARM,
            precision=Precision.FP32,
        )
        for case, model, file in zip(cases, models, files, strict=True)
    }


@pytest.mark.parametrize("case", SPOILED, ids=str)
def test_what_the_optimizer_spoils_for_another_processor_is_refused(
    case: Case, optimized: Mapping[Case, Claim]
) -> None:
    claim = optimized[case]
    with pytest.raises(ModelError, match="computes something else"):
        prove_optimized(claim, truth_for(claim.model, [Precision.FP32]))


@pytest.mark.parametrize("case", RIGHT, ids=str)
def test_what_it_fuses_rightly_is_proved(case: Case, optimized: Mapping[Case, Claim]) -> None:
    claim = optimized[case]
    found = prove_optimized(claim, truth_for(claim.model, [Precision.FP32]))
    assert isinstance(found, OutputDifference)
    assert found.max_rel < 1e-5


NETS = """
import paddle

class Plain(paddle.nn.Layer):
    def __init__(self):
        super().__init__()
        self.convolution = paddle.nn.Conv2D(3, 4, 3)

    def forward(self, x):
        return paddle.nn.functional.relu(self.convolution(x))

def net():
    paddle.seed(0)
    return Plain()
"""


def test_a_file_that_is_only_converted_is_proved_by_its_operators_and_by_a_twin(
    tmp_path: Path,
) -> None:
    (tmp_path / "nets.py").write_text(NETS)
    done = convert(
        f"{tmp_path}/nets.py:net",
        [Target.ARM, Target.X86],
        out=tmp_path / "out",
        input_shapes={"": (1, 3, 8, 8)},
    )
    assert [model.outputs.proved_by for model in done.models] == [
        ("interpreter", "twin"),
        ("interpreter", "runtime"),
    ]
    for model in done.models:
        assert model.outputs.max_rel < 1e-5
    assert done.warnings == ()


def test_nothing_runs_on_another_machine_before_its_meaning_is_proved(
    optimized: Mapping[Case, Claim], tmp_path: Path
) -> None:
    right, wrong = optimized[RIGHT[0]], optimized[SPOILED[0]]
    file = optimize(right.model, Target.X86, tmp_path / "net")
    with open_device("host") as session:
        elsewhere = replace(session, profile=structs.replace(session.profile, transport="ssh"))
        good = ModelVariant(
            precision=Precision.FP32, model=right.model, file=file, session=elsewhere
        )
        ((way, difference),), failed = prove_variants([good], tmp_path)
        here = replace(good, session=session)
        ((same, _),), _ = prove_variants([here], tmp_path)
        # A file for arm cannot run here at all: it is not even tried.
        bad = replace(good, model=wrong.model, file=wrong.file)
        with pytest.raises(ModelError, match="as opt converts it for x86"):
            prove_variants([bad], tmp_path)
    assert (way.proved_by, way.without_meaning, failed) == (("interpreter", "device"), (), [])
    assert difference.max_rel < 1e-5
    assert same.proved_by == ("device",)
