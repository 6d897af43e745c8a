"""Work, parameters and files of populations: as operator by operator, and as real files are."""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from edgeslim.conversion.prepare import prepare_layer
from edgeslim.errors import UsageError
from edgeslim.execution import Target
from edgeslim.lite.converter import Conversion, convert
from edgeslim.ops import macs
from edgeslim.opspec import OpSpec
from edgeslim.paddle_io.importing import load_paddle
from edgeslim.prediction.file_size import FILE_BYTES, operator_file_bytes
from edgeslim.prediction.population_sizes import PopulationSizes
from edgeslim.spaces import SPACES, Space
from tests.tools import require_module

WITHIN = 0.02
"""Predicted files are this near to real ones."""


def small(name: str) -> Space:
    family = SPACES.get(name)
    n, channels, *_ = family.input_shape
    return family.space((n, channels, 64, 80), 12)


def drawn(space: Space, count: int, seed: int) -> np.ndarray[tuple[int, int], np.dtype[np.int64]]:
    return np.random.default_rng(seed).integers(0, space.ranges, (count, len(space.ranges)))


def parameters(specs: Sequence[OpSpec]) -> int:
    weights = [shape for spec in specs for shapes in spec.weights.values() for shape in shapes]
    return sum(map(math.prod, weights))


@pytest.mark.parametrize("target", Target)
@pytest.mark.parametrize("name", ["blazeface", "light-nas-small", "resnet-small"])
@pytest.mark.slow
def test_sums_are_those_of_the_operators(name: str, target: Target) -> None:
    space = small(name)
    population = drawn(space, 40, 1)
    sizes = PopulationSizes(space, target).of(population)
    for place, vector in enumerate(population):
        specs = space.operators(tuple(map(int, vector)), target)
        assert sizes.macs[place] == macs(specs)
        assert sizes.parameters[place] == parameters(specs)
        assert sizes.file_bytes[place] == FILE_BYTES + sum(map(operator_file_bytes, specs))


def test_tokens_of_another_space_are_refused() -> None:
    space = small("resnet-small")
    sizes = PopulationSizes(space, Target.ARM)
    with pytest.raises(UsageError, match="token 0 of network 1 must be between 0 and 2, not 3"):
        sizes.of(np.array([space.initial_tokens, (3, *space.initial_tokens[1:])]))
    assert sizes.of(drawn(space, 0, 0)).macs.size == 0


@pytest.mark.slow
@pytest.mark.parametrize("name", SPACES.names())
def test_predicted_files_are_about_as_large_as_real_ones(name: str, tmp_path: Path) -> None:
    """A network for each target; a population's sums are those of its operators."""
    require_module("paddlelite")
    load_paddle()
    space = small(name)
    population = drawn(space, len(Target), 11)
    jobs, operators = [], []
    for target, vector in zip(Target, population, strict=True):
        tokens = tuple(map(int, vector))
        operators.append(space.operators(tokens, target))
        net = space.build(tokens)
        model = prepare_layer(net, space.input_shape, tmp_path / target.value, name=target.value)
        jobs.append(
            Conversion(
                model=model.program,
                parameters=model.parameters,
                target=target,
                output=tmp_path / target.value / "optimized",
            )
        )
    for specs, done in zip(operators, convert(jobs), strict=True):
        assert done.error is None, done.error
        predicted = FILE_BYTES + sum(map(operator_file_bytes, specs))
        size = done.conversion.result.stat().st_size
        assert predicted == pytest.approx(size, rel=WITHIN)
        # The file says so: parameters alone are less, and not by much of a large network.
        assert 4 * parameters(specs) < size
