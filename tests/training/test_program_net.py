"""A saved program is evaluated, kept and changed as the network that it was saved from."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import paddle
import pytest
from paddle import nn

from edgeslim.conversion.prepare import prepare_layer
from edgeslim.errors import BadFileError, ModelError, UnwritableError, UsageError
from edgeslim.models import MODELS
from edgeslim.ops import known_kinds
from edgeslim.paddle_io.export import export_layer, run_in_paddle
from edgeslim.paddle_io.operator_model import write_operator_model
from edgeslim.paddle_io.proto import read_program
from edgeslim.training.batch_check import check_batches
from edgeslim.training.program_net import ProgramNet, load_program_net
from tests.paddle_io.operator_examples import examples
from tests.tools import benchmark
from tests.training.program_nets import BATCH_RULES, FIXED, SHAPE, Headed
from tests.values import relu

pytestmark = pytest.mark.slow


VISION = benchmark("vision_models")
OURS = ("light-nas", "ssd-mobilenet-v1", "yolov3-mobilenet-v1")
THEIRS = (
    *("googlenet", "mobilenet_v2", "mobilenet_v3_small", "resnet18", "shufflenet_v2_x1_0"),
    "squeezenet1_1",
)
NETWORKS: dict[str, Callable[[], nn.Layer]] = {
    **{f"edgeslim {name}": partial(MODELS.get(name).build, 10) for name in OURS},
    **{f"vision {name}": getattr(VISION, name) for name in THEIRS},
}
"""The others are made of the same operators as one of these."""


def loaded(net: nn.Layer, folder: Path, shape: tuple[int, ...] = SHAPE) -> ProgramNet:
    """What a network is once it has been saved."""
    program = load_program_net(prepare_layer(net, shape, folder, name="net").prefix)
    program.eval()
    return program


def random_batch(net: ProgramNet, seed: int = 0) -> dict[str, np.ndarray[Any, Any]]:
    generator = np.random.default_rng(seed)
    return {
        name: generator.uniform(0.1, 0.9, shape).astype(np.float32)
        for name, shape in net.feeds.items()
    }


def assert_same(ours: list[Any], expected: list[np.ndarray[Any, Any]]) -> None:
    assert len(ours) == len(expected)
    for one, other in zip(ours, expected, strict=True):
        assert tuple(one.shape) == other.shape
        scale = np.abs(other).max(initial=0)
        np.testing.assert_allclose(one.numpy(), other, rtol=1e-5, atol=1e-5 * scale)


@pytest.mark.parametrize("name", NETWORKS)
def test_whole_networks_give_what_paddle_gives(name: str, tmp_path: Path) -> None:
    # Three poolings of GoogLeNet's side outputs need a map of a certain size.
    side = 224 if "googlenet" in name else 64
    net = loaded(NETWORKS[name](), tmp_path, (1, 3, side, side))
    images = random_batch(net)
    with paddle.no_grad():
        ours = net(*map(paddle.to_tensor, images.values()))
    assert_same(ours, run_in_paddle(tmp_path / "model", images))
    check_batches(net)


NOT_IN_PADDLE = {
    "pad2d",  # of older versions
    "fusion_elementwise_add_activation",  # of Paddle-Lite
    "fusion_elementwise_mul_activation",
    "fusion_elementwise_sub_activation",
}
NOT_ALONE = {"batch_norm", "multiclass_nms3"}  # Paddle's executor wants outputs that nothing reads


@pytest.mark.parametrize("kind", sorted(set(known_kinds()) - NOT_IN_PADDLE - NOT_ALONE))
def test_every_operator_gives_what_paddle_gives(kind: str, tmp_path: Path) -> None:
    tried = 0
    for number, spec in enumerate(examples(known_kinds()[kind])):
        if kind.startswith(("conv2d", "depthwise")) and "Bias" in spec.weights:
            continue  # as Paddle-Lite leaves them
        prefix = tmp_path / str(number)
        write_operator_model(spec, prefix)
        net = load_program_net(prefix)
        images = {
            name: array.astype(net.feed_types[name]) for name, array in random_batch(net).items()
        }
        net.eval()
        ours = net(*map(paddle.to_tensor, images.values()))
        assert_same(ours, run_in_paddle(prefix, images))
        tried += 1
    assert tried or kind in {"depthwise_conv2d", "conv2d_transpose"}


@pytest.mark.parametrize("kind", sorted(NOT_IN_PADDLE))
def test_operators_of_others_are_refused_by_name(kind: str, tmp_path: Path) -> None:
    write_operator_model(examples(known_kinds()[kind])[0], tmp_path / "model")
    with pytest.raises(ModelError, match=rf"model\.pdmodel: {kind} cannot be run in dynamic mode"):
        load_program_net(tmp_path / "model")


@pytest.mark.parametrize("name", BATCH_RULES)
def test_any_batch_size(name: str, tmp_path: Path) -> None:
    layer = BATCH_RULES[name]()
    net = loaded(layer, tmp_path)
    check_batches(net)
    assert not net.training
    images = np.random.default_rng(1).normal(size=(3, *SHAPE[1:])).astype(np.float32)
    together = [each.numpy() for each in net(paddle.to_tensor(images))]
    alone = [layer(paddle.to_tensor(image[None])) for image in images]
    outputs = [each if isinstance(each, list) else [each] for each in alone]
    for place, one in enumerate(together):
        expected = np.concatenate([each[place].numpy() for each in outputs])
        np.testing.assert_allclose(one, expected, rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("name", FIXED)
def test_a_network_that_mixes_images_is_refused(name: str, tmp_path: Path) -> None:
    function, culprit = FIXED[name]
    net = loaded(Headed(function), tmp_path)
    net.train()
    with pytest.raises(ModelError, match=rf"model\.pdmodel: {culprit}.*mixes the images"):
        check_batches(net)
    assert net.training


def _of_its_own_shape(images: Any) -> Any:
    shape = paddle.shape(images)
    rows = paddle.stack([shape[0], shape[1] * shape[2], shape[3]])
    return images.reshape([shape[0], shape[1], -1]), paddle.reshape(images, rows)


def test_shapes_that_are_computed_while_it_runs(tmp_path: Path) -> None:
    export_layer(Headed(_of_its_own_shape), [SHAPE], tmp_path / "model")
    net = load_program_net(tmp_path / "model")
    net.eval()
    images = random_batch(net)
    assert_same(
        net(*map(paddle.to_tensor, images.values())), run_in_paddle(tmp_path / "model", images)
    )
    check_batches(net)


class TwoInputs(nn.Layer):
    def __init__(self) -> None:
        super().__init__()
        self.one = nn.Linear(4, 5)
        self.two = nn.Linear(6, 5)
        self.register_buffer("anchors", paddle.to_tensor([[1.0, 2.0, 3.0, 4.0, 5.0]]))
        self.register_buffer("order", paddle.to_tensor([4, 2, 0]))

    def forward(self, first: Any, second: Any) -> Any:
        both = self.one(first) * self.anchors - self.two(second)
        return both, paddle.gather(both, self.order, axis=1), self.two(second)


@pytest.fixture
def two_inputs(tmp_path: Path) -> ProgramNet:
    export_layer(TwoInputs(), [(1, 4), (1, 6)], tmp_path / "model")
    return load_program_net(tmp_path / "model")


def test_several_inputs_and_outputs(two_inputs: ProgramNet, tmp_path: Path) -> None:
    assert list(two_inputs.feeds.values()) == [(1, 4), (1, 6)]
    images = random_batch(two_inputs)
    assert_same(
        two_inputs(*map(paddle.to_tensor, images.values())),
        run_in_paddle(tmp_path / "model", images),
    )
    check_batches(two_inputs)
    with pytest.raises(ModelError, match=r"has 2 inputs \(first, second\) but was given 1"):
        two_inputs(paddle.ones([1, 4]))
    with pytest.raises(ModelError, match=r"matmul_v2 \(of .*\) cannot run on \[1, 6\]"):
        two_inputs(paddle.ones([1, 6]), paddle.ones([1, 6]))


def test_what_was_learned_is_a_parameter_and_the_rest_is_kept(two_inputs: ProgramNet) -> None:
    shapes = sorted(tuple(each.shape) for each in two_inputs.parameters())
    assert shapes == [(4, 5), (5,), (5,), (6, 5)]
    tensors = two_inputs.tensors()
    assert {each.name for each in two_inputs.parameters()} < set(tensors)
    constants = [tensors[each.name].tolist() for each in two_inputs.buffers()]
    assert sorted(constants, key=str) == [[4, 2, 0], [[1.0, 2.0, 3.0, 4.0, 5.0]]]


def test_saved_and_loaded_again(two_inputs: ProgramNet, tmp_path: Path) -> None:
    weights = {each.name: np.full(each.shape, 0.5, np.float32) for each in two_inputs.parameters()}
    two_inputs.set_tensors(weights)
    prefix = tmp_path / "folder" / "net.v2"  # a dot that starts no suffix
    two_inputs.save(prefix)
    assert sorted(path.name for path in prefix.parent.iterdir()) == [
        "net.v2.pdiparams",
        "net.v2.pdmodel",
    ]
    before, after = two_inputs.tensors(), load_program_net(prefix).tensors()
    assert {name: (each.dtype, each.shape) for name, each in before.items()} == {
        name: (each.dtype, each.shape) for name, each in after.items()
    }
    assert all(np.array_equal(before[name], after[name]) for name in before)
    images = random_batch(two_inputs)
    assert_same(two_inputs(*map(paddle.to_tensor, images.values())), run_in_paddle(prefix, images))


def test_nothing_is_saved_where_one_file_cannot_be(two_inputs: ProgramNet, tmp_path: Path) -> None:
    prefix = tmp_path / "out" / "net"
    Path(f"{prefix}.pdmodel").mkdir(parents=True)
    with pytest.raises(UnwritableError, match=r"net\.pdmodel"):
        two_inputs.save(prefix)
    assert [path.name for path in prefix.parent.iterdir()] == ["net.pdmodel"]


def test_values_are_set_in_place_and_back(tmp_path: Path) -> None:
    net = loaded(Headed(lambda x, norm: norm(x), nn.BatchNorm2D(8)), tmp_path)
    images = paddle.randn([2, *SHAPE[1:]])
    before, kept = net(images)[0].numpy(), net.tensors()
    same = net.parameters()
    (filters,) = (name for name, each in kept.items() if each.ndim == 4)
    net.set_tensors({filters: np.zeros_like(kept[filters])})
    assert not np.array_equal(net(images)[0].numpy(), before)
    assert all(one is other for one, other in zip(net.parameters(), same, strict=True))
    net.set_tensors(kept)
    assert np.array_equal(net(images)[0].numpy(), before)


def test_bad_values_are_refused_and_nothing_is_set(two_inputs: ProgramNet) -> None:
    before = two_inputs.tensors()
    good = {name: each + 1 for name, each in before.items()}
    first = next(iter(before))
    with pytest.raises(UsageError, match=r"has no parameter 'nonsense'"):
        two_inputs.set_tensors({**good, "nonsense": np.zeros(3)})
    with pytest.raises(UsageError, match=rf"'{first}' is .* cannot be \[7\]"):
        two_inputs.set_tensors({**good, first: np.zeros(7)})
    assert all(np.array_equal(each, before[name]) for name, each in two_inputs.tensors().items())


def test_files_that_are_no_model_are_refused(tmp_path: Path) -> None:
    write_operator_model(relu(8), tmp_path / "model")
    program = read_program(tmp_path / "model.pdmodel")
    with pytest.raises(ModelError, match="no value for parameter 'unused_weight'"):
        ProgramNet(program, {})
    program.blocks.add(idx=1, parent_idx=0)
    with pytest.raises(ModelError, match="control flow"):
        ProgramNet(program, {})
    (tmp_path / "model.pdiparams").write_bytes(b"")
    with pytest.raises(BadFileError, match="is truncated"):
        load_program_net(tmp_path / "model")
