"""Programs whose operators are exchanged, and what is not taken for a product or sum."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from edgeslim.paddle_io.export import run_in_paddle
from edgeslim.paddle_io.proto import read_program
from edgeslim.rewriting.affine import affine_chain, affine_of
from edgeslim.rewriting.equivalences._example import Example
from edgeslim.rewriting.network import Network
from edgeslim.rewriting.proof import compare_in_paddle
from edgeslim.rewriting.sites import find_sites
from tests.rewriting.networks import affine_blocks


def with_constant(
    value: object, kind: str = "mul", shape: tuple[int, ...] = (1, 3, 4, 4)
) -> Network:
    """A product or sum with a constant."""
    example = Example(0)
    x = example.feed(shape)
    return example.end(example.binary(kind, x, example.constant(np.asarray(value)), axis=1))


@pytest.mark.parametrize("number", [np.inf, -np.inf, np.nan])
def test_constants_that_are_not_finite_stay(number: float) -> None:
    assert not find_sites(with_constant([number]))


def test_a_division_by_zero_stays() -> None:
    assert not find_sites(with_constant([0.0], "div"))


def test_a_chain_that_overflows_ends_before() -> None:
    example = Example(0)
    x = example.feed((1, 3, 4, 4))
    for number in (1e30, 1e30):
        x = example.binary("mul", x, example.constant(np.array([number])))
    network = example.end(x)
    chain = affine_chain(network, network.ops[0])
    assert chain is not None
    assert chain.ops == (network.ops[0],)


def test_a_chain_ends_where_an_output_is_read() -> None:
    network = affine_blocks(1)
    for op in network.ops:
        chain = affine_chain(network, op)
        if chain is not None and len(chain.ops) > 1:
            network.fetches = (*network.fetches, chain.ops[0].result())
            shorter = affine_chain(network, op)
            assert shorter is not None
            assert shorter.ops == chain.ops[:1]
            return
    pytest.fail("there is no chain")


def test_a_constant_that_makes_the_result_larger_is_none() -> None:
    example = Example(0)
    x = example.feed((1, 3, 1, 1))
    wide = example.constant(np.ones((1, 3, 4, 4)))
    result = example.write("elementwise_mul", {"X": x, "Y": wide}, (1, 3, 4, 4), axis=-1)
    network = example.end(result)
    assert affine_of(network, network.ops[0]) is None


def test_vectors_along_different_axes_are_not_joined() -> None:
    example = Example(0)
    x = example.feed((1, 3, 3, 3))
    x = example.binary("mul", x, example.weights((3,)), axis=1)
    x = example.binary("mul", x, example.weights((3,)), axis=3)
    network = example.end(x)
    chain = affine_chain(network, network.ops[0])
    assert chain is not None
    assert len(chain.ops) == 1


def test_a_part_has_what_it_reads_and_what_others_read() -> None:
    network = affine_blocks(1)
    part = network.part(network.ops[1:3])
    assert part.feeds == (network.ops[0].result(),)
    assert part.fetches == (network.ops[2].result(),)


@pytest.mark.slow
def test_a_network_is_read_as_it_was_written(tmp_path: Path) -> None:
    network = affine_blocks(2)
    network.write(tmp_path / "first")
    Network.read(tmp_path / "first").write(tmp_path / "again")
    for ending in (".pdmodel", ".pdiparams"):
        first, again = (tmp_path / f"{name}{ending}" for name in ("first", "again"))
        assert first.read_bytes() == again.read_bytes()


def test_a_network_without_weights_has_one_that_the_optimizer_needs(tmp_path: Path) -> None:
    example = Example(0)
    example.end(example.apply("relu", example.feed((1, 2)))).write(tmp_path / "relu")
    block = read_program(tmp_path / "relu.pdmodel").blocks[0]
    assert [var.name for var in block.vars if var.persistable] == ["feed", "fetch", "unused_weight"]


@pytest.mark.slow
def test_a_model_that_computes_something_else_is_found(tmp_path: Path) -> None:
    network = affine_blocks(2)
    network.write(tmp_path / "before")
    draw = np.random.default_rng(0)
    inputs = [{name: draw.normal(size=network.shapes[name]).astype("f") for name in network.feeds}]
    same = compare_in_paddle(tmp_path / "before", tmp_path / "before", inputs, tmp_path)
    assert (same.off, same.rounding, same.is_accepted) == (0.0, None, True)
    name = next(name for name, value in network.values.items() if value.ndim == 4)
    network.values[name] = network.values[name] * np.float32(1.001)
    network.write(tmp_path / "after")
    found = compare_in_paddle(tmp_path / "before", tmp_path / "after", inputs, tmp_path)
    assert found.off > 1e-5
    assert found.rounding is not None
    assert found.rounding < found.off / 2
    assert not found.is_accepted
    before = run_in_paddle(tmp_path / "before", inputs[0])
    assert np.isfinite(before[0]).all()
