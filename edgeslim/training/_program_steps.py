"""The operators of a program in the order they run, each with what may be forgotten after it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from paddle import Tensor

from edgeslim.errors import ModelError
from edgeslim.opspec import Shape
from edgeslim.paddle_io.batch_axis import FOLLOWING, Call
from edgeslim.paddle_io.block_edits import shapes_of
from edgeslim.paddle_io.eager_functions import Slots
from edgeslim.paddle_io.eager_operators import EagerOperator
from edgeslim.paddle_io.parameters import persistent_tensors
from edgeslim.paddle_io.program_graph import fetch_names
from edgeslim.training._program_depthwise import depthwise

__all__ = ["Change", "Step", "steps_of", "where"]

Change = Callable[[EagerOperator, Slots], Slots]
"""Takes an operator and its inputs by slot, and gives those that it is run on."""


class Step(NamedTuple):
    """An operator in its place.

    Args:
        operator: What is run.
        reads: Described shapes of its inputs by slot.
        writes: Described shapes of its outputs by slot.
        kept: Names of the outputs that are read later, by slot.
        done: Names of tensors that nothing reads any more.
    """

    operator: EagerOperator
    reads: Mapping[str, list[Shape]]
    writes: Mapping[str, list[Shape]]
    kept: Mapping[str, tuple[str, ...]]
    done: tuple[str, ...]

    def run(
        self, tensors: dict[str, Tensor], *, training: bool, change: Change | None = None
    ) -> dict[str, Tensor]:
        """Takes inputs from ``tensors``, puts outputs there, and gives these alone as well.

        Args:
            tensors: Everything that is known by name.
            training: Whether batch statistics are taken and dropout drops.
            change: Gives other inputs to run it on.

        Raises:
            ModelError: The operator refuses its inputs.
        """
        try:
            written = self._computed(tensors, training, change)
        except (RuntimeError, ValueError, TypeError, IndexError, KeyError) as error:
            # Paddle raises plain errors from its native code.
            raise ModelError(self._failure(tensors, error)) from error
        outputs = {
            name: value
            for slot, names in self.kept.items()
            for name, value in zip(names, written[slot], strict=True)
        }
        tensors.update(outputs)
        for name in self.done:
            del tensors[name]
        return outputs

    def _computed(
        self, tensors: Mapping[str, Tensor], training: bool, change: Change | None
    ) -> Slots:
        operator = self.operator
        given: Slots = {
            slot: [tensors[name] for name in names] for slot, names in operator.inputs.items()
        }
        if change is not None:
            given = change(operator, given)
        follow = FOLLOWING.get(operator.kind)
        if follow is None:
            return operator(given, training=training)
        call = follow(Call(given, operator.attributes, self.reads, self.writes))
        return operator(call.given, call.attributes, training=training)

    def _failure(self, tensors: Mapping[str, Tensor], error: Exception) -> str:
        shapes = [
            str(list(tensors[name].shape)) if name in tensors else f"no {name!r}"
            for names in self.operator.inputs.values()
            for name in names
        ]
        lines = [line.strip() for line in str(error).splitlines()]
        # The line that says why is the one before its hints and places in Paddle's sources.
        told = [line for line in lines if line and not line.startswith(("[", "---", "C++", "at "))]
        why = told[-1] if told else repr(error)
        return f"{where(self.operator)} cannot run on {', '.join(shapes)}: {why[:300]}"


def where(operator: EagerOperator) -> str:
    """How an operator is named in errors: by its kind and what it writes."""
    names = [name for names in operator.outputs.values() for name in names]
    return f"{operator.kind} (of {', '.join(map(repr, names[:2]))})" if names else operator.kind


def steps_of(program: Any) -> list[Step]:  # noqa: ANN401 - a ProgramDesc
    """The operators of a program without control flow, in order.

    Raises:
        ModelError: One cannot be run in dynamic mode.
    """
    block = program.blocks[0]
    shapes = shapes_of(block)
    stored = set(persistent_tensors(program))
    steps: list[Step] = []
    later = set(fetch_names(program))
    for op in reversed(block.ops):
        if op.type in {"feed", "fetch"}:
            continue
        operator = EagerOperator(op, depthwise(op) if op.type == "depthwise_conv2d" else None)
        kept = {
            slot: names
            for slot, names in operator.outputs.items()
            # Moving statistics are written over stored tensors, and follow by themselves.
            if not stored.issuperset(names) and later.intersection(names)
        }
        reads = {name for names in operator.inputs.values() for name in names} - stored
        unread = {name for names in kept.values() for name in names} - later
        done = tuple(sorted((reads - later) | unread))
        steps.append(
            Step(
                operator,
                _described(operator.inputs, shapes),
                _described(operator.outputs, shapes),
                kept,
                done,
            )
        )
        later |= reads
    return steps[::-1]


def _described(
    slots: Mapping[str, tuple[str, ...]], shapes: Mapping[str, Shape]
) -> dict[str, list[Shape]]:
    return {slot: [shapes.get(name, ()) for name in names] for slot, names in slots.items()}
