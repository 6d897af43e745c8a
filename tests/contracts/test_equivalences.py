"""What every equivalence on the shelf keeps: its law, within its bound, in Paddle."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import edgeslim
from edgeslim.execution import Target
from edgeslim.paddle_io.difference import difference_and_scale
from edgeslim.paddle_io.export import run_in_paddle
from edgeslim.rewriting.equivalences import EQUIVALENCES, Equivalence
from edgeslim.rewriting.equivalences._example import Example
from edgeslim.rewriting.network import Network

SEEDS = range(8)


@pytest.fixture(params=EQUIVALENCES.names())
def equivalence(request: pytest.FixtureRequest) -> Equivalence:
    """Each equivalence of the shelf."""
    return EQUIVALENCES.get(request.param)


def drawn(equivalence: Equivalence, seed: int) -> Network:
    """An example of an equivalence; its result is multiplied by nothing and read by a fetch."""
    example = Example(seed)
    return example.end(equivalence.example(example))


def rewritings(equivalence: Equivalence, network: Network) -> dict[str, Network]:
    """The network with each form that the equivalence finds in it, by place and name."""
    found = {}
    for index, op in enumerate(network.ops):
        if op.kind not in equivalence.kinds:
            continue
        for number, form in enumerate(equivalence.forms(network, op)):
            changed = network.copy()
            forms = list(equivalence.forms(changed, changed.ops[index]))
            forms[number].write()
            changed.drop_unread()
            assert len({one.name for one in forms}) == len(forms)
            assert any(touched is op for touched in form.touched)
            found[f"{index} {form.name}"] = changed
    return found


def test_an_equivalence_says_what_it_is(equivalence: Equivalence) -> None:
    assert equivalence.law
    assert equivalence.limits
    assert equivalence.saves
    assert 0 < equivalence.bound <= 1e-5
    assert equivalence.kinds


@pytest.mark.slow
@pytest.mark.parametrize("seed", SEEDS)
def test_all_forms_compute_the_same(equivalence: Equivalence, seed: int, tmp_path: Path) -> None:
    network = drawn(equivalence, seed)
    found = rewritings(equivalence, network)
    assert found, "the example has no other form"
    generator = np.random.default_rng(seed)
    inputs = {
        name: generator.uniform(-3, 3, network.shapes[name]).astype(np.float32)
        for name in network.feeds
    }
    network.write(tmp_path / "before")
    expected = run_in_paddle(tmp_path / "before", inputs)
    for number, (name, changed) in enumerate(found.items()):
        changed.write(tmp_path / str(number))
        assert changed.fetches == network.fetches
        results = run_in_paddle(tmp_path / str(number), inputs)
        for truth, result in zip(expected, results, strict=True):
            assert truth.shape == result.shape, name
            off, scale = difference_and_scale(truth, result)
            assert off <= equivalence.bound * max(scale, 1e-6), (name, off / scale)


@pytest.mark.parametrize("seed", SEEDS)
def test_a_form_leaves_the_network_that_it_was_not_found_in(
    equivalence: Equivalence, seed: int
) -> None:
    network = drawn(equivalence, seed)
    before = [(op.kind, dict(op.inputs), dict(op.outputs)) for op in network.ops]
    rewritings(equivalence, network)
    assert [(op.kind, dict(op.inputs), dict(op.outputs)) for op in network.ops] == before


@pytest.mark.parametrize("seed", SEEDS)
def test_results_that_others_read_stay(equivalence: Equivalence, seed: int) -> None:
    """Every tensor of the network is an output, so nothing may be taken away."""
    network = drawn(equivalence, seed)
    network.fetches = tuple(op.result() for op in network.ops)
    for name, changed in rewritings(equivalence, network).items():
        made = {result for op in changed.ops for result in op.writes}
        assert made.issuperset(network.fetches), name


@pytest.mark.slow
def test_all_forms_are_right_for_both_targets(equivalence: Equivalence, tmp_path: Path) -> None:
    """`opt` converts them, and what it leaves computes what Paddle computes."""
    network = drawn(equivalence, 0)
    for number, (name, changed) in enumerate(rewritings(equivalence, network).items()):
        changed.write(tmp_path / str(number))
        done = edgeslim.convert(
            str(tmp_path / f"{number}.pdmodel"), list(Target), out=tmp_path / f"out{number}"
        )
        assert not done.failures, name
        assert all(model.outputs.max_rel < 1e-4 for model in done.models), name
