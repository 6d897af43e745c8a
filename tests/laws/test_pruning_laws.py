"""A pruned model computes what the whole one does with the same channels set to zero."""

from __future__ import annotations

import shutil
from collections import Counter
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import paddle
import pytest
from paddle import nn
from paddle.vision import models as vision
from paddle.vision.models.densenet import DenseBlock, TransitionLayer

from edgeslim.channels.fused import channels_of_fused
from edgeslim.channels.groups import Channels, channels_of
from edgeslim.channels.plan import PruningPlan, Selection
from edgeslim.channels.prune_graph import prune_graph
from edgeslim.conversion.model_source import SavedModel
from edgeslim.conversion.optimized import unfused_graph
from edgeslim.conversion.prepare import PreparedModel, prepare, prepare_layer
from edgeslim.conversion.pruned_model import model_tensors, write_pruned
from edgeslim.execution import Target
from edgeslim.fusion import fuse
from edgeslim.lite.converter import Conversion, ConversionTask, convert
from edgeslim.models import MODELS
from edgeslim.paddle_io.export import close_shapes, run_in_paddle
from edgeslim.paddle_io.parameters import read_parameters, write_parameters
from edgeslim.paddle_io.program_graph import read_graph
from edgeslim.paddle_io.proto import read_program
from tests.fusion.nets import PARTS
from tests.laws.pruning_blocks import BLOCKS, Place
from tests.laws.pruning_nets import INPUT_SHAPE, block_network, random_network
from tests.tools import require_module

pytestmark = pytest.mark.slow

NETWORKS = 16
CONVERTED = 6


def random_plan(channels: Channels, seed: int) -> PruningPlan:
    """Some of each group, at least one channel."""
    rng = np.random.default_rng(seed)
    kept = {}
    for group in channels.groups:
        count = max(1, int(group.width * rng.uniform(0, 1)))
        kept[group.name] = tuple(sorted(rng.choice(group.width, count, replace=False).tolist()))
    return PruningPlan(kept=kept)


def assert_pruned_right(model: PreparedModel, folder: Path, seed: int) -> SavedModel:
    """Prunes at random and proves the outputs and the written shapes right."""
    channels = channels_of(model.graph)
    plan = random_plan(channels, seed)
    selection = Selection(channels, plan)
    tensors = spread(model_tensors(model), seed)
    pruned = write_pruned(model, selection, folder / "pruned" / "model", tensors=tensors)
    zeroed = {name: selection.zero_pruned(name, value) for name, value in tensors.items()}
    write_parameters(folder / "zeroed.pdiparams", zeroed)
    shutil.copy(model.prefix.with_suffix(".pdmodel"), folder / "zeroed.pdmodel")

    rng = np.random.default_rng(seed)
    images = {
        name: rng.normal(size=shape).astype(np.float32) for name, shape in model.graph.feeds.items()
    }
    wanted = run_in_paddle(folder / "zeroed", images)
    found = run_in_paddle(pruned.program.with_suffix(""), images)
    for some, others in zip(wanted, found, strict=True):
        assert np.ptp(some) > 0, "outputs that are all the same prove nothing"
        assert some.shape == others.shape
        np.testing.assert_allclose(others, some, rtol=1e-5, atol=1e-5 * np.abs(some).max())

    written = read_graph(pruned.program)
    assert written == prune_graph(model.graph, selection)
    inferred = folder / "inferred.pdmodel"
    shutil.copy(pruned.program, inferred)
    close_shapes(inferred, model.graph.feeds)
    assert read_graph(inferred) == written

    for_lite = unfused_graph(model)
    again = channels_of(for_lite)
    if again.groups == channels.groups:
        rewritten = unfused_graph(prepare(pruned, folder / "again"))
        assert prune_graph(for_lite, Selection(again, plan)) == rewritten
    elif set(again.producers) != set(channels.producers):  # weights are stored as they are used
        rewritten = unfused_graph(prepare(pruned, folder / "again"))
        known = channels_of_fused(for_lite, channels)
        assert prune_graph(for_lite, Selection(known, plan)) == rewritten
    else:  # Paddle-Lite has an operator for it, Paddle's own is not on our shelf
        assert "channel_shuffle" in {spec.kind for spec in model.graph.specs}
    return pruned


def spread(tensors: Mapping[str, Any], seed: int) -> dict[str, Any]:
    """Parameters with noise, for first biases are zero and first scales one."""
    rng = np.random.default_rng(seed)
    return {
        name: value
        if value.dtype.kind != "f"
        else (value + np.abs(rng.normal(0, 0.02, value.shape))).astype(value.dtype)
        for name, value in tensors.items()
    }


def assert_fuses_as_the_optimizer(models: Mapping[str, SavedModel], folder: Path) -> None:
    """Pruned models convert, and our own rules leave what the optimizer leaves."""
    require_module("paddlelite")
    prepared = {name: prepare(saved, folder / name) for name, saved in models.items()}
    jobs = {
        name: Conversion(
            model=model.program,
            parameters=model.parameters,
            target=Target.ARM,
            output=folder / f"{name}-fused",
            task=ConversionTask.FUSE,
        )
        for name, model in prepared.items()
    }
    for name, done in zip(jobs, convert(list(jobs.values())), strict=True):
        assert done.error is None, f"{name}: {done.error}"
        left = read_graph(done.conversion.result, done.conversion.result.with_name("params"))
        ours = fuse(unfused_graph(prepared[name]), Target.ARM)
        assert Counter(ours.nodes) == Counter(left.nodes), name


@pytest.mark.parametrize("block", dict.fromkeys(BLOCKS), ids=lambda block: block.__name__)
def test_each_block_alone(block: Callable[[Place], Any], tmp_path: Path) -> None:
    model = prepare_layer(block_network(block, 0), INPUT_SHAPE, tmp_path / "whole", name="net")
    assert_pruned_right(model, tmp_path, 0)


def test_random_networks(tmp_path: Path) -> None:
    pruned, counts = {}, Counter[str]()
    for seed in range(NETWORKS):
        folder = tmp_path / str(seed)
        net = random_network(seed)
        model = prepare_layer(net, INPUT_SHAPE, folder / "whole", name=str(seed))
        pruned[str(seed)] = assert_pruned_right(model, folder, seed)
        channels = channels_of(model.graph)
        counts["groups"] += len(channels.groups)
        counts["fixed"] += len(channels.fixed)
    assert counts["groups"] > NETWORKS
    some = {name: pruned[name] for name in list(pruned)[:CONVERTED]}
    assert_fuses_as_the_optimizer(some, tmp_path / "fused")


def test_parts_that_fusion_is_about(tmp_path: Path) -> None:
    for number, (name, make) in enumerate(sorted(PARTS.items())):
        folder = tmp_path / str(number)
        model = prepare_layer(make(), INPUT_SHAPE, folder / "whole", name=name)
        assert_pruned_right(model, folder, number)


def vgg11_of_few_neurons() -> nn.Layer:
    """The original's last layers but one have 4096 neurons each, which takes most of its time."""
    return nn.Sequential(
        *(vision.vgg11(num_classes=0, batch_norm=True), nn.Flatten()),
        *(nn.Linear(512 * 7 * 7, 64), nn.ReLU(), nn.Linear(64, 64), nn.ReLU(), nn.Linear(64, 10)),
    )


def densenet_of_few_layers() -> nn.Layer:
    """The original's blocks have up to 24 layers, each of which reads all before it."""
    return nn.Sequential(
        *(nn.Conv2D(3, 16, 3, stride=2, padding=1, bias_attr=False), DenseBlock(16, 4, 2, 8, 0.0)),
        *(TransitionLayer(48, 24), DenseBlock(24, 4, 2, 8, 0.0), nn.BatchNorm2D(56), nn.ReLU()),
        *(nn.AdaptiveAvgPool2D(1), nn.Flatten(), nn.Linear(56, 10)),
    )


def resnext_of_few_blocks() -> nn.Layer:
    """Of the original's 16 blocks, the first two of each stage."""
    net = vision.resnext50_32x4d(num_classes=10)
    for number in range(1, 5):
        stage = getattr(net, f"layer{number}")
        setattr(net, f"layer{number}", nn.Sequential(*list(stage.children())[:2]))
    return net


VISION: dict[str, tuple[Callable[[], nn.Layer], int]] = {
    "densenet": (densenet_of_few_layers, 32),
    "googlenet": (partial(vision.googlenet, num_classes=10), 224),
    "mobilenet_v3_small": (partial(vision.mobilenet_v3_small, num_classes=10), 64),
    "resnext": (resnext_of_few_blocks, 32),
    "shufflenet_v2": (partial(vision.shufflenet_v2_x1_0, num_classes=10), 64),
    "squeezenet1_1": (partial(vision.squeezenet1_1, num_classes=10), 96),
    "vgg11": (vgg11_of_few_neurons, 64),
}


@pytest.mark.parametrize("name", sorted(VISION))
def test_vision_models(name: str, tmp_path: Path) -> None:
    build, side = VISION[name]
    model = prepare_layer(build(), (1, 3, side, side), tmp_path / "whole", name=name)
    assert len(channels_of(model.graph).groups) >= 9
    assert_pruned_right(model, tmp_path, 0)


ELSEWHERE = {"mobilenet-v1", "mobilenet-v2", "resnet50"}
"""What they are made of is in detectors, in light-nas, and in ResNeXt."""


@pytest.mark.parametrize("name", sorted(set(MODELS.names()) - ELSEWHERE))
def test_models_by_name(name: str, tmp_path: Path) -> None:
    net = MODELS.get(name).build(10)
    model = prepare_layer(net, (1, 3, 64, 64), tmp_path / "whole", name=name)
    fixed = list(channels_of(model.graph).fixed.values())
    # Heads of detectors stand beside each other in an output.
    assert fixed
    assert all(why.startswith(("it is an output", "it meets channels")) for why in fixed)
    pruned = assert_pruned_right(model, tmp_path, 0)
    assert_fuses_as_the_optimizer({name: pruned}, tmp_path / "fused")


def test_a_saved_model_has_the_groups_of_its_layer(tmp_path: Path) -> None:
    net = MODELS.get("mobilenet-v2").build(10)
    model = prepare_layer(net, (1, 3, 64, 64), tmp_path / "layer", name="net")
    saved = SavedModel(
        name="net",
        program=model.prefix.with_suffix(".pdmodel"),
        parameters=model.prefix.with_suffix(".pdiparams"),
    )
    again = channels_of(prepare(saved, tmp_path / "saved").graph)
    assert again.groups == channels_of(model.graph).groups
    assert len(again.groups) == 26


def test_a_pruned_model_can_be_pruned_again(tmp_path: Path) -> None:
    net = MODELS.get("mobilenet-v1").build(10)
    model = prepare_layer(net, (1, 3, 64, 64), tmp_path / "whole", name="net")
    pruned = assert_pruned_right(model, tmp_path / "once", 1)
    assert_pruned_right(prepare(pruned, tmp_path / "again"), tmp_path / "twice", 2)


class _Picking(nn.Layer):
    """Rows of an image picked by whole numbers that the network keeps."""

    def __init__(self) -> None:
        super().__init__()
        self.first, self.second = nn.Conv2D(3, 8, 1), nn.Conv2D(8, 5, 1)
        self.register_buffer("rows", paddle.to_tensor([3, 1], "int64"))

    def forward(self, images: Any) -> Any:
        return self.second(paddle.gather(self.first(images), self.rows, axis=2))


def test_whole_numbers_stay_of_the_type_that_they_were(tmp_path: Path) -> None:
    model = prepare_layer(_Picking(), (1, 3, 6, 6), tmp_path / "whole", name="picking")
    channels = channels_of(model.graph)
    selection = Selection(channels, PruningPlan(kept={channels.groups[0].name: (1, 4)}))
    pruned = write_pruned(model, selection, tmp_path / "pruned" / "model")
    before, after = (
        read_parameters(one.parameters, read_program(one.program)) for one in (model, pruned)
    )
    assert {name: tensor.dtype for name, tensor in before.items()} == {
        name: tensor.dtype for name, tensor in after.items()
    }
    assert any(tensor.dtype == np.int64 for tensor in after.values())
    images = {name: np.ones(shape, np.float32) for name, shape in model.graph.feeds.items()}
    (found,) = run_in_paddle(pruned.program.with_suffix(""), images)
    assert found.shape == (1, 5, 2, 6)
