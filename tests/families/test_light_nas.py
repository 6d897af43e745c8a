from __future__ import annotations

from dataclasses import replace

import numpy as np
import paddle
import pytest

from edgeslim.families.light_nas.architecture import BottleneckGroup, LightNasArchitecture
from edgeslim.families.light_nas.layers import LightNasNet
from edgeslim.families.light_nas.published import PUBLISHED_TOKENS
from edgeslim.families.light_nas.tokens import RANGES, architecture
from tests.families.costs import cost_of

pytestmark = pytest.mark.slow

PUBLISHED = {
    "mobilenet-v2": (313_619_328, 3_505_960),
    "tokens0": (304_230_144, 3_214_184),
    "tokens1": (263_816_544, 3_047_294),
    "tokens2": (257_576_416, 3_826_070),
    "tokens3": (228_483_200, 3_229_596),
    "tokens4": (258_827_136, 3_345_832),
}
"""Multiply-accumulates at 224x224 and trainable parameters, at 1000 classes."""

GROUP = BottleneckGroup(expansion=2, channels=8, layers=3)
SMALL = LightNasArchitecture(groups=(GROUP,), stem_channels=8, head_channels=16)


@pytest.mark.parametrize("name", sorted(PUBLISHED))
def test_published_networks(name: str) -> None:
    net = LightNasNet(architecture(PUBLISHED_TOKENS[name]), 1000)
    assert cost_of(net, (1, 3, 224, 224)) == PUBLISHED[name]


@pytest.mark.parametrize("seed", range(3))
def test_random_tokens_build_and_run(seed: int) -> None:
    tokens = [int(token) for token in np.random.default_rng(seed).integers(0, RANGES)]
    net = LightNasNet(architecture(tokens), 10)
    net.eval()
    scores = net(paddle.randn([2, 3, 64, 64])).numpy()
    assert scores.shape == (2, 10)
    assert np.isfinite(scores).all()


@pytest.mark.parametrize("extent", [1, 8, 33])
def test_any_input_size_and_channels(extent: int) -> None:
    net = LightNasNet(SMALL, 5, in_channels=1)
    net.eval()
    assert net(paddle.randn([2, 1, extent, extent])).shape == [2, 5]


def _layers(architecture: LightNasArchitecture) -> list[paddle.nn.Layer]:
    """The bottlenecks, in order, with the last batch norm of each giving only zeros."""
    net = LightNasNet(architecture, 4)
    net.eval()
    blocks = [layer for name, layer in net.named_children() if name.startswith("conv2_")]
    for block in blocks:
        block.linear.norm.weight.set_value(paddle.zeros([GROUP.channels]))
    return blocks


def _answers(architecture: LightNasArchitecture, images: paddle.Tensor) -> list[paddle.Tensor]:
    return [block(images) for block in _layers(architecture)]


@pytest.mark.parametrize("shortcut", [False, True])
def test_shortcut_is_for_all_layers_but_the_first(shortcut: bool) -> None:
    images = paddle.randn([1, 8, 6, 6])
    groups = (replace(GROUP, shortcut=shortcut),)
    adds = [
        bool((answer == images).all()) for answer in _answers(replace(SMALL, groups=groups), images)
    ]
    assert adds == [False, shortcut, shortcut]


def test_squeeze_excitation_is_in_every_layer_and_brings_a_relu() -> None:
    images = paddle.randn([1, 8, 6, 6])
    groups = (replace(GROUP, squeeze_excitation=True),)
    blocks = _layers(replace(SMALL, groups=groups))
    for block in blocks:
        squeeze, excite = block.channel_weights.squeeze, block.channel_weights.excite
        assert (squeeze.weight.shape, excite.weight.shape) == ([8, 2], [2, 8])
        assert squeeze.bias is not None
        assert excite.bias is not None
    after_shortcut = blocks[1](images)
    assert bool((after_shortcut == paddle.nn.functional.relu(images)).all())


def test_squeeze_excitation_adds_the_weighted_output() -> None:
    groups = (replace(GROUP, squeeze_excitation=True, layers=1),)
    net = LightNasNet(replace(SMALL, groups=groups), 4)
    net.eval()
    block = dict(net.named_children())["conv2_1"]
    images = paddle.randn([2, 8, 6, 6])
    narrow = block.linear(block.depthwise(block.expand(images)))
    weights = block.channel_weights(narrow).reshape([2, 8, 1, 1])
    assert bool(((weights > 0) & (weights < 1)).all())
    expected = paddle.nn.functional.relu(narrow * (1 + weights)).numpy()
    np.testing.assert_allclose(block(images).numpy(), expected, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize(
    ("stem_stride", "stride", "extent"), [(2, 2, 4), (2, 1, 8), (1, 2, 8), (1, 1, 16)]
)
def test_strides_are_of_the_stem_and_of_the_first_layer(
    stem_stride: int, stride: int, extent: int
) -> None:
    groups = (replace(GROUP, stride=stride, kernel=5),)
    net = LightNasNet(replace(SMALL, groups=groups, stem_stride=stem_stride), 4)
    net.eval()
    tensor = paddle.randn([1, 3, 16, 16])
    for name, layer in net.named_children():
        if name != "classifier":
            tensor = layer(tensor)
    assert tensor.shape == [1, 16, extent, extent]
