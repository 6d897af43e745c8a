"""Forms that are chosen by their prices."""

from __future__ import annotations

from collections import Counter
from itertools import product
from pathlib import Path

import pytest

from edgeslim.execution import Target
from edgeslim.opspec import OpSpec
from edgeslim.rewriting.choose import choose_forms, form_operators
from edgeslim.rewriting.network import Network
from edgeslim.rewriting.sites import Windows, apply_choices, find_sites
from tests.rewriting.networks import affine_blocks, like_x86, made_up_prices


def fused(network: Network) -> Counter[OpSpec]:
    """The fused operators of a whole network."""
    found = Windows(network, Target.X86)._fused_operators(network)
    assert found is not None
    return found


def total_ms(network: Network) -> float:
    return sum(count * like_x86(spec) for spec, count in fused(network).items())


def kinds(network: Network) -> list[str]:
    return [op.kind for op in network.ops]


@pytest.mark.parametrize("seed", range(12))
def test_no_combination_of_forms_is_cheaper(seed: int, tmp_path: Path) -> None:
    network = affine_blocks(seed)
    sites = find_sites(network)
    others = []
    for names in product(*((None, *site.forms) for site in sites)):
        other = network.copy()
        chosen = [(site.place, name) for site, name in zip(sites, names, strict=True) if name]
        apply_choices(other, chosen)
        other.drop_unread()
        others.append(total_ms(other))
    prices = made_up_prices(tmp_path, list(fused(network).elements()), like_x86)
    choose_forms(network, Target.X86, prices)
    assert total_ms(network) <= min(others) + 1e-4


def test_where_the_other_form_is_slower_it_is_not_taken(tmp_path: Path) -> None:
    network = affine_blocks(1)
    before = kinds(network)

    def dear_scales(spec: OpSpec) -> float:
        return 10.0 if spec.kind in {"scale", "sigmoid", "clip"} else 0.1

    def free_sums(spec: OpSpec) -> float:
        return 1e-6 if spec.kind.startswith("elementwise") else dear_scales(spec)

    prices = made_up_prices(tmp_path, list(fused(network).elements()), free_sums)
    taken = choose_forms(network, Target.X86, prices)
    assert not {one.form for one in taken} & {"scale", "sigmoid", "clip", "product"}
    assert kinds(network).count("scale") <= before.count("scale")


def test_forms_whose_operators_have_no_price_are_not_taken(tmp_path: Path) -> None:
    network = affine_blocks(1)
    before = kinds(network)
    specs = [spec for spec in fused(network).elements() if spec.kind == "relu"]
    prices = made_up_prices(tmp_path, specs, like_x86, measures=False)
    assert choose_forms(network, Target.X86, prices) == []
    assert kinds(network) == before
    assert prices.unknown_operators


def test_what_saves_nothing_is_not_taken(tmp_path: Path) -> None:
    network = affine_blocks(3)
    prices = made_up_prices(tmp_path, list(fused(network).elements()), lambda _: 1e-6)
    assert choose_forms(network, Target.X86, prices) == []


def test_equivalences_can_be_left_out(tmp_path: Path) -> None:
    network = affine_blocks(1)
    prices = made_up_prices(tmp_path, list(fused(network).elements()), like_x86)
    taken = choose_forms(network, Target.X86, prices, without=["tanh-by-sigmoid", "single-factors"])
    assert taken
    assert not {one.equivalence for one in taken} & {"tanh-by-sigmoid", "single-factors"}


def test_with_the_operators_of_all_forms_a_table_alone_finds_a_faster_one(tmp_path: Path) -> None:
    network = affine_blocks(1)
    others = form_operators(network, Target.X86)
    own = list(fused(network).elements())
    assert others
    assert not set(others) & set(own)
    prices = made_up_prices(tmp_path, [*own, *others], like_x86, measures=False)
    before_ms = total_ms(network)
    assert choose_forms(network, Target.X86, prices)
    assert total_ms(network) < before_ms / 2
