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
)
from edgeslim.training._program_steps import ReplaceInputs, steps_of

__all__ = ["ProgramNet", "load_program_net"]

Arrays = Mapping[str, np.ndarray[Any, Any]]

Watch = Callable[[EagerOperator, Mapping[str, Tensor]], None]
"""Takes an operator and its outputs by name; called when the operator has run."""

_NOT_LEARNED: Mapping[str, Sequence[str]] = {
    "batch_norm": ("Mean", "Variance"),
    **dict.fromkeys(ROUNDING_KINDS, SCALE_SLOTS),
}
"""Slots of tensors that are stored but not trained, by kind of operator."""

_CONSTANT_NAMES = re.compile(r"(generated_tensor|generated_var|eager_tmp|auto|tmp)_\d+")
"""Names that Paddle gives to stored tensors that are not trained."""


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

    In training, batch norms use the statistics of the batch and update their moving ones, and
    dropout drops, whatever mode the program was saved in. Parameters and statistics have the
    names that they have in the program.

    Args:
        program: A ``ProgramDesc`` without open extents.
        tensors: The value of each persistent tensor, by name.
        name: Name of the network in errors.

    Raises:
        ModelError: An operator cannot be run in dynamic mode, or there is control flow.
    """

    def __init__(self, program: Any, tensors: Arrays, *, name: Path | str = "model") -> None:  # noqa: ANN401
        super().__init__()
        if len(program.blocks) > 1:
            raise ModelError(f"{name} has control flow (loops or branches), which edgeslim lacks")
        self.source = str(name)
        self._program = program
        self._feeds = feed_shapes(program)
        self._fetches = fetch_names(program)
        try:
            self._steps = steps_of(program)
        except ModelError as error:
            raise ModelError(f"{name}: {error}") from error
        self._named = self._register(tensors)

    @property
    def program(self) -> Any:  # noqa: ANN401
        """The ``ProgramDesc`` of the network, which must not be changed."""
        return self._program

    @property
    def feeds(self) -> dict[str, Shape]:
        """Shape of each input by name, as saved, in order."""
        return dict(self._feeds)

    def only_shape(self, name: str) -> Shape:
        """Shape of the only input, as saved.

        Args:
            name: Name of the network in errors.

        Raises:
            UsageError: There are several.
        """
        if len(self._feeds) != 1:
            raise UsageError(
                f"{name} has {len(self._feeds)} inputs ({', '.join(self._feeds)}), but a task "
                "has one image"
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

    def _register(self, tensors: Arrays) -> dict[str, Tensor]:
        """Registers all persistent tensors, trained ones as parameters; returns them by name."""
        statistics = {
            name
            for step in self._steps
            for slot in _NOT_LEARNED.get(step.operator.kind, ())
            for name in (*step.operator.inputs.get(slot, ()), *step.operator.outputs.get(slot, ()))
        }
        named = {}
        for name in persistent_tensors(self._program):
            if name not in tensors:
                raise ModelError(f"{self.source}: there is no value for parameter {name!r}")
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
        change: ReplaceInputs | None = None,
    ) -> list[Tensor]:
        """Runs the network as `forward` does, with callbacks for each operator.

        Args:
            images: One tensor for each input, in order.
            watch: Called with the outputs of each operator when it has run.
            change: Called before each operator; returns the inputs that it runs on.
        """
        if len(images) != len(self._feeds):
            raise ModelError(
                f"{self.source} has {len(self._feeds)} inputs ({', '.join(self._feeds)}) but was "
                f"given {len(images)}"
            )
        tensors = {**self._named, **dict(zip(self._feeds, images, strict=True))}
        try:
            for step in self._steps:
                written = step.run(tensors, training=self.training, change=change)
                if watch is not None:
                    watch(step.operator, written)
        except ModelError as error:
            raise ModelError(f"{self.source}: {error}") from error
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
                raise UsageError(f"{self.source} has no parameter {name!r}")
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


def _parameter(net: nn.Layer, name: str, value: np.ndarray[Any, Any]) -> Tensor:
    """A trained parameter; its name may be in use already, which Paddle does not allow at first."""
    parameter = net.create_parameter(
        list(value.shape), default_initializer=nn.initializer.Constant(0.0)
    )
    parameter.set_value(value)
    parameter.name = name
    return parameter
