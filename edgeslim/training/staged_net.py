"""A saved network that is trained epoch by epoch, and can be quantized between epochs."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import paddle

from edgeslim.errors import BadFileError
from edgeslim.files import temporary_folder, write_files
from edgeslim.training._optimizer import make_optimizer, set_velocities, velocities
from edgeslim.training._training_loop import TrainingSettings, TrainingStep, learn_epoch, loss_of
from edgeslim.training.batch_check import check_batches
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
    """A saved program in training; once it is quantized, it computes as if in few bits.

    Args:
        prefix: The program, as ``prefix.pdmodel`` and ``prefix.pdiparams``.
        given: Initial velocities by names of parameters; others start at zero.

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
        """Settings of its quantization, or None."""
        return None if self._quantized is None else self._quantized.settings

    @property
    def input_shape(self) -> tuple[int, ...]:
        """Shape of its input, ``(N, C, H, W)``; it takes any ``N``."""
        (shape,) = self._net.feeds.values()
        return shape

    @property
    def layer(self) -> ProgramNet | QuantizedNet:
        """The layer that is trained and evaluated."""
        return self._net if self._quantized is None else self._quantized

    def check_batches(self) -> None:
        """Checks that images of a batch do not mix; raises `ModelError` if they do."""
        check_batches(self._net)

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
        """Trains an epoch, with the losses that a teacher adds; returns the mean loss.

        Raises:
            DivergedError: The loss is not finite any more.
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
        """Metrics on the task's validation examples, the task's own metric first."""
        return evaluate_all(self.layer, data.validation, data.metrics(task))

    def quantize(self, settings: QuantizationSettings) -> None:
        """Makes the network compute as if in few bits from now on; its velocities stay."""
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
        """Quantizes without training, by scales that some training images give."""
        from edgeslim.training.quantization.calibrate import calibrate, calibration_batches

        self._keep_float_files()
        shown = calibration_batches(data.train, batches=batches, batch_size=batch_size, seed=seed)
        self._quantized = calibrate(self._net, shown, settings, method)
        self._begin({})

    def save(self, prefix: Path) -> None:
        """Writes it as an inference model: ``prefix.pdmodel`` and ``prefix.pdiparams``."""
        self.layer.save(prefix)

    def save_float(self, prefix: Path) -> None:
        """Writes the program as it was before quantization, from which it can be made again."""
        if self._quantized is None:
            self._net.save(prefix)
        else:
            write_files(
                {
                    Path(f"{prefix}{ending}"): content
                    for ending, content in self._float_files.items()
                }
            )

    def velocities(self) -> dict[str, NDArray[Any]]:
        """The optimizer's velocities by names of parameters."""
        parameters = self.layer.parameters()
        found = velocities(self._optimizer, self.layer)
        return {parameters[index].name: value for index, value in found.items()}

    def arrays(self) -> dict[str, NDArray[Any]]:
        """All arrays that training has changed."""
        found = {
            f"{_STATE}/{index}": np.array(tensor.numpy())
            for index, tensor in enumerate(self.layer.state_dict().values())
        }
        for index, velocity in velocities(self._optimizer, self.layer).items():
            found[f"{_VELOCITY}/{index}"] = velocity
        return found

    def restore(self, arrays: Arrays, *, file: Path) -> None:
        """Sets the arrays that `arrays` returned for a network that was made in the same way.

        Raises:
            BadFileError: They are of another network; names the file that they are from.
        """
        tensors = list(self.layer.state_dict().values())
        known = {name for name in arrays if name.startswith(f"{_STATE}/")}
        if known != {f"{_STATE}/{index}" for index in range(len(tensors))}:
            raise BadFileError(f"{file} is of another network")
        for index, tensor in enumerate(tensors):
            value = arrays[f"{_STATE}/{index}"]
            if tuple(tensor.shape) != value.shape:
                raise BadFileError(f"{file} is of another network: {index} is {value.shape}")
            tensor.set_value(value)
        own = {
            int(name.partition("/")[2]): value
            for name, value in arrays.items()
            if name.startswith(f"{_VELOCITY}/")
        }
        self._optimizer = make_optimizer(self.layer, 1.0)
        set_velocities(self._optimizer, self.layer, own)

    def _begin(self, given: Arrays) -> None:
        """Makes an optimizer for the current layer, with known velocities."""
        self._optimizer = make_optimizer(self.layer, 1.0)  # every step sets its own rate
        indices = {weight.name: index for index, weight in enumerate(self.layer.parameters())}
        own = {indices[name]: value for name, value in given.items() if name in indices}
        set_velocities(self._optimizer, self.layer, own)

    def _keep_float_files(self) -> None:
        with temporary_folder() as folder:
            self._net.save(folder / "model")
            self._float_files = _files_at(folder / "model")


def _files_at(prefix: Path) -> dict[str, bytes]:
    endings = (".pdmodel", ".pdiparams")
    return {ending: Path(f"{prefix}{ending}").read_bytes() for ending in endings}
