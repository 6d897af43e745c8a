"""Every operator of an optimized model beside the model that it was made of.

Names say little: an optimizer that reuses memory gives one to many tensors. So what an operator
computes is looked for among everything that Paddle computes of the model, by its values.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import prod
from pathlib import Path

import numpy as np

from edgeslim.conversion.prepare import PreparedModel
from edgeslim.deployment.judgement import Array, acceptable, difference_of
from edgeslim.execution import Precision
from edgeslim.lite.optimized_program import read_optimized_program
from edgeslim.opspec import Shape
from edgeslim.optimized_program import OperatorCall, OptimizedProgram
from edgeslim.paddle_io.export import run_in_paddle
from edgeslim.paddle_io.optimized_operators.run import OptimizedNet

__all__ = ["Step", "Trace", "largest_difference", "trace_optimized"]

_ALIKE = 0.8
"""Correlation from which on a tensor of lower precision is called the same: rounding leaves more
than nine tenths, another function next to nothing."""

_ROUGHLY = 1e-3


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class Step:
    """One operator as it ran.

    Args:
        number: Its place.
        call: It.
        reads: The steps that made what it reads; inputs and weights of the model are made by none.
        inputs: Shapes of what it reads, weights behind the rest.
        outputs: What it computes, by name.
        same_as: The model's tensors that these are equal to, by their names; "" where it is none.
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
    """All operators of an optimized model.

    Args:
        program: It.
        steps: Its operators, as they ran.
        tensors: What Paddle computes of the model, by name.
        once: Names that only one operator of it writes.
    """

    program: OptimizedProgram
    steps: Sequence[Step]
    tensors: Mapping[str, Array]
    once: frozenset[str]

    def is_right(self, step: Step, name: str) -> bool:
        """Whether what a step writes is the output of the model of that name."""
        return step.same_as.get(name) == name


def trace_optimized(
    model: PreparedModel, path: Path, inputs: Mapping[str, Array], precision: Precision
) -> Trace:
    """Runs an optimized model and what it was made of, and puts them side by side.

    Args:
        model: The model.
        path: The optimized file.
        inputs: One input of it, by names.
        precision: What it was converted to.

    Raises:
        ModelError: An operator has no meaning here, or Paddle cannot run the model.
    """
    program = read_optimized_program(path)
    tensors = _tensors_of(model, inputs)
    written = Counter(
        name for call in program.calls for names in call.outputs.values() for name in names
    )
    once = frozenset(name for name, count in written.items() if count == 1)
    # Halves are looked at without their rounding.
    finder = _Finder(tensors, once, exact=precision in {Precision.FP32, Precision.FP16})
    makers: dict[str, int] = {}
    shapes: dict[str, Shape] = {
        name: each.shape for name, each in {**program.weights, **inputs}.items()
    }
    steps: list[Step] = []

    def watch(number: int, call: OperatorCall, outputs: Mapping[str, Array]) -> None:
        read = [name for names in call.inputs.values() for name in names]
        read.sort(key=lambda name: name in program.weights)
        steps.append(
            Step(
                number=number,
                call=call,
                reads=tuple(makers[name] for name in read if name in makers),
                inputs=tuple(shapes[name] for name in read),
                outputs=outputs,
                same_as={name: finder.name_of(name, each) for name, each in outputs.items()},
            )
        )
        makers.update(dict.fromkeys(outputs, number))
        shapes.update({name: each.shape for name, each in outputs.items()})

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
    """Over the largest true value."""
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
            # A name that is used once can only mean the tensor that is called so.
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
            return acceptable(difference_of([[truth]], [[found]]), Precision.FP32)
        return _correlation(truth, found) >= _ALIKE


def _correlation(truth: Array, found: Array) -> float:
    first, second = (each.astype(np.float64) - np.mean(each) for each in (truth, found))
    size = float(np.linalg.norm(first) * np.linalg.norm(second))
    return float(first @ second) / size if size > 0 else float(np.array_equal(first, second))
