"""Weights shared by a space's networks: slices, gradients, statistics, files, interruptions."""

from __future__ import annotations

import io
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import paddle
import pytest
from paddle import nn

from edgeslim.errors import BadFileError, ModelError, UsageError
from edgeslim.progress import SILENT
from edgeslim.spaces import SPACES
from edgeslim.training._depthwise import fast_depthwise
from edgeslim.training._initial_values import extreme_networks, initial_values
from edgeslim.training._recalibration import recalibrate
from edgeslim.training._sandwich import Sandwich
from edgeslim.training._shared_weights import SharedWeights, parameter_slots, slices_of
from edgeslim.training.schedules import RateKeys
from edgeslim.training.supernet import Supernet
from edgeslim.training.tasks import find_task
from edgeslim.training.train_supernet import train_supernet
from edgeslim.training.trainer import TrainingSettings, train
from tests.training.of_zeros import OfZeros
from tests.training.own_space import OwnSpace

if TYPE_CHECKING:
    from numpy.typing import NDArray

pytestmark = pytest.mark.slow

SMALL: Any = SPACES.get("light-nas-small").space((1, 1, 8, 8), 10)
OWN = OwnSpace()
SPACES_HERE = [SMALL, OWN]
SMALLEST, LARGEST = extreme_networks(SMALL)
DATA = find_task("digits").data((1, 1, 8, 8), 0)
IMAGES, LABELS = DATA.train.batch(np.arange(16), None)


def tokens_of(space: Any, seed: int) -> tuple[int, ...]:
    return tuple(map(int, np.random.default_rng(seed).integers(0, space.ranges)))


@pytest.fixture(scope="module", params=SPACES_HERE, ids=lambda space: space.name)
def space(request: pytest.FixtureRequest) -> Any:
    return request.param


@cache
def first_values(space: Any) -> dict[str, NDArray[Any]]:
    return initial_values(space, 0)


@pytest.fixture(scope="module")
def weights(space: Any) -> SharedWeights:
    return SharedWeights(first_values(space))


def named(net: nn.Layer) -> dict[str, NDArray[Any]]:
    return {place.name: place.tensor.numpy() for place in parameter_slots(net)}


def loss(net: nn.Layer) -> Any:
    return DATA.loss([net(paddle.to_tensor(IMAGES))], (paddle.to_tensor(LABELS[0]),))


@pytest.mark.parametrize("seed", range(3))
def test_a_lent_network_computes_what_one_with_copied_weights_does(
    space: Any, weights: SharedWeights, seed: int
) -> None:
    tokens = tokens_of(space, seed)
    lent, own = space.build(tokens), space.build(tokens)
    weights.lend(lent)
    weights.copy_into(own)
    for net in (lent, own):
        net.train()
    outputs = []
    for net in (lent, own):
        paddle.seed(0)
        with fast_depthwise(net):
            outputs.append(net(paddle.to_tensor(IMAGES)).numpy())
    assert np.array_equal(*outputs)
    assert all(each.is_leaf for each in own.parameters())


@pytest.mark.parametrize("seed", range(2))
def test_gradients_of_a_network_arrive_at_its_slices_and_nowhere_else(
    space: Any, weights: SharedWeights, seed: int
) -> None:
    tokens = tokens_of(space, seed)
    lent, own = space.build(tokens), space.build(tokens)
    weights.lend(lent)
    weights.copy_into(own)
    filters = {place.name for place in parameter_slots(own) if place.is_filter}
    weights.clear_gradients()
    for net in (lent, own):
        net.train()
        paddle.seed(0)
        with fast_depthwise(net):
            loss(net).backward()
    shared = weights.gradients()
    expected = {place.name: place.tensor.grad.numpy() for place in parameter_slots(own)}
    for name, gradient in shared.items():
        whole = np.zeros_like(gradient)
        if name in expected:
            shape = expected[name].shape
            # Written out once more, so that a wrong slice is not compared with itself.
            middle = [
                (big - small) // 2 if axis > 1 and name in filters else 0
                for axis, (big, small) in enumerate(zip(gradient.shape, shape, strict=True))
            ]
            part = tuple(slice(at, at + n) for at, n in zip(middle, shape, strict=True))
            whole[part] = expected[name]
        assert np.allclose(gradient, whole, atol=1e-6), name
    weights.clear_gradients()


def test_a_sandwich_adds_up_the_gradients_of_its_networks() -> None:
    weights = SharedWeights(first_values(SMALL))
    sandwich = Sandwich(SMALL, weights, DATA.loss, random_networks=1)
    targets = (paddle.to_tensor(LABELS[0]),)
    mean = sandwich.find_gradients(IMAGES, targets, np.random.default_rng(5))
    found = {name: grad.copy() for name, grad in weights.gradients().items()}
    losses = []
    weights.clear_gradients()
    drawn = tuple(map(int, np.random.default_rng(5).integers(0, SMALL.ranges, (1, 18))[0]))
    for tokens in (LARGEST, SMALLEST, drawn):
        net = SMALL.build(tokens)
        weights.lend(net)
        net.train()
        with fast_depthwise(net):
            one = loss(net)
            one.backward()
        losses.append(float(one))
    assert mean == pytest.approx(np.mean(losses), rel=1e-4)
    for name, gradient in weights.gradients().items():
        scale = np.abs(gradient).max()
        assert np.allclose(found[name], gradient, atol=1e-3 * scale + 1e-6), name


def test_filters_are_cut_in_the_middle_and_all_else_at_the_front() -> None:
    assert slices_of((8, 6, 5, 5), (4, 6, 3, 3), is_filter=True) == (
        slice(0, 4),
        slice(0, 6),
        slice(1, 4),
        slice(1, 4),
    )
    assert slices_of((8, 6), (4, 3), is_filter=False) == (slice(0, 4), slice(0, 3))


def test_the_ends_are_those_of_work_and_not_of_numbers() -> None:
    assert ((0,) * 18, tuple(each - 1 for each in SMALL.ranges)) == (SMALLEST, LARGEST)
    smallest, largest = extreme_networks(OWN)
    assert OWN.channels[smallest[0]] == min(OWN.channels)
    assert OWN.channels[largest[0]] == max(OWN.channels)
    assert largest[0] != max(range(OWN.ranges[0]))


def test_first_values_are_the_largest_networks(space: Any) -> None:
    values = first_values(space)
    paddle.seed(0)
    largest = named(space.build(extreme_networks(space)[1]))
    assert set(largest) <= set(values)
    for name, value in largest.items():
        assert np.array_equal(value, values[name][tuple(map(slice, value.shape))])
    assert all(np.isfinite(each).all() for each in values.values())


def test_first_values_are_the_same_each_time() -> None:
    values, again = first_values(OWN), initial_values(OWN, 0)
    assert all(np.array_equal(values[name], again[name]) for name in values)


def test_statistics_are_the_mean_of_the_batches() -> None:
    net = nn.Sequential(nn.BatchNorm2D(1), nn.Dropout(0.9))
    batches = [IMAGES[:4], IMAGES[4:8] * 3, IMAGES[8:12] + 1]
    recalibrate(net, batches)
    norm = net[0]
    assert np.allclose(norm._mean.numpy(), np.mean([each.mean() for each in batches]), rtol=1e-5)
    variances = [each.var() for each in batches]
    assert np.allclose(norm._variance.numpy(), np.mean(variances), rtol=1e-4)
    assert norm._momentum == 0.9
    assert not net.training
    assert not norm.training


def _trained(out: Path, **changed: Any) -> Supernet:
    options: dict[str, Any] = {"epochs": 1, "batch_size": 350, "random_networks": 1, **changed}
    return train_supernet(options.pop("space", OWN), options.pop("task", "digits"), out, **options)


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("supernet")
    _trained(out)
    return out / "supernet.npz"


def _weights(path: Path) -> dict[str, NDArray[Any]]:
    with np.load(path, allow_pickle=False) as stored:
        return {name: stored[name] for name in stored.files if name != "about"}


class _Stops:
    """Interrupts after some steps, as Ctrl-C does."""

    def __init__(self, after: float) -> None:
        self._left = after

    def stage(self, title: str, total: float) -> Any:
        return SILENT.stage(title, total) if "epochs" not in title else self

    def __enter__(self) -> _Stops:  # noqa: PYI034 - Python 3.10 has no Self
        return self

    def __exit__(self, *_: object) -> None:
        pass

    def advance(self, amount: float = 1.0, *, note: str = "") -> None:
        self._left -= 1
        if self._left <= 0:
            raise KeyboardInterrupt

    def note(self, text: str) -> None:
        pass


def test_an_interrupted_training_ends_with_the_same_bits(trained: Path, tmp_path: Path) -> None:
    with pytest.raises(KeyboardInterrupt):
        _trained(tmp_path, progress=_Stops(2))
    assert not (tmp_path / "supernet.npz").exists()
    _trained(tmp_path)
    one, other = _weights(trained), _weights(tmp_path / "supernet.npz")
    assert one.keys() == other.keys()
    assert all(np.array_equal(one[name], other[name]) for name in one)
    before = (tmp_path / "supernet.npz").read_bytes()
    _trained(tmp_path)  # done already
    assert (tmp_path / "supernet.npz").read_bytes() == before


@pytest.mark.parametrize(
    ("changed", "what"),
    [
        ({"seed": 1}, "seed 0, not 1"),
        ({"random_networks": 2}, "random networks 1, not 2"),
        ({"space": OwnSpace(name="another")}, "space own"),
        ({"schedule": RateKeys(warmup_steps=3).schedule()}, "schedule by default, not "),
    ],
)
def test_a_folder_with_another_training_is_refused(
    trained: Path, changed: dict[str, Any], what: str
) -> None:
    with pytest.raises(UsageError, match=what):
        _trained(trained.parent, **changed)


def test_read_back_it_is_the_same(trained: Path, tmp_path: Path) -> None:
    supernet = Supernet.load(trained, OWN)
    supernet.save(tmp_path / "again.npz")
    assert (tmp_path / "again.npz").read_bytes() == trained.read_bytes()
    supernet.check_data(DATA)
    tokens = tokens_of(OWN, 4)
    first = supernet.accuracy(tokens, DATA, eval_share=0.5, recalibration_batches=2)
    assert first == supernet.accuracy(tokens, DATA, eval_share=0.5, recalibration_batches=2)
    assert 0 < first < 1


def test_its_networks_are_trained_further(trained: Path) -> None:
    tokens = extreme_networks(OWN)[0]
    net = Supernet.load(trained, OWN).network(tokens)
    result = train(net, DATA, TrainingSettings(epochs=1, batch_size=64, learning_rate=0.05, seed=0))
    fresh = OWN.build(tokens)
    scratch = train(
        fresh, DATA, TrainingSettings(epochs=1, batch_size=64, learning_rate=0.05, seed=0)
    )
    assert result.losses[0] < scratch.losses[0]


def test_supernets_learn(tmp_path: Path) -> None:
    supernet = _trained(tmp_path, epochs=4, batch_size=64)
    for tokens in extreme_networks(OWN):
        assert supernet.accuracy(tokens, DATA) > 0.6
    shares: list[float] = []
    supernet.accuracy(OWN.initial_tokens, DATA, eval_share=0.5, on_share=shares.append)
    assert sum(shares) == pytest.approx(1)


@pytest.mark.parametrize(
    ("space", "message"),
    [
        (SMALL, "is a supernet of own, not of light-nas-small"),
        (OwnSpace(input_shape=(1, 1, 32, 32)), r"input shape \(1, 1, 8, 8\)"),
        (OwnSpace(num_classes=7), "num classes 10, not 7"),
    ],
)
def test_a_file_of_another_space_is_refused(trained: Path, space: Any, message: str) -> None:
    with pytest.raises(UsageError, match=message):
        Supernet.load(trained, space)


def test_a_file_of_the_same_space_with_other_networks_is_refused(trained: Path) -> None:
    with pytest.raises(UsageError, match=r"of other networks than those of own: parameter \S+ is"):
        Supernet.load(trained, OwnSpace(channels=(8, 32, 4)))


def test_other_examples_are_refused(trained: Path) -> None:
    other = find_task("digits").data((1, 1, 8, 8), 1)
    with pytest.raises(UsageError, match="trained for the task digits, which has other examples"):
        Supernet.load(trained, OWN).check_data(other)


def test_files_that_are_none(trained: Path, tmp_path: Path) -> None:
    bad = tmp_path / "bad.npz"
    for content in (b"", b"no archive", trained.read_bytes()[:1000]):
        bad.write_bytes(content)
        with pytest.raises(BadFileError, match="is no supernet, or a damaged one"):
            Supernet.load(bad, OWN)
    stream = io.BytesIO()
    np.save(stream, np.zeros(3))
    bad.write_bytes(stream.getvalue())
    with pytest.raises(BadFileError, match="is no supernet"):
        Supernet.load(bad, OWN)
    with pytest.raises(BadFileError, match=r"is a folder; give the file in it: .*supernet\.npz"):
        Supernet.load(trained.parent, OWN)
    with pytest.raises(BadFileError, match="cannot read"):
        Supernet.load(tmp_path / "none.npz", OWN)


def test_networks_that_cannot_share(tmp_path: Path) -> None:
    weights = SharedWeights({"0.weight": np.zeros((4, 2), np.float32)})
    with pytest.raises(ModelError, match=r"has no parameter 0\.bias"):
        weights.lend(nn.Sequential(nn.Linear(4, 2)))
    wider = nn.Sequential(nn.Linear(5, 2, bias_attr=False))
    with pytest.raises(ModelError, match=r"parameter 0\.weight is \[5, 2\] .* is \[4, 2\]"):
        weights.lend(wider)
    with pytest.raises(ModelError, match=r"parameter 0\.weight has \d axes in one network"):
        initial_values(OwnSpace(mixed=True), 0)
    with pytest.raises(UsageError, match="have 7 classes, but the task digits has 10"):
        _trained(tmp_path, space=SPACES.get("light-nas-small").space((1, 1, 8, 8), 7))


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"random_networks": -1}, "random_networks must be at least 0, not -1"),
        ({"epochs": 0}, "epochs must be at least 1"),
        ({"learning_rate": 0.0}, "learning_rate must be above 0"),
    ],
)
def test_numbers_that_cannot_be_meant(
    changed: dict[str, Any], message: str, tmp_path: Path
) -> None:
    with pytest.raises(UsageError, match=message):
        _trained(tmp_path / "out", **changed)
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"eval_share": 0.0}, "share of examples must be above 0"),
        ({"recalibration_batches": 0}, "at least 1 batch of examples, not 0"),
    ],
)
def test_judging_that_cannot_be_meant(trained: Path, changed: dict[str, Any], message: str) -> None:
    with pytest.raises(UsageError, match=message):
        Supernet.load(trained, OWN).accuracy(OWN.initial_tokens, DATA, **changed)
    with pytest.raises(UsageError, match="token"):
        Supernet.load(trained, OWN).network((9, 9))


ALIKE = {"light-nas", "resnet"}
"""Each has a small one beside it with networks of the same kind."""


@pytest.mark.parametrize("name", sorted(set(SPACES.names()) - ALIKE - {SMALL.name}))
def test_any_space_can_share(name: str) -> None:
    channels = SPACES.get(name).input_shape[1]
    space = OfZeros(SPACES.get(name).space((1, channels, 32, 32)))
    weights = SharedWeights(initial_values(space, 0))
    for seed in range(2):
        net = space.build(tokens_of(space, seed))
        before = {place.name: place.tensor.shape for place in parameter_slots(net)}
        weights.lend(net)
        assert {place.name: place.tensor.shape for place in parameter_slots(net)} == before
