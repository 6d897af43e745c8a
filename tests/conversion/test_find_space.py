"""Spaces of users: found, held to what they should be, and known without asking the optimizer."""

from __future__ import annotations

import logging
from collections import Counter
from itertools import product
from pathlib import Path

import numpy as np
import pytest

from edgeslim.conversion.build_network import build_network
from edgeslim.conversion.find_space import find_space
from edgeslim.conversion.inspect_model import inspect
from edgeslim.conversion.optimized import optimize_and_fuse
from edgeslim.conversion.prepare import prepare_layer
from edgeslim.errors import BadFileError, EdgeslimError, UnknownNameError, UsageError
from edgeslim.execution import Target
from edgeslim.latency_table import LatencyTable
from edgeslim.opspec import OpSpec
from edgeslim.prediction.population import PopulationPredictor
from edgeslim.prediction.predictor import Predictor
from edgeslim.searching.largest import largest
from edgeslim.spaces import SPACES, Space, Tokens, every_operator, operator_use, some_networks
from tests.conversion.own_spaces import PAIRS, documented, written
from tests.searching.made_up import made_up_ms
from tests.values import row, table_at

pytestmark = pytest.mark.slow

WORDS = "ranges = (2, 2); initial_tokens = (0, 1); input_shape = (1, 1, 8, 8); num_classes = 2"
BUILD = "build = staticmethod(lambda tokens, num_classes: 1)"


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return written(tmp_path_factory.mktemp("own"), PAIRS)


@pytest.fixture(scope="module")
def pairs(file: Path) -> Space:
    return find_space(str(file)).space()


def everyone(space: Space) -> list[Tokens]:
    return list(product(*map(range, space.ranges)))


def put_together(
    space: Space, tokens: Tokens, target: Target | None
) -> tuple[dict[OpSpec, int], bool]:
    variants = [
        segment.variant(tuple(tokens[place] for place in segment.positions))
        for segment in space.segments(target)
    ]
    merges = sum(variant.pays for variant in variants) > 0
    counts: Counter[OpSpec] = Counter()
    for variant in variants:
        for spec, count in (variant.merged if merges else variant.plain).items():
            counts[spec] += count
    return {spec: count for spec, count in counts.items() if count}, merges


def test_names_are_names_of_the_shelf() -> None:
    assert find_space("light-nas") is SPACES.get("light-nas")
    with pytest.raises(UnknownNameError, match="unknown search space 'nasbench'"):
        find_space("nasbench")


def test_a_family_in_a_file_is_taken_as_it_is(tmp_path: Path) -> None:
    content = "from edgeslim.spaces import SPACES\nSPACE = SPACES.get('resnet-small')"
    assert find_space(str(written(tmp_path, content))) is SPACES.get("resnet-small")


def test_parts_say_what_every_network_is_before_fusion(pairs: Space) -> None:
    for tokens in everyone(pairs)[::3]:
        counts, _ = put_together(pairs, tokens, None)
        operators = pairs.operators(tokens, None)
        assert counts == dict(Counter(operators)), tokens
        assert "batch_norm" in {spec.kind for spec in operators}


@pytest.mark.parametrize("target", Target)
def test_parts_say_what_every_network_is_made_of(pairs: Space, target: Target) -> None:
    merged = 0
    chosen = everyone(pairs)[:: 1 if target is Target.ARM else 3]
    for tokens in chosen:
        counts, merges = put_together(pairs, tokens, target)
        assert counts == dict(Counter(pairs.operators(tokens, target))), tokens
        merged += merges
    assert 0 < merged < len(chosen), "both kinds of network are among them"


@pytest.mark.parametrize("target", Target)
def test_what_is_traced_is_what_the_optimizer_leaves(
    pairs: Space, target: Target, tmp_path: Path
) -> None:
    chosen = everyone(pairs)[::5]
    models = [
        prepare_layer(pairs.build(tokens), pairs.input_shape, tmp_path / str(n), name=str(n))
        for n, tokens in enumerate(chosen)
    ]
    for tokens, result in zip(chosen, optimize_and_fuse(models, target, tmp_path), strict=True):
        assert not isinstance(result, EdgeslimError)
        assert Counter(result[1].specs) == Counter(pairs.operators(tokens, target))


def test_its_operators_are_those_of_all_its_networks(pairs: Space) -> None:
    seen = {spec for tokens in everyone(pairs) for spec in pairs.operators(tokens, Target.ARM)}
    assert seen <= set(every_operator(pairs, Target.ARM))
    often = Counter(
        spec for tokens in everyone(pairs) for spec in pairs.operators(tokens, Target.ARM)
    )
    (pool,) = (spec for spec in often if spec.kind == "pool2d" and spec.input_shape[1] == 28)
    use = operator_use(pairs, Target.ARM)
    assert use[pool] == pytest.approx(often[pool] / len(everyone(pairs)))


def test_without_parts_networks_are_asked_one_by_one(
    file: Path, pairs: Space, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    unknown = find_space(f"{file}:UNKNOWN").space()
    assert unknown.segments(Target.X86) == ()
    assert unknown.name == "own-space-unknown"
    with caplog.at_level(logging.WARNING):
        specs = every_operator(unknown, Target.X86)
    assert set(specs) == {
        spec for tokens in some_networks(unknown) for spec in unknown.operators(tokens, Target.X86)
    }
    assert "nothing is known of the parts of own-space-unknown" in caplog.text
    known = every_operator(pairs, Target.X86)
    table = table_at(tmp_path / "table.jsonl", *(row(spec, made_up_ms(spec)) for spec in known))
    population = np.array(everyone(pairs)[::3])
    both = [
        PopulationPredictor(Predictor(table), space).latencies_and_macs(population)
        for space in (unknown, pairs)
    ]
    np.testing.assert_allclose(both[0], both[1], rtol=1e-9)


def test_parts_that_do_not_add_up_are_refused_with_a_network(file: Path) -> None:
    wrong = find_space(f"{file}:WRONG").space()
    with pytest.raises(BadFileError, match=r"own_space\.py: WRONG: the parts do not add up to"):
        wrong.segments(Target.ARM)


def test_the_documented_space_goes_all_the_way(tmp_path: Path) -> None:
    file = written(tmp_path, documented(), "plain.py")
    family = find_space(str(file))
    space = family.space()
    assert (space.name, family.summary) == ("plain", "two stages of plain convolutions")
    assert family.space() is space, "what was found out about it is kept"
    table = LatencyTable.read(
        table_at(
            tmp_path / "table.jsonl",
            *(row(spec, made_up_ms(spec)) for spec in every_operator(space, Target.X86)),
        ).path
    )
    found = largest(str(file), 0.5, table.path, count=3)
    assert found.whole_space
    assert all(network.predicted_ms <= 0.5 for network in found.networks)
    with pytest.raises(UsageError, match="token 2 must be between 0 and 2, not 3"):
        space.check((0, 0, 3, 0))
    with pytest.raises(UsageError, match="at least 2 classes, not 1"):
        family.space(None, 1)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("space = 1", r"own_space\.py defines no SPACE; define it, or name what is the space"),
        ("SPACE = 1", r"own_space\.py: SPACE has no ranges, no initial_tokens, no build"),
        ("class SPACE: pass", r"SPACE is a class; give one of its objects: SPACE\(\)"),
        (f"{WORDS}; ranges = ()", "ranges is empty; say how many values each token has"),
        (f"{WORDS}; ranges = (2, 0)", r"ranges\[1\] must be at least 1, not 0"),
        (f"{WORDS}; ranges = (1, 1)", "ranges leave nothing to choose: all are 1"),
        (f"{WORDS}; ranges = (2, 1.5)", r"ranges must be whole numbers, not \(2, 1\.5\)"),
        (f"{WORDS}; ranges = 3", "ranges must be whole numbers, not 3"),
        (f"{WORDS}; initial_tokens = (0,)", "initial_tokens: there must be 2 tokens, not 1"),
        (f"{WORDS}; initial_tokens = (0, 2)", "initial_tokens: token 1 must be between 0 and 1"),
        (f"{WORDS}; num_classes = '10'", "num_classes must be whole numbers"),
        (f"{WORDS}; parts = ((0, 2),)", r"parts\[0\]: there is no token 2; positions are 0 to 1"),
        (f"{WORDS}; parts = 1", "parts must be lists of positions, not 1"),
        (f"{WORDS}; build = 3", "SPACE.build must be a function"),
    ],
)
def test_what_is_wrong_with_a_file_is_said_in_one_line(
    tmp_path: Path, content: str, message: str
) -> None:
    if content.startswith(WORDS):
        words = content if "build" in content else f"{content}; {BUILD}"
        content = f"class Own: {words}\nSPACE = Own()"
    with pytest.raises(BadFileError, match=message) as caught:
        find_space(str(written(tmp_path, content)))
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ("1 / 0", r"SPACE\.build\(\(0, 1\), 2\) raises ZeroDivisionError: division by zero"),
        ("'net'", r"SPACE\.build\(\(0, 1\), 2\) returns str, not a paddle\.nn\.Layer"),
    ],
)
def test_what_build_does_wrong_is_said_with_the_tokens(
    tmp_path: Path, body: str, message: str
) -> None:
    build = f"build = staticmethod(lambda tokens, num_classes: {body})"
    content = f"class Own: {WORDS}; {build}\nSPACE = Own()"
    space = find_space(str(written(tmp_path, content))).space()
    with pytest.raises(BadFileError, match=message):
        space.operators(space.initial_tokens, Target.ARM)


def test_a_network_of_it_is_built_and_saved_as_of_any_space(file: Path, tmp_path: Path) -> None:
    folder = build_network(str(file), (1, 1, 1, 0, 1), tmp_path / "net")
    assert list(inspect(str(folder)).inputs.values()) == [(1, 4, 8, 8)]


def test_a_name_of_the_shelf_and_an_object_that_is_not_there_are_refused(
    file: Path, tmp_path: Path
) -> None:
    with pytest.raises(BadFileError, match="there is a space called resnet already"):
        find_space(str(written(tmp_path, PAIRS, "resnet.py")))
    with pytest.raises(UnknownNameError, match="did you mean 'WRONG'"):
        find_space(f"{file}:WRONGS")
    with pytest.raises(BadFileError, match="there is no file"):
        find_space(str(tmp_path / "none.py"))
