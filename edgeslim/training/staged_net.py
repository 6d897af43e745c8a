"""A network that is trained epoch by epoch, and may be another one after each."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import paddle

from edgeslim.errors import BadFileError
from edgeslim.files import temporary_folder, write_together
from edgeslim.training._optimizer import make_optimizer, set_velocities, velocities
from edgeslim.training._training_loop import TrainingSettings, TrainingStep, learn_epoch, loss_of
from edgeslim.training.distillation import Term
from edgeslim.training.evaluation import evaluate_all, outputs_of
from edgeslim.training.processes import ALONE, Processes
from edgeslim.training.program_net import ProgramNet, load_program_net

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from paddle import Tensor

    from edgeslim.training.distillation.teacher import Teacher
    from edgeslim.training.quantization.quantized_net import QuantizedNet
    from edgeslim.training.quantization.settings import QuantizationSettings
    from edgeslim.training.tasks import Task, TaskData

__all__ = ["Arrays", "StagedNet"]

Arrays = Mapping[str, "NDArray[Any]"]

_STATE, _VELOCITY = "state", "velocity"


class StagedNet:
    """A saved program being trained; once quantized, it computes as if in few bits.

    Args:
        prefix: The program, as ``prefix.pdmodel`` and ``prefix.pdiparams``.
        given: Velocities to go on with by names of parameters; others begin at nought.

    Raises:
        BadFileError, ModelError: The program cannot be trained.
    """

    def __init__(self, prefix: Path, given: Arrays | None = None) -> None:
        self._net: ProgramNet = load_program_net(prefix)
        self._quantized: QuantizedNet | None = None
        self._float_files = _files_at(prefix)
        self._begin(given or {})

    @property
    def is_quantized(self) -> bool:
        """Whether it computes as if in few bits."""
        return self._quantized is not None

    @property
    def quantization(self) -> QuantizationSettings | None:
        """How it is quantized, if it is."""
        return None if self._quantized is None else self._quantized.settings

    @property
    def input_shape(self) -> tuple[int, ...]:
        """Of its input, ``(N, C, H, W)``; any ``N`` will do."""
        (shape,) = self._net.feeds.values()
        return shape

    @property
    def layer(self) -> ProgramNet | QuantizedNet:
        """What is trained and evaluated."""
        return self._net if self._quantized is None else self._quantized

    def check_batches(self) -> None:
        """Proves that images do not mix; raises `ModelError` if they do."""
        self._net.check_batches()

    def learn_epoch(
        self,
        data: TaskData,
        settings: TrainingSettings,
        *,
        epoch: int,
        teacher: Teacher | None = None,
        terms: Sequence[Term] = (),
        team: Processes = ALONE,
        on_step: Callable[[TrainingStep], None] = lambda _: None,
    ) -> float:
        """Trains an epoch, with the losses that a teacher adds, and gives the mean loss.

        Raises:
            DivergedError: The loss is no number any more.
            BadFileError, ModelError: As `edgeslim.training.trainer.train`.
        """
        layer = self.layer

        def find_gradients(
            images: NDArray[np.float32], targets: tuple[Tensor, ...], _draws: np.random.Generator
        ) -> float:
            if teacher is None or not terms:
                loss = loss_of(outputs_of(layer, images), data.loss, targets)
            else:
                outputs, more = teacher.loss(layer.run, paddle.to_tensor(images), terms)
                loss = loss_of(outputs, data.loss, targets) + more
            loss.backward()
            return float(loss)

        layer.train()
        return learn_epoch(
            layer,
            self._optimizer,
            data,
            settings,
            find_gradients,
            epoch=epoch,
            team=team,
            on_step=on_step,
        )

    def metrics(self, data: TaskData, task: Task) -> dict[str, float]:
        """How right it is, by the task's validation examples; the task's own metric first."""
        return evaluate_all(self.layer, data.validation, data.metrics(task))

    def quantize(self, settings: QuantizationSettings) -> None:
        """From now on it computes as if in few bits; its velocities stay."""
        from edgeslim.training.quantization.quantized_net import QuantizedNet

        known = self.velocities()
        self._keep_float_files()
        self._quantized = QuantizedNet(self._net, settings)
        self._begin(known)

    def calibrate(
        self,
        settings: QuantizationSettings,
        data: TaskData,
        *,
        method: str,
        batches: int,
        batch_size: int,
        seed: int,
    ) -> None:
        """Quantizes without training, by what some training images give."""
        from edgeslim.training.quantization.calibrate import calibrate, calibration_batches

        self._keep_float_files()
        shown = calibration_batches(data.train, batches=batches, batch_size=batch_size, seed=seed)
        self._quantized = calibrate(self._net, shown, settings, method)
        self._begin({})

    def save(self, prefix: Path) -> None:
        """Writes it as an inference model: ``prefix.pdmodel`` and ``prefix.pdiparams``."""
        self.layer.save(prefix)

    def save_float(self, prefix: Path) -> None:
        """Writes the program that it was before it was quantized, to be made again from."""
        if self._quantized is None:
            self._net.save(prefix)
        else:
            write_together(
                {Path(f"{prefix}{ending}"): each for ending, each in self._float_files.items()}
            )

    def velocities(self) -> dict[str, NDArray[Any]]:
        """The optimizer's velocities by names of parameters."""
        parameters = self.layer.parameters()
        found = velocities(self._optimizer, self.layer)
        return {parameters[place].name: value for place, value in found.items()}

    def arrays(self) -> dict[str, NDArray[Any]]:
        """Everything that training has changed."""
        found = {
            f"{_STATE}/{place}": np.array(tensor.numpy())
            for place, tensor in enumerate(self.layer.state_dict().values())
        }
        for place, velocity in velocities(self._optimizer, self.layer).items():
            found[f"{_VELOCITY}/{place}"] = velocity
        return found

    def restore(self, arrays: Arrays, *, file: Path) -> None:
        """Puts back what `arrays` gave for a network made the same way.

        Raises:
            BadFileError: It is of another network; names the file that it is from.
        """
        tensors = list(self.layer.state_dict().values())
        known = {name for name in arrays if name.startswith(f"{_STATE}/")}
        if known != {f"{_STATE}/{place}" for place in range(len(tensors))}:
            raise BadFileError(f"{file} is of another network")
        for place, tensor in enumerate(tensors):
            value = arrays[f"{_STATE}/{place}"]
            if tuple(tensor.shape) != value.shape:
                raise BadFileError(f"{file} is of another network: {place} is {value.shape}")
            tensor.set_value(value)
        own = {
            int(name.partition("/")[2]): value
            for name, value in arrays.items()
            if name.startswith(f"{_VELOCITY}/")
        }
        self._optimizer = make_optimizer(self.layer, 1.0)
        set_velocities(self._optimizer, self.layer, own)

    def _begin(self, given: Arrays) -> None:
        """An optimizer for what is trained now, with the velocities that there are."""
        self._optimizer = make_optimizer(self.layer, 1.0)  # each step sets its own rate
        places = {each.name: place for place, each in enumerate(self.layer.parameters())}
        own = {places[name]: value for name, value in given.items() if name in places}
        set_velocities(self._optimizer, self.layer, own)

    def _keep_float_files(self) -> None:
        with temporary_folder() as folder:
            self._net.save(folder / "model")
            self._float_files = _files_at(folder / "model")


def _files_at(prefix: Path) -> dict[str, bytes]:
    endings = (".pdmodel", ".pdiparams")
    return {ending: Path(f"{prefix}{ending}").read_bytes() for ending in endings}
