"""Networks saved with Paddle's defaults and without are the same to Paddle-Lite."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from paddle.vision import models as vision

from edgeslim.execution import Target
from tests.conversion.conftest import Made, assert_computes_as_paddle, make
from tests.conversion.nets import INPUT_SHAPE, NETS

pytestmark = pytest.mark.slow

VISION = ("mobilenet_v2", "mobilenet_v3_small", "shufflenet_v2_x0_25")


@pytest.fixture(scope="module")
def small(both_ways: Any, tmp_path_factory: pytest.TempPathFactory) -> dict[Any, Made]:
    """By name, whether stripped, and target."""
    models = {
        (name, clip): model
        for name, build in NETS.items()
        for clip, model in both_ways(name, build(), INPUT_SHAPE).items()
    }
    return {
        (*key, target): made
        for target in Target
        for key, made in make(models, target, tmp_path_factory.mktemp(target.value)).items()
    }


@pytest.mark.parametrize("target", list(Target))
@pytest.mark.parametrize("name", sorted(NETS))
def test_the_same_operators_are_left(name: str, target: Target, small: dict[Any, Made]) -> None:
    whole, stripped = (small[name, clip, target].fused.specs for clip in (False, True))
    assert stripped == whole


def test_the_same_results(small: dict[Any, Made]) -> None:
    made = {
        f"{name} {clip}": small[name, clip, Target.X86] for name in NETS for clip in (False, True)
    }
    assert_computes_as_paddle(made)


FUSED = {
    "classifier": ["conv2d", "pool2d", "flatten_contiguous_range", "fc"],
    "hard-swish": ["conv2d"],
    "leaky-relu": ["conv2d"],
    "prelu": ["conv2d", "prelu"],
    "silu": ["conv2d", "silu"],
    "swish": ["conv2d", "swish"],
    "transposed": ["conv2d", "conv2d_transpose"],
}


@pytest.mark.parametrize("name", sorted(FUSED))
def test_biases_norms_and_activations_are_fused(name: str, small: dict[Any, Made]) -> None:
    found = small[name, True, Target.ARM].fused.specs
    assert [spec.kind for spec in found] == FUSED[name]
    assert all("Bias" in spec.weights for spec in found if "conv2d" in spec.kind)


@pytest.mark.parametrize("name", VISION)
def test_published_networks(name: str, both_ways: Any, tmp_path: Path) -> None:
    net = getattr(vision, name)(pretrained=False, num_classes=10)
    models = both_ways(name, net, (1, 3, 64, 64))
    assert models[True].changes != models[False].changes
    made = make(models, Target.X86, tmp_path / "x86")
    # Which of two parallel branches comes first hangs on addresses in memory.
    assert Counter(made[True].fused.specs) == Counter(made[False].fused.specs)
    assert_computes_as_paddle({str(clip): net for clip, net in made.items()})
