"""What a space writes down, and what our own rules leave, is what ``opt`` leaves of networks."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest

from edgeslim.conversion.optimized import unfused_graph
from edgeslim.conversion.prepare import PreparedModel, prepare_layer
from edgeslim.execution import Target
from edgeslim.files import temporary_folder
from edgeslim.lite.converter import Conversion, ConversionTask, convert
from edgeslim.opspec import OpSpec
from edgeslim.paddle_io.importing import load_paddle
from edgeslim.paddle_io.program_graph import read_graph
from edgeslim.spaces import SPACES, Space, Tokens
from tests.fusion.left import assert_rules_leave
from tests.tools import require_module

pytestmark = pytest.mark.slow

VECTORS = 2
DRAWN = 100
MERGED = 1
"""So many of them have convolutions that the optimizer merges."""

SMALL = [("mobilenet-v3", (33, 47), 1), ("resnet", (47, 33), 1)]
"""Small images take another way through the stem."""

CONVOLUTIONS = {"conv2d", "depthwise_conv2d"}


@dataclass(frozen=True)
class Networks:
    """Networks of a space, saved."""

    space: Space
    models: dict[Tokens, PreparedModel]


@pytest.fixture(
    scope="module",
    params=[*((name, (64, 64), VECTORS) for name in SPACES.names()), *SMALL],
    ids=lambda each: f"{each[0]}-{each[1][0]}",
)
def networks(request: pytest.FixtureRequest) -> Iterator[Networks]:
    require_module("paddlelite")
    load_paddle()
    name, sides, count = request.param
    family = SPACES.get(name)
    n, channels, *own = family.input_shape
    space = family.space((n, channels, *map(min, own, sides)), 10)
    with temporary_folder() as folder:
        models = {
            tokens: prepare_layer(
                space.build(tokens), space.input_shape, folder / str(index), name=str(index)
            )
            for index, tokens in enumerate(some_tokens(space)[:count])
        }
        yield Networks(space, models)


def some_tokens(space: Space) -> list[Tokens]:
    """Random vectors; of the light-NAS spaces, some whose convolutions are merged."""
    drawn = np.random.default_rng(0).integers(0, space.ranges, (DRAWN, len(space.ranges)))
    vectors = [tuple(map(int, tokens)) for tokens in drawn]
    # What the space believes only chooses the vectors; the optimizer has the last word.
    merged = [tokens for tokens in vectors if believes_in_merging(space, tokens)]
    others = [tokens for tokens in vectors if tokens not in merged]
    return [*merged[:MERGED], *others, *merged[MERGED:]][:VECTORS]


def believes_in_merging(space: Space, tokens: Tokens) -> bool:
    kinds = Counter(spec.kind for spec in space.operators(tokens, Target.X86))
    # A bottleneck has one depthwise convolution and two others; stem and head have one each.
    return kinds["conv2d"] < 2 * kinds["depthwise_conv2d"] + 2


def convolutions(operators: tuple[OpSpec, ...]) -> int:
    return sum(spec.kind in CONVOLUTIONS for spec in operators)


def test_what_a_space_says_before_fusion_is_the_network_as_it_is_written(
    networks: Networks,
) -> None:
    for tokens, model in networks.models.items():
        written = Counter(unfused_graph(model).specs)
        assert written == Counter(networks.space.operators(tokens, None)), tokens


@pytest.mark.parametrize("target", Target)
def test_what_a_space_and_the_rules_say_is_what_the_optimizer_leaves(
    networks: Networks, target: Target, tmp_path: Path
) -> None:
    conversions = [
        Conversion(
            model=model.program,
            parameters=model.parameters,
            target=target,
            output=tmp_path / model.name,
            task=ConversionTask.FUSE,
        )
        for model in networks.models.values()
    ]
    merged = 0
    for (tokens, model), done in zip(networks.models.items(), convert(conversions), strict=True):
        assert done.error is None, done.error
        program = done.conversion.result
        left = read_graph(program, program.with_name("params"))
        assert Counter(left.specs) == Counter(networks.space.operators(tokens, target)), tokens
        assert_rules_leave(left, model, target, f"{tokens} for {target.value}")
        merged += convolutions(left.specs) < convolutions(model.graph.specs)
    if networks.space.name.startswith("light-nas"):
        assert MERGED <= merged < VECTORS
