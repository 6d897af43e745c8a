"""The six networks that light-NAS published, counted anew.

Source of the numbers: PaddlePaddle/models at 9aefcdc84, ``PaddleSlim/docs/demo.md`` section
3.8, which says them in percent of MobileNetV2. The absolute counts are those of the original
code on Paddle 1.8.5 (Python 3) and of its formulas (Python 2, in which ``/`` divides whole
numbers); ``target_flops: 592948064`` of the original's configuration is one of them.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import pytest

from edgeslim.conversion.build_network import build_network
from edgeslim.conversion.inspect_model import Inspection, inspect
from edgeslim.execution import Target
from edgeslim.families.light_nas.published import PUBLISHED_TOKENS
from edgeslim.prediction.population_sizes import PopulationSizes
from edgeslim.spaces import SPACES


class Counts(NamedTuple):
    """What a network costs at 224x224 and 1000 classes."""

    macs: int
    parameters: int
    flops_python2: int
    flops_python3: int


PUBLISHED = {
    "mobilenet-v2": Counts(313_619_328, 3_505_960, 592_948_064, 593_357_312),
    "tokens0": Counts(304_230_144, 3_214_184, 574_288_864, 574_698_112),
    "tokens1": Counts(263_816_544, 3_047_294, 492_126_478, 492_560_814),
    "tokens2": Counts(257_576_416, 3_826_070, 495_318_062, 495_653_222),
    "tokens3": Counts(228_483_200, 3_229_596, 425_107_776, 425_475_472),
    "tokens4": Counts(258_827_136, 3_345_832, 492_922_208, 493_275_008),
}


def test_the_space_starts_where_the_published_search_did() -> None:
    assert SPACES.get("light-nas").space().initial_tokens == PUBLISHED_TOKENS["mobilenet-v2"]


def test_a_search_counts_the_published_networks_as_the_original_did() -> None:
    sizes = PopulationSizes(SPACES.get("light-nas").space(), Target.ARM)
    tokens = np.array([PUBLISHED_TOKENS[name] for name in PUBLISHED], np.int64)
    expected = [counts.flops_python2 for counts in PUBLISHED.values()]
    assert sizes.paddleslim1_flops(tokens).tolist() == expected


@pytest.fixture(scope="module")
def counted(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Inspection]:
    """The networks, built from their tokens, saved, and looked into."""
    folder = tmp_path_factory.mktemp("published")
    return {
        name: inspect(str(build_network("light-nas", PUBLISHED_TOKENS[name], folder / name)))
        for name in PUBLISHED
    }


@pytest.mark.slow
@pytest.mark.parametrize("name", PUBLISHED)
def test_a_published_network_costs_what_was_published(
    counted: dict[str, Inspection], name: str
) -> None:
    found = counted[name]
    assert PUBLISHED[name] == (
        found.macs,
        found.parameters,
        found.paddleslim1_flops,
        found.paddleslim1_flops_python3,
    )
    assert list(found.inputs.values()) == [(1, 3, 224, 224)]


@pytest.mark.slow
@pytest.mark.parametrize(("name", "percent"), [("tokens0", -3), ("tokens1", -17)])
def test_the_published_savings_are_those_of_the_original_counter(
    counted: dict[str, Inspection], name: str, percent: int
) -> None:
    base = counted["mobilenet-v2"].paddleslim1_flops
    assert round(100 * (counted[name].paddleslim1_flops / base - 1)) == percent
