"""Every operator of an optimized model, with the tensor of the original model that it computes.

Names do not tell: an optimizer that reuses memory gives one name to many tensors. So the result of
an operator is looked for among everything that Paddle computes of the model, by its values.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import prod
from pathlib import Path

import numpy as np

from edgeslim.conversion.prepare import PreparedModel
from edgeslim.deployment.judgement import Array, difference_of, is_acceptable
from edgeslim.execution import Precision
from edgeslim.lite.optimized_program import read_optimized_program
from edgeslim.opspec import Shape
from edgeslim.optimized_program import OperatorCall, OptimizedProgram
from edgeslim.paddle_io.export import run_in_paddle
from edgeslim.paddle_io.optimized_operators.run import OptimizedNet

__all__ = ["Trace", "TraceStep", "largest_difference", "trace_optimized"]

_ALIKE = 0.8
"""Correlation above which a tensor of lower precision is called the same: rounding leaves more
than nine tenths, another function next to nothing."""

_ROUGHLY = 1e-3


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class TraceStep:
    """One operator as it ran.

    Args:
        number: Its position, from 0.
        call: The operator in the optimized program.
        reads: Numbers of the steps whose results it reads, without inputs and weights.
        inputs: Shapes of the tensors that it reads, weights last.
        outputs: Arrays that it computes, by name.
        same_as: For each output by name, the model's tensor that is equal to it; "" if none is.
    """

    number: int
    call: OperatorCall
    reads: tuple[int, ...]
    inputs: tuple[Shape, ...]
    outputs: Mapping[str, Array]
    same_as: Mapping[str, str]

    @property
    def is_known(self) -> bool:
        """Whether all that it computes is a tensor of the model, and right."""
        return all(self.same_as.values())


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class Trace:
    """All operators of an optimized model, as they ran on one input.

    Args:
        program: The program after optimization.
        steps: Its operators, as they ran.
        tensors: Every tensor that Paddle computes of the original model, by name.
        once: Names that only one operator of the program writes.
    """

    program: OptimizedProgram
    steps: Sequence[TraceStep]
    tensors: Mapping[str, Array]
    once: frozenset[str]

    def is_right(self, step: TraceStep, name: str) -> bool:
        """Whether what a step writes is the output of the model of that name."""
        return step.same_as.get(name) == name


def trace_optimized(
    model: PreparedModel, path: Path, inputs: Mapping[str, Array], precision: Precision
) -> Trace:
    """Runs an optimized model and what it was made of, and puts them side by side.

    Args:
        model: The model as it was prepared.
        path: File of the optimized model.
        inputs: One array for each input of the model, by name.
        precision: Precision that it was converted to.

    Raises:
        ModelError: An operator has no meaning here, or Paddle cannot run the model.
    """
    program = read_optimized_program(path)
    tensors = _tensors_of(model, inputs)
    written = Counter(
        name for call in program.calls for names in call.outputs.values() for name in names
    )
    once = frozenset(name for name, count in written.items() if count == 1)
    # In fp16 operators are computed here without rounding, and so exactly.
    finder = _Finder(tensors, once, exact=precision in {Precision.FP32, Precision.FP16})
    makers: dict[str, int] = {}
    shapes: dict[str, Shape] = {
        name: array.shape for name, array in {**program.weights, **inputs}.items()
    }
    steps: list[TraceStep] = []

    def watch(number: int, call: OperatorCall, outputs: Mapping[str, Array]) -> None:
        read = [name for names in call.inputs.values() for name in names]
        read.sort(key=lambda name: name in program.weights)
        steps.append(
            TraceStep(
                number=number,
                call=call,
                reads=tuple(makers[name] for name in read if name in makers),
                inputs=tuple(shapes[name] for name in read),
                outputs=outputs,
                same_as={name: finder.name_of(name, array) for name, array in outputs.items()},
            )
        )
        makers.update(dict.fromkeys(outputs, number))
        shapes.update({name: array.shape for name, array in outputs.items()})

    OptimizedNet(program).run(inputs, watch)
    return Trace(program=program, steps=steps, tensors=tensors, once=once)


def _tensors_of(model: PreparedModel, inputs: Mapping[str, Array]) -> dict[str, Array]:
    """Everything that Paddle computes of a model, by name."""
    names = [
        name
        for node in model.graph.nodes
        for name in node.writes()
        if prod(model.graph.shapes[name]) > 0
    ]
    names = list(dict.fromkeys(names))
    values = run_in_paddle(model.prefix, inputs, also=names, name=model.name)
    count = len(model.graph.fetches)
    found = {**inputs, **dict(zip(names, values[count:], strict=True))}
    return found | dict(zip(model.graph.fetches, values[:count], strict=True))


def largest_difference(truth: Array, value: Array) -> float:
    """The largest difference of two arrays over the largest true value."""
    return difference_of([[truth]], [[value]]).max_rel


class _Finder:
    """Looks for tensors of a model by their values."""

    def __init__(self, tensors: Mapping[str, Array], once: frozenset[str], *, exact: bool) -> None:
        self._tensors = tensors
        self._once = once
        self._exact = exact
        self._by_size: dict[int, list[str]] = defaultdict(list)
        for name, value in tensors.items():
            self._by_size[value.size].append(name)

    def name_of(self, own: str, value: Array) -> str:
        """The tensor that has these values, one of the same name first; "" if there is none."""
        alike = self._by_size[value.size]
        if own in alike and (own in self._once or self._same(own, value)):
            # A name that is used once can only be the tensor of that name.
            return own if self._same(own, value) else ""
        return next((name for name in reversed(alike) if self._same(name, value)), "")

    def _same(self, name: str, value: Array) -> bool:
        truth = self._tensors[name].ravel()
        found = value.ravel()
        if self._exact:
            if truth.dtype.kind == "f" and found.dtype.kind == "f":
                scale = float(np.max(np.abs(truth), initial=0.0))
                if not float(np.max(np.abs(truth - found), initial=0.0)) <= _ROUGHLY * scale:
                    return False
            return is_acceptable(difference_of([[truth]], [[found]]), Precision.FP32)
        return _correlation(truth, found) >= _ALIKE


def _correlation(truth: Array, found: Array) -> float:
    first, second = (array.astype(np.float64) - np.mean(array) for array in (truth, found))
    size = float(np.linalg.norm(first) * np.linalg.norm(second))
    return float(first @ second) / size if size > 0 else float(np.array_equal(first, second))
