"""A training that was ended goes on, and ends with the very same weights."""

from __future__ import annotations

import os
import signal
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import paddle
import pytest
from paddle import nn

from edgeslim.errors import BadFileError, ModelError, UsageError
from edgeslim.signals import hold_signals
from edgeslim.training.tasks import LabelledImages, TaskData
from edgeslim.training.trainer import TrainingResult, TrainingStep, build_seeded, train
from tests.tools import run_python
from tests.training.numbers import settings_of

if TYPE_CHECKING:
    from numpy.typing import NDArray

pytestmark = pytest.mark.slow

EPOCHS, STEPS = 3, 4


class _Varied:
    """Examples that are varied while they are learned from."""

    def __init__(self, images: LabelledImages) -> None:
        self._images = images

    def __len__(self) -> int:
        return len(self._images)

    def batch(self, places: NDArray[np.int64], rng: np.random.Generator | None) -> Any:
        images, targets = self._images.batch(places, None)
        if rng is not None:
            images = images + rng.normal(0, 0.1, images.shape).astype(np.float32)
        return images, targets


def _data(count: int = 36) -> TaskData:
    rng = np.random.default_rng(0)
    images = rng.normal(size=(count, 1, 8, 8)).astype(np.float32)
    part = LabelledImages(images=images, labels=(images.mean(axis=(1, 2, 3)) > 0).astype(np.int64))
    return TaskData(train=_Varied(part), validation=part)


def _net(channels: int = 4, seed: int = 0) -> nn.Layer:
    """With running means, a parameter that has no gradient, one not used, and dropout."""

    class Net(nn.Sequential):
        def __init__(self) -> None:
            super().__init__(
                nn.Conv2D(1, channels, 3, padding=1),
                nn.BatchNorm2D(channels),
                nn.Conv2D(channels, channels, 3, padding=1, groups=channels),
                nn.Flatten(),
                nn.Dropout(0.3),
                nn.Linear(64 * channels, 2),
            )
            self.unused = nn.Linear(2, 2)
            self[0].bias.stop_gradient = True

        def forward(self, images: paddle.Tensor) -> paddle.Tensor:
            for layer in list(self.children())[:6]:
                images = layer(images)
            return images

    return build_seeded(Net, seed)


def _train(net: nn.Layer, data: TaskData | None = None, **changed: Any) -> TrainingResult:
    numbers = {"epochs": EPOCHS, "batch_size": 9, "learning_rate": 0.05, "seed": 2}
    settings, others = settings_of({**numbers, **changed})
    return train(net, data or _data(), settings, **others)


def _weights(net: nn.Layer) -> bytes:
    return b"".join(tensor.numpy().tobytes() for tensor in net.state_dict().values())


class _EndedError(BaseException):
    """As a signal raises it."""


def _ending_after(number: int) -> Any:
    def on_step(step: TrainingStep) -> None:
        if step.number == number:
            raise _EndedError

    return on_step


@pytest.fixture(scope="module")
def undisturbed() -> tuple[TrainingResult, bytes]:
    net = _net()
    return _train(net), _weights(net)


@pytest.mark.parametrize(
    "ends", [(1,), (STEPS,), (STEPS + 2,), (2, 3, STEPS + 1), (EPOCHS * STEPS,)]
)
def test_the_same_bits_as_without_an_interruption(
    ends: tuple[int, ...], undisturbed: tuple[TrainingResult, bytes], tmp_path: Path
) -> None:
    checkpoint = tmp_path / "new" / "state.npz"
    for end in ends:
        with pytest.raises(_EndedError):
            _train(_net(), checkpoint=checkpoint, on_step=_ending_after(end))
    steps: list[TrainingStep] = []
    net = _net()
    result = _train(net, checkpoint=checkpoint, on_step=steps.append)
    assert (result, _weights(net)) == undisturbed
    assert [step.number for step in steps] == list(range(ends[-1] + 1, EPOCHS * STEPS + 1))


def test_one_that_is_done_is_only_judged_again(
    undisturbed: tuple[TrainingResult, bytes], tmp_path: Path
) -> None:
    for expected_steps in (EPOCHS * STEPS, 0):
        steps: list[TrainingStep] = []
        net = _net()
        result = _train(net, checkpoint=tmp_path / "state.npz", on_step=steps.append)
        assert (result, _weights(net)) == undisturbed
        assert len(steps) == expected_steps


def test_an_epoch_is_kept_when_the_process_is_killed_later(
    undisturbed: tuple[TrainingResult, bytes], tmp_path: Path
) -> None:
    checkpoint = tmp_path / "state.npz"
    kept: list[bytes] = []

    def on_step(step: TrainingStep) -> None:
        kept.append(checkpoint.read_bytes() if checkpoint.exists() else b"")

    _train(_net(), checkpoint=checkpoint, on_step=on_step)
    assert [bool(content) for content in kept] == [False] * STEPS + [True] * (2 * STEPS)
    checkpoint.write_bytes(kept[-1])  # as if killed in the last epoch
    steps: list[TrainingStep] = []
    net = _net()
    _train(net, checkpoint=checkpoint, on_step=steps.append)
    assert steps[0].number == 2 * STEPS + 1
    assert _weights(net) == undisturbed[1]


def test_an_error_in_the_middle_of_a_step_is_not_kept(
    undisturbed: tuple[TrainingResult, bytes], tmp_path: Path
) -> None:
    """Running means are changed before the weights are."""
    data, checkpoint = _data(), tmp_path / "state.npz"
    losses = 0

    def loss(*given: Any) -> paddle.Tensor:
        nonlocal losses
        losses += 1
        if losses == STEPS + 2:
            raise _EndedError
        return data.loss(*given)

    failing = TaskData(train=data.train, validation=data.validation, loss=loss)
    with pytest.raises(_EndedError):
        _train(_net(), failing, checkpoint=checkpoint)
    steps: list[TrainingStep] = []
    net = _net()
    _train(net, checkpoint=checkpoint, on_step=steps.append)
    assert steps[0].number == STEPS + 1
    assert _weights(net) == undisturbed[1]


def test_a_training_that_diverges_leaves_nothing_in_the_way_of_one_that_does_not(
    tmp_path: Path,
) -> None:
    checkpoint = tmp_path / "state.npz"
    with pytest.raises(ModelError, match="the loss is"):
        _train(_net(), checkpoint=checkpoint, learning_rate=1e30, batch_size=36, epochs=5)
    assert list(tmp_path.iterdir()) == []
    _train(_net(), checkpoint=checkpoint)


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"epochs": 4}, "is of a training with epochs 3, not 4; give the same settings"),
        ({"batch_size": 6}, "with batch size 9, not 6"),
        ({"learning_rate": 0.1}, "with learning rate 0.05, not 0.1"),
        ({"seed": 3}, "with seed 2, not 3"),
        ({"data": _data(45)}, "of a training of another task's data"),
    ],
)
def test_another_training_is_refused(changed: dict[str, Any], message: str, tmp_path: Path) -> None:
    checkpoint = tmp_path / "state.npz"
    _train(_net(), checkpoint=checkpoint)
    content = checkpoint.read_bytes()
    with pytest.raises(UsageError, match=message):
        _train(_net(), checkpoint=checkpoint, **changed)
    assert checkpoint.read_bytes() == content


@pytest.mark.parametrize("other", [{"channels": 8}, {"seed": 1}])
def test_another_network_is_refused(other: dict[str, int], tmp_path: Path) -> None:
    checkpoint = tmp_path / "state.npz"
    _train(_net(), checkpoint=checkpoint)
    with pytest.raises(UsageError, match="of another network, or one of other first weights"):
        _train(_net(**other), checkpoint=checkpoint)


@pytest.mark.parametrize(
    "damage", ["empty", "text", "cut", "flipped", "pickled", "of something else"]
)
def test_a_damaged_checkpoint_is_said_so_with_the_mend(damage: str, tmp_path: Path) -> None:
    checkpoint = tmp_path / "state.npz"
    _train(_net(), checkpoint=checkpoint)
    content = checkpoint.read_bytes()
    if damage == "pickled":
        np.savez(checkpoint, about=np.asarray([{}], dtype=object), allow_pickle=True)
    elif damage == "of something else":
        np.savez(checkpoint, weights=np.zeros(3))
    else:
        middle = len(content) // 2
        flipped = bytes(255 - each for each in content[middle : middle + 64])
        checkpoint.write_bytes(
            {
                "empty": b"",
                "text": b"epoch 3",
                "cut": content[:-100],
                "flipped": content[:middle] + flipped + content[middle + 64 :],
            }[damage]
        )
    with pytest.raises(
        BadFileError, match=r"state\.npz is no checkpoint, or a damaged one .*remove"
    ):
        _train(_net(), checkpoint=checkpoint)


def test_nothing_in_it_is_pickled(tmp_path: Path) -> None:
    _train(_net(), checkpoint=tmp_path / "state.npz")
    with np.load(tmp_path / "state.npz", allow_pickle=False) as stored:
        kinds = {name.partition("_")[0]: stored[name].dtype.kind for name in stored.files}
    assert kinds == {"about": "u", "losses": "f", "net": "f", "velocity": "f"}


def test_a_signal_waits_for_the_end_of_the_step() -> None:
    heard: list[str] = []
    before = signal.signal(signal.SIGINT, lambda *_: heard.append("signal"))
    try:
        with hold_signals():
            os.kill(os.getpid(), signal.SIGINT)
            heard.append("step")
        assert heard == ["step", "signal"]
        os.kill(os.getpid(), signal.SIGINT)
        assert heard == ["step", "signal", "signal"]
    finally:
        signal.signal(signal.SIGINT, before)


INTERRUPTED = """
import os, signal, sys
os.environ["FLAGS_enable_pir_api"] = "0"
from pathlib import Path
from tests.training import test_checkpoint as t

def on_step(step):
    if step.number == 3:
        os.kill(os.getpid(), signal.SIGINT)

net = t._net()
try:
    t._train(net, checkpoint=Path(sys.argv[1]), on_step=on_step if sys.argv[2] == "1" else print)
except KeyboardInterrupt:
    print("interrupted")
"""


def test_in_another_process_too(undisturbed: tuple[TrainingResult, bytes], tmp_path: Path) -> None:
    """Whose tensors have other names: they count what was made in the process before."""
    checkpoint = tmp_path / "state.npz"
    assert run_python(INTERRUPTED, checkpoint, 1).strip() == "interrupted"
    _net()
    net = _net()
    assert (_train(net, checkpoint=checkpoint), _weights(net)) == undisturbed
