"""The operators of a program in the order they run, with the tensors to release after each."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from paddle import Tensor

from edgeslim.errors import ModelError
from edgeslim.opspec import Shape
from edgeslim.paddle_io.batch_axis import BATCH_RULES, Call
from edgeslim.paddle_io.block_edits import shapes_of
from edgeslim.paddle_io.eager_functions import Slots
from edgeslim.paddle_io.eager_operators import EagerOperator
from edgeslim.paddle_io.parameters import persistent_tensors
from edgeslim.paddle_io.program_graph import fetch_names
from edgeslim.training._program_depthwise import compute_depthwise

__all__ = ["ProgramStep", "ReplaceInputs", "describe_operator", "steps_of"]

ReplaceInputs = Callable[[EagerOperator, Slots], Slots]
"""Takes an operator and its inputs by slot; returns the inputs that it runs on."""


class ProgramStep(NamedTuple):
    """An operator of a program, and what is needed of its outputs.

    Args:
        operator: The operator that is run.
        reads: Described shapes of its inputs by slot.
        writes: Described shapes of its outputs by slot.
        kept: Names of outputs that later operators read, by slot.
        released: Names of tensors that no later operator reads.
    """

    operator: EagerOperator
    reads: Mapping[str, list[Shape]]
    writes: Mapping[str, list[Shape]]
    kept: Mapping[str, tuple[str, ...]]
    released: tuple[str, ...]

    def run(
        self, tensors: dict[str, Tensor], *, training: bool, change: ReplaceInputs | None = None
    ) -> dict[str, Tensor]:
        """Takes inputs from ``tensors``, adds the outputs to it, and returns these.

        Args:
            tensors: All tensors that are needed, by name.
            training: Whether batch norms use the batch's statistics and dropout drops.
            change: Replaces the inputs before the operator runs.

        Raises:
            ModelError: The operator does not take its inputs.
        """
        try:
            written = self._compute(tensors, training, change)
        except (RuntimeError, ValueError, TypeError, IndexError, KeyError) as error:
            # Paddle raises plain errors from its native code.
            raise ModelError(self._failure(tensors, error)) from error
        outputs = {
            name: value
            for slot, names in self.kept.items()
            for name, value in zip(names, written[slot], strict=True)
        }
        tensors.update(outputs)
        for name in self.released:
            del tensors[name]
        return outputs

    def _compute(
        self, tensors: Mapping[str, Tensor], training: bool, change: ReplaceInputs | None
    ) -> Slots:
        operator = self.operator
        given: Slots = {
            slot: [tensors[name] for name in names] for slot, names in operator.inputs.items()
        }
        if change is not None:
            given = change(operator, given)
        follow = BATCH_RULES.get(operator.kind)
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
        # The reason is the line before hints and lines of Paddle's sources.
        reasons = [
            line for line in lines if line and not line.startswith(("[", "---", "C++", "at "))
        ]
        why = reasons[-1] if reasons else repr(error)
        return f"{describe_operator(self.operator)} cannot run on {', '.join(shapes)}: {why[:300]}"


def describe_operator(operator: EagerOperator) -> str:
    """Name of an operator in errors: its kind and its outputs."""
    names = [name for names in operator.outputs.values() for name in names]
    return f"{operator.kind} (of {', '.join(map(repr, names[:2]))})" if names else operator.kind


def steps_of(program: Any) -> list[ProgramStep]:  # noqa: ANN401 - a ProgramDesc
    """The operators of a program without control flow, in order.

    Raises:
        ModelError: An operator cannot be run in dynamic mode.
    """
    block = program.blocks[0]
    shapes = shapes_of(block)
    stored = set(persistent_tensors(program))
    steps: list[ProgramStep] = []
    later = set(fetch_names(program))
    for op in reversed(block.ops):
        if op.type in {"feed", "fetch"}:
            continue
        operator = EagerOperator(
            op, compute_depthwise(op) if op.type == "depthwise_conv2d" else None
        )
        kept = {
            slot: names
            for slot, names in operator.outputs.items()
            # Moving statistics overwrite stored tensors in place.
            if not stored.issuperset(names) and later.intersection(names)
        }
        reads = {name for names in operator.inputs.values() for name in names} - stored
        unread = {name for names in kept.values() for name in names} - later
        released = tuple(sorted((reads - later) | unread))
        steps.append(
            ProgramStep(
                operator,
                _shapes_by_slot(operator.inputs, shapes),
                _shapes_by_slot(operator.outputs, shapes),
                kept,
                released,
            )
        )
        later |= reads
    return steps[::-1]


def _shapes_by_slot(
    slots: Mapping[str, tuple[str, ...]], shapes: Mapping[str, Shape]
) -> dict[str, list[Shape]]:
    return {slot: [shapes.get(name, ()) for name in names] for slot, names in slots.items()}
