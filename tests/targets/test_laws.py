"""Each law: what Paddle saves meets it, what is converted does not, and that is still Paddle's."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from edgeslim.conversion.model_inputs import make_noise
from edgeslim.conversion.prepare import PreparedModel, prepare_layer
from edgeslim.errors import ModelError
from edgeslim.execution import Precision, Target
from edgeslim.graph import Graph
from edgeslim.lite.converter import Conversion, convert
from edgeslim.lite.optimized_program import read_optimized_program
from edgeslim.paddle_io.export import run_in_paddle
from edgeslim.paddle_io.importing import load_paddle
from edgeslim.paddle_io.optimized_operators.run import OptimizedNet
from edgeslim.paddle_io.program_operators import operators_of
from edgeslim.paddle_io.proto import read_program
from edgeslim.targets import Answer, Operator, Place, known_laws
from tests.lite.runtime import outputs_in_paddle_lite
from tests.made_once import made_once
from tests.targets.nets import FAMILIES, Example
from tests.tools import require_module

pytestmark = pytest.mark.slow

Array = np.ndarray[Any, Any]

LAWS = {law.name: law for law in known_laws().laws}
EXAMPLES = [example for family in FAMILIES.members().values() for example in family]
REWRITTEN = [example for example in EXAMPLES if LAWS[example.law].answer is Answer.REWRITTEN]
REFUSED = [example for example in EXAMPLES if LAWS[example.law].answer is Answer.REFUSED]

ALLOWED = 1e-5
"""Of the largest element of an output."""

CANCELLED = 1e-2
"""What noise of about 1 comes to by less than this has the rounding of what cancelled."""


@dataclass(frozen=True, kw_only=True)
class Outputs:
    """What an example computes: in Paddle, as converted for Arm, on this machine."""

    paddle: Sequence[Array]
    arm: Sequence[Array]
    x86: Sequence[Array]


@dataclass(frozen=True, kw_only=True)
class Rewritten:
    """An example as it is rewritten."""

    laws: frozenset[str]
    prefix: Path
    program: Path
    parameters: Path
    graph: Graph


def _named(example: Example) -> str:
    return f"{example.law} {EXAMPLES.index(example)}"


def _prepared(example: Example, folder: Path) -> PreparedModel:
    load_paddle().seed(0)
    return prepare_layer(example.build(), example.shape, folder, name=example.law)


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory) -> dict[int, Rewritten]:
    """All that is rewritten, by its number."""
    return made_once(tmp_path_factory, "laws", _rewrite_examples)


def _rewrite_examples(folder: Path) -> dict[int, Rewritten]:
    prepared = [
        _prepared(example, folder / str(number)) for number, example in enumerate(REWRITTEN)
    ]
    return {
        number: Rewritten(
            laws=frozenset(violation.law.name for violation in model.rewritten),
            prefix=model.prefix,
            program=model.program,
            parameters=model.parameters,
            graph=model.graph,
        )
        for number, model in enumerate(prepared)
    }


@pytest.fixture(scope="module")
def outputs(
    models: dict[int, Rewritten], tmp_path_factory: pytest.TempPathFactory
) -> dict[int, Outputs]:
    require_module("paddlelite")
    return made_once(tmp_path_factory, "laws-outputs", lambda folder: _outputs(models, folder))


def _outputs(models: dict[int, Rewritten], folder: Path) -> dict[int, Outputs]:
    done = convert(
        [
            Conversion(
                model=model.program,
                parameters=model.parameters,
                target=target,
                output=folder / f"{number}-{target.value}",
            )
            for number, model in models.items()
            for target in (Target.ARM, Target.X86)
        ]
    )
    assert not [str(job.error) for job in done if job.error]
    inputs = {
        number: make_noise(model.graph, np.random.default_rng(number))
        for number, model in models.items()
    }
    assert {len(given) for given in inputs.values()} == {1}
    images = {
        x86.conversion.result: next(iter(given.values()))
        for given, x86 in zip(inputs.values(), done[1::2], strict=True)
    }
    here = outputs_in_paddle_lite(images, timeout_s=300)
    return {
        number: Outputs(
            paddle=run_in_paddle(models[number].prefix, given),
            arm=OptimizedNet(read_optimized_program(arm.conversion.result)).run(given),
            x86=x86,
        )
        for (number, given), arm, x86 in zip(inputs.items(), done[::2], here, strict=True)
    }


@pytest.mark.parametrize("number", range(len(REWRITTEN)), ids=lambda n: _named(REWRITTEN[n]))
def test_an_example_meets_its_law_until_it_is_rewritten(
    number: int, models: dict[int, Rewritten]
) -> None:
    law, model = LAWS[REWRITTEN[number].law], models[number]
    assert law.name in model.laws, "the example is none"
    for target in Target:
        operators = operators_of(read_program(model.program))
        assert not known_laws().violations(operators, Place.of(target))


@pytest.mark.parametrize("number", range(len(REWRITTEN)), ids=lambda n: _named(REWRITTEN[n]))
@pytest.mark.parametrize("where", ["arm", "x86"])
def test_what_is_rewritten_computes_what_paddle_does(
    number: int, where: str, outputs: dict[int, Outputs]
) -> None:
    found = outputs[number]
    for expected, got in zip(found.paddle, getattr(found, where), strict=True):
        assert got.size == expected.size
        difference = np.abs(expected - got.reshape(expected.shape)).max()
        assert difference <= ALLOWED * max(CANCELLED, np.abs(expected).max())


@pytest.mark.parametrize("number", range(len(REFUSED)), ids=lambda n: _named(REFUSED[n]))
def test_what_has_no_right_form_is_refused_by_name(number: int, tmp_path: Path) -> None:
    example = REFUSED[number]
    law = LAWS[example.law]
    for kernels in law.kernels:
        place = Place(kernels=frozenset({kernels}), precision=min(law.precisions), threads=4)
        with pytest.raises(ModelError, match="cannot be converted: .*" + "|".join(law.operators)):
            place.check("net", _operators(example, tmp_path / kernels.value))


def _operators(example: Example, folder: Path) -> list[Operator]:
    return list(operators_of(read_program(_prepared(example, folder).program)))


OF_SAVED_MODELS = {"attributes-left-out", "outputs-left-out"}
"""What Paddle leaves out where it saves a program, and not where a layer is exported here; these
laws are proved in ``tests/paddle_io/test_lite_rewrite.py``."""


def test_every_law_of_floats_has_an_example() -> None:
    """Those of quantized models and stored weights are proved where these are made."""
    of_floats = {law.name for law in LAWS.values() if Precision.FP32 in law.precisions}
    assert of_floats - OF_SAVED_MODELS <= {example.law for example in EXAMPLES}
