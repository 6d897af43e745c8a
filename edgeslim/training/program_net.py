"""Saved models as networks that are evaluated and trained in dynamic mode.

A program is the network: its operators run one by one, in order, on batches of any size, and
its parameters are trained in place and saved beside the same description. So whatever
made a model, there is one way to fine-tune it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import paddle
from paddle import Tensor, nn

from edgeslim.errors import ModelError, UsageError
from edgeslim.opspec import Shape
from edgeslim.paddle_io.eager_operators import EagerOperator
from edgeslim.paddle_io.feed_values import feed_types
from edgeslim.paddle_io.parameters import persistent_tensors, read_parameters, write_program
from edgeslim.paddle_io.program_graph import feed_shapes, fetch_names
from edgeslim.paddle_io.proto import read_program
from edgeslim.paddle_io.quantized_program import (
    ROUNDING_KINDS,
    SCALE_SLOTS,
    is_quantized,
    without_rounding,
)
from edgeslim.training._program_steps import Change, steps_of
from edgeslim.training.batch_check import mixing

__all__ = ["ProgramNet", "load_program_net"]

Arrays = Mapping[str, np.ndarray[Any, Any]]

Watch = Callable[[EagerOperator, Mapping[str, Tensor]], None]
"""Takes an operator and its outputs by name."""

_NOT_LEARNED: Mapping[str, Sequence[str]] = {
    "batch_norm": ("Mean", "Variance"),
    **dict.fromkeys(ROUNDING_KINDS, SCALE_SLOTS),
}
"""Slots of what is kept beside parameters, by kind of operator."""

_CONSTANT_NAMES = re.compile(r"(generated_tensor|generated_var|eager_tmp|auto|tmp)_\d+")
"""What Paddle calls tensors that a network keeps without learning them."""


def load_program_net(prefix: Path) -> ProgramNet:
    """The network in ``prefix.pdmodel`` and ``prefix.pdiparams``.

    Raises:
        BadFileError: The files are not a model.
        ModelError: It has operators that cannot be run in dynamic mode.
    """
    path = Path(f"{prefix}.pdmodel")
    program = read_program(path)
    return ProgramNet(program, read_parameters(Path(f"{prefix}.pdiparams"), program), name=path)


class ProgramNet(nn.Layer):  # type: ignore[misc]
    """A program as a network.

    While training, batch norms take the statistics of the batch, of which their moving ones
    follow, and dropout drops, whatever the program was saved as. Parameters and
    statistics are found by the names that the program has for them.

    Args:
        program: A ``ProgramDesc`` with closed shapes.
        tensors: The value of each persistent tensor by name.
        name: What it is called in errors.

    Raises:
        ModelError: An operator cannot be run in dynamic mode, or there is control flow.
    """

    def __init__(self, program: Any, tensors: Arrays, *, name: Path | str = "model") -> None:  # noqa: ANN401
        super().__init__()
        if len(program.blocks) > 1:
            raise ModelError(f"{name} has control flow (loops or branches), which edgeslim lacks")
        self._called = str(name)
        self._program = program
        self._feeds = feed_shapes(program)
        self._fetches = fetch_names(program)
        try:
            self._steps = steps_of(program)
        except ModelError as error:
            raise ModelError(f"{name}: {error}") from error
        self._named = self._registered(tensors)

    @property
    def program(self) -> Any:  # noqa: ANN401
        """Its ``ProgramDesc``, not to be changed."""
        return self._program

    @property
    def feeds(self) -> dict[str, Shape]:
        """Shape of each input by name, as saved, in order."""
        return dict(self._feeds)

    def only_shape(self, name: str) -> Shape:
        """Shape of the only input, as saved.

        Args:
            name: What the network is called in errors.

        Raises:
            UsageError: There are several.
        """
        if len(self._feeds) != 1:
            raise UsageError(
                f"{name} has {len(self._feeds)} inputs ({', '.join(self._feeds)}), and a task "
                "gives one image"
            )
        (shape,) = self._feeds.values()
        return shape

    @property
    def feed_types(self) -> dict[str, str]:
        """Type of the elements of each input by name, as NumPy calls it."""
        others = feed_types(self._program, tuple(self._feeds))
        return {name: others.get(name, "float32") for name in self._feeds}

    @property
    def fetches(self) -> tuple[str, ...]:
        """Names of the outputs, in order."""
        return tuple(self._fetches)

    def _registered(self, tensors: Arrays) -> dict[str, Tensor]:
        """All persistent tensors by name, the trained ones as parameters."""
        statistics = {
            name
            for step in self._steps
            for slot in _NOT_LEARNED.get(step.operator.kind, ())
            for name in (*step.operator.inputs.get(slot, ()), *step.operator.outputs.get(slot, ()))
        }
        named = {}
        for name in persistent_tensors(self._program):
            if name not in tensors:
                raise ModelError(f"{self._called}: there is no value for parameter {name!r}")
            value = tensors[name]
            key = f"tensor/{name.replace('.', '/')}"  # Paddle allows no dots in these
            constant = name in statistics or _CONSTANT_NAMES.fullmatch(name)
            if constant or value.dtype != np.float32:
                named[name] = paddle.to_tensor(value)
                named[name].name = name
                self.register_buffer(key, named[name])
            else:
                named[name] = _parameter(self, name, value)
                self.add_parameter(key, named[name])
        return named

    def forward(self, *images: Tensor) -> list[Tensor]:
        """The outputs in order, for one tensor ``(N, ...)`` for each input in order.

        Raises:
            ModelError: Too few or too many inputs, or of shapes that an operator refuses.
        """
        return self.run(images)

    def run(
        self,
        images: Sequence[Tensor],
        watch: Watch | None = None,
        change: Change | None = None,
    ) -> list[Tensor]:
        """As `forward`, with somebody beside it.

        Args:
            images: One tensor for each input.
            watch: Shown the outputs of each operator when it is done.
            change: Asked before each operator for the inputs that it is run on.
        """
        if len(images) != len(self._feeds):
            raise ModelError(
                f"{self._called} has {len(self._feeds)} inputs ({', '.join(self._feeds)}) and is "
                f"given {len(images)}"
            )
        tensors = {**self._named, **dict(zip(self._feeds, images, strict=True))}
        try:
            for step in self._steps:
                written = step.run(tensors, training=self.training, change=change)
                if watch is not None:
                    watch(step.operator, written)
        except ModelError as error:
            raise ModelError(f"{self._called}: {error}") from error
        return [tensors[name] for name in self._fetches]

    def tensors(self) -> dict[str, np.ndarray[Any, Any]]:
        """The values of all parameters, statistics and constants by name, copied."""
        return {name: np.array(tensor.numpy()) for name, tensor in self._named.items()}

    def set_tensors(self, values: Arrays) -> None:
        """Sets values in place by name; optimizers go on with the same parameters.

        Raises:
            UsageError: No such tensor, or another shape; nothing is set then.
        """
        for name, value in values.items():
            if name not in self._named:
                raise UsageError(f"{self._called} has no parameter {name!r}")
            shape = tuple(self._named[name].shape)
            if tuple(value.shape) != shape:
                raise UsageError(f"{name!r} is {list(shape)} and cannot be {list(value.shape)}")
        for name, value in values.items():
            tensor = self._named[name]
            tensor.set_value(np.asarray(value, tensor.numpy().dtype))

    def gradients(self) -> dict[str, np.ndarray[Any, Any]]:
        """The gradient of each parameter that has one by name, after a backward pass."""
        return {
            name: np.array(tensor.grad.numpy())
            for name, tensor in self._named.items()
            if tensor.grad is not None
        }

    def save(self, prefix: Path) -> None:
        """Writes ``prefix.pdmodel`` and ``prefix.pdiparams``, both or none.

        Raises:
            UnwritableError: Read-only folder, full disk.
        """
        write_program(prefix, self._program, self.tensors())

    def check_batches(self, *, seed: int = 0) -> None:
        """Proves that two images together give what each gives alone, on random numbers.

        Raises:
            ModelError: They do not; names the first operator that mixes the images or is
                made for one alone.
        """
        plain = self
        if is_quantized(self._program):
            # Sums of another order differ in the last bits, and those may be rounded apart.
            program = without_rounding(self._program)
            plain = ProgramNet(program, self.tensors(), name=self._called)
        problem = mixing(plain, np.random.default_rng(seed))
        if problem is not None:
            raise ModelError(f"{self._called}: {problem}")


def _parameter(net: nn.Layer, name: str, value: np.ndarray[Any, Any]) -> Tensor:
    """A trained parameter of a name that others may have as well, which Paddle makes none of."""
    parameter = net.create_parameter(
        list(value.shape), default_initializer=nn.initializer.Constant(0.0)
    )
    parameter.set_value(value)
    parameter.name = name
    return parameter
