"""The operator that makes an optimized model another function, in one line with its mend."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any

from edgeslim.deployment.culprit_mends import mend_of
from edgeslim.deployment.trace import Trace, TraceStep, largest_difference
from edgeslim.graph import Graph, Node
from edgeslim.ops import known_kinds
from edgeslim.opspec import Shape

__all__ = ["Culprit", "culprit_of", "first_wrong", "format_shapes"]

_MOST_ATTRIBUTES = 6
_ACTIVATIONS = ("act_type", "activation_type")
_SAID_TWICE = {"fuse_relu", "with_act"}


@dataclass(frozen=True, kw_only=True, slots=True)
class Culprit:
    """The first operator whose value differs.

    Args:
        kind: Its kind in the optimized model.
        inputs: Shapes of the tensors that it reads, weights too.
        outputs: Shapes of the tensors that it writes.
        attributes: Attributes that are not as they usually are, by name.
        stands_for: Kinds of the model's operators that it was made of, in order.
        tensor: Name in the model of what it should compute; empty if that is not known.
        off: Largest difference over the largest value of that tensor.
        mend: Clause that says what can be done.
        kernel: Kernel that computes it wrongly although the optimizer's work is right; else empty.
    """

    kind: str
    inputs: tuple[Shape, ...]
    outputs: tuple[Shape, ...]
    attributes: Mapping[str, Any]
    stands_for: tuple[str, ...]
    tensor: str
    off: float | None
    mend: str
    kernel: str = ""

    def __str__(self) -> str:
        shapes = f"{format_shapes(self.inputs)} -> {format_shapes(self.outputs)}"
        own = ", ".join(f"{name} {_format_value(value)}" for name, value in self.attributes.items())
        made = ", ".join(self.stands_for)
        parts = [
            f"{self.kind} {shapes}{f' ({own})' if own else ''}",
            f"made of {made}" if made and self.stands_for != (self.kind,) else "",
            _format_deviation(self.off),
            f"at {self.tensor!r}" if self.tensor else "",
            f"by the runtime's kernel {self.kernel}" if self.kernel else "",
        ]
        return f"{', '.join(part for part in parts if part)}; {self.mend}"


def _format_deviation(off: float | None) -> str:
    if off is None:
        return ""
    if not math.isfinite(off):
        return "which gives no number or ends the runtime"
    return f"off by {off:.2g} of the largest value"


def format_shapes(shapes: Iterable[Shape]) -> str:
    """Text of shapes, such as ``1x3x224x224, one number``."""
    return ", ".join("x".join(map(str, shape)) or "one number" for shape in shapes)


def _format_value(value: Any) -> str:  # noqa: ANN401
    if isinstance(value, (tuple, list)):
        return "x".join(map(_format_value, value))
    return f"{value:g}" if isinstance(value, float) else str(value)


def first_wrong(trace: Trace) -> TraceStep | None:
    """The first operator that reads right values and writes wrong ones that reach an output.

    A value that is no tensor of the model need not be wrong: optimizers regroup operators. So the
    search goes back from a wrong output, through unknown values, to where all inputs are known.
    """
    wrong = {
        step.number
        for name in trace.program.fetches
        for step in _makers(trace, name)
        if not trace.is_right(step, name)
    }
    frontier, waiting, seen = [], list(wrong), set(wrong)
    while waiting:
        step = trace.steps[waiting.pop()]
        before = {number for number in step.reads if not trace.steps[number].is_known}
        if not before:
            frontier.append(step.number)
        waiting += before - seen
        seen |= before
    return trace.steps[min(frontier)] if frontier else None


def _makers(trace: Trace, name: str) -> list[TraceStep]:
    """The step that writes an output last, as a list of one, or none."""
    return [step for step in trace.steps if name in step.outputs][-1:]


def culprit_of(graph: Graph, trace: Trace, step: TraceStep) -> Culprit:
    """Describes an operator that computes something else than the model."""
    value = next(iter(step.outputs.values()))
    tensor = _intended_tensor(graph, trace, step)
    made_of = tuple(_kinds_between(graph, tensor, _known_before(trace, step))) if tensor else ()
    return Culprit(
        kind=step.call.kind,
        inputs=step.inputs,
        outputs=tuple(array.shape for array in step.outputs.values()),
        attributes=_notable_attributes(step),
        stands_for=made_of,
        tensor=tensor,
        off=largest_difference(trace.tensors[tensor], value) if tensor else None,
        mend=mend_of(step.call, made_of),
    )


def _intended_tensor(graph: Graph, trace: Trace, step: TraceStep) -> str:
    """Name of the model's tensor that an operator should compute.

    That of the same name, since the last of several fused operators gives its output's name,
    unless several tensors have it; then what the model computes of the same weight and inputs, up
    to the next operator; or else the nearest in value that no other step computes.
    """
    own, value = next(iter(step.outputs.items()))
    fits = [name for name, array in trace.tensors.items() if array.size == value.size]
    if own in fits and (own in trace.once or own in trace.program.fetches):
        return own
    for name in reversed(_chain(graph, trace, step)):
        if name in fits:
            return name
    given = {name for other in trace.steps for name in other.same_as.values()}
    others = [name for name in fits if name not in given]
    return min(others, key=lambda name: largest_difference(trace.tensors[name], value), default="")


def _chain(graph: Graph, trace: Trace, step: TraceStep) -> list[str]:
    """Names of the model's tensors along the chain from where an operator's weight is read."""
    weights = {name for names in step.call.inputs.values() for name in names}
    start = next(
        (n for n in graph.nodes if weights & _weight_names(n)),
        None,
    )
    if start is None:
        return []
    known = (_known_before(trace, step) - set(start.reads())) | _constants(graph)
    readers = Counter(name for node in graph.nodes for name in node.reads())
    chain = [start]
    while True:
        (result, *_) = chain[-1].writes()
        after = next((node for node in graph.nodes if result in node.reads()), None)
        if after is None or readers[result] > 1 or not set(after.reads()) <= known | {result}:
            break
        known -= set(after.reads())
        chain.append(after)
    next_kinds = {reader.call.kind for reader in trace.steps if step.number in reader.reads}
    while len(chain) > 1 and chain[-1].spec.kind in next_kinds:
        chain.pop()
    return [node.writes()[0] for node in chain]


def _weight_names(node: Node) -> set[str]:
    return {name for names in node.weights.values() for name in names}


def _constants(graph: Graph) -> set[str]:
    """Names of tensors that are computed from parameters alone."""
    found = set(graph.parameters)
    for node in graph.nodes:
        if found.issuperset(node.reads()):
            found.update(node.writes())
    return found


def _known_before(trace: Trace, step: TraceStep) -> set[str]:
    """Names of the model's inputs, and of the right values that an operator reads."""
    made = {name for number in step.reads for name in trace.steps[number].same_as.values() if name}
    return made | set(trace.program.feeds)


def _kinds_between(graph: Graph, tensor: str, known: set[str]) -> list[str]:
    """Kinds of the operators from known tensors to another, in order."""
    wanted, kinds, constant = {tensor}, [], _constants(graph)
    for node in reversed(graph.nodes):
        if not wanted.intersection(node.writes()):
            continue
        if not set(node.reads()) <= constant:
            kinds.append(node.spec.kind)
        wanted.update(name for name in node.reads() if name not in known)
    return [kind for kind, _ in groupby(reversed(kinds))]


def _notable_attributes(step: TraceStep) -> dict[str, Any]:
    """Attributes that change what is computed and are not at their defaults, a few at most."""
    kind = known_kinds().get(step.call.kind)
    usual: Mapping[str, Any] = {} if kind is None else kind.attributes
    own = step.call.attributes
    found = {name: own[name] for name in _ACTIVATIONS if own.get(name)}
    usual = {name: default for name, default in usual.items() if name not in _SAID_TWICE}
    found |= {
        name: own[name]
        for name, default in usual.items()
        if name in own and name not in found and not _is_same(own[name], default)
    }
    return dict(list(found.items())[:_MOST_ATTRIBUTES])


def _is_same(value: Any, default: Any) -> bool:  # noqa: ANN401
    if isinstance(value, Sequence) and not isinstance(value, str):
        return tuple(value) == (tuple(default) if isinstance(default, Sequence) else default)
    return bool(value == default)
