"""A saved program while its operators are exchanged: quick to copy, to search and to cut.

Descriptions of programs are slow to search, and choosing among forms of a network tries hundreds
of small changes. So a program becomes a list of immutable operators and dictionaries by name, and
is written as a description again at the end.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from edgeslim.files import read_bytes
from edgeslim.opspec import Shape
from edgeslim.paddle_io.block_edits import (
    attributes_of,
    new_operator,
    new_variable,
    set_attribute,
)
from edgeslim.paddle_io.parameters import persistent_tensors, read_parameters, write_program
from edgeslim.paddle_io.program_graph import feed_shapes, fetch_names
from edgeslim.paddle_io.proto import framework, parse_program
from edgeslim.paddle_io.unused_parameters import UNUSED_PARAMETER

__all__ = ["Network", "Op"]

Values = np.ndarray[Any, Any]

_PLUMBING = {"feed", "fetch"}

_ALIASES = {"batch_norm": {"MeanOut", "VarianceOut"}}
"""Outputs of a kind that are written over its parameters in training, and never in inference."""


@dataclass(frozen=True, eq=False)
class Op:
    """An operator of a network.

    Args:
        kind: Kind of the operator.
        inputs: Names of the tensors in each slot that it reads.
        outputs: Names of the tensors in each slot that it writes.
        attributes: Values of its attributes by name.
        origin: Description that it was read from; None for a new operator.
        changed: Names of attributes that differ from that description.
    """

    kind: str
    inputs: Mapping[str, tuple[str, ...]]
    outputs: Mapping[str, tuple[str, ...]]
    attributes: Mapping[str, Any] = field(default_factory=dict)
    origin: Any = None
    changed: frozenset[str] = frozenset()

    def source(self, slot: str) -> str:
        """The first tensor in a slot that it reads; empty if there is none."""
        return next(iter(self.inputs.get(slot, ())), "")

    def result(self, slot: str = "") -> str:
        """The tensor in a slot that it writes; by default the one that others read."""
        if slot:
            return next(iter(self.outputs.get(slot, ())), "")
        main = next((name for name in ("Out", "Output", "Y") if self.outputs.get(name)), "")
        return self.outputs[main][0] if main else next(iter(self.writes), "")

    @cached_property
    def reads(self) -> tuple[str, ...]:
        """Names of everything that it reads."""
        return tuple(name for names in self.inputs.values() for name in names)

    @cached_property
    def writes(self) -> tuple[str, ...]:
        """Names of everything that it computes."""
        skipped = _ALIASES.get(self.kind, ())
        return tuple(
            name for slot, names in self.outputs.items() for name in names if slot not in skipped
        )

    def with_inputs(self, **inputs: str) -> Op:
        """The operator with other tensors in some of its slots."""
        return replace(self, inputs={**self.inputs, **{k: (v,) for k, v in inputs.items()}})

    def with_outputs(self, **outputs: str) -> Op:
        """The operator with other tensors in some of the slots that it writes."""
        return replace(self, outputs={**self.outputs, **{k: (v,) for k, v in outputs.items()}})

    def with_attributes(self, **attributes: Any) -> Op:  # noqa: ANN401 - of attributes' types
        """The operator with other values of some attributes."""
        return replace(
            self,
            attributes={**self.attributes, **attributes},
            changed=self.changed | set(attributes),
        )

    @cached_property
    def description(self) -> Any:  # noqa: ANN401 - an OpDesc
        """The operator as a program describes it."""
        if self.origin is None:
            return new_operator(self.kind, self.inputs, self.outputs, self.attributes)
        made = type(self.origin)()
        made.CopyFrom(self.origin)
        for slots, names_of in ((made.inputs, self.inputs), (made.outputs, self.outputs)):
            del slots[:]
            for slot, names in names_of.items():
                slots.add(parameter=slot, arguments=list(names))
        for name in sorted(self.changed):
            set_attribute(made, name, self.attributes[name])
        return made

    @staticmethod
    def read(description: Any) -> Op:  # noqa: ANN401 - an OpDesc
        """Reads an operator's description."""
        return Op(
            kind=description.type,
            inputs={slot.parameter: tuple(slot.arguments) for slot in description.inputs},
            outputs={slot.parameter: tuple(slot.arguments) for slot in description.outputs},
            attributes=attributes_of(description),
            origin=description,
        )


class Network:
    """A program and its parameters, both to be changed in place.

    Args:
        ops: Operators in the order they run, without those that feed and fetch.
        shapes: Shape of each tensor by name; an open extent is -1.
        types: Paddle's number for each tensor's type of elements, by name.
        values: Values of the parameters by name.
        feeds: Names of the inputs in order.
        fetches: Names of the outputs in order.
        origin: Description that it was read from; None for a new program.
    """

    def __init__(  # noqa: PLR0917 - what a program has, in the order of its description
        self,
        ops: Iterable[Op],
        shapes: Mapping[str, Shape],
        types: Mapping[str, int],
        values: Mapping[str, Values],
        feeds: Sequence[str],
        fetches: Sequence[str],
        *,
        origin: Any = None,  # noqa: ANN401 - a ProgramDesc
    ) -> None:
        self.ops = list(ops)
        self.shapes = dict(shapes)
        self.types = dict(types)
        self.values = dict(values)
        self.feeds = tuple(feeds)
        self.fetches = tuple(fetches)
        self._origin = origin
        self._makers: dict[str, Op] | None = None
        self._readers: dict[str, list[Op]] | None = None

    @staticmethod
    def read(prefix: Path) -> Network:
        """Reads ``prefix.pdmodel`` and ``prefix.pdiparams``.

        Raises:
            BadFileError: The files are no model.
        """
        path = Path(f"{prefix}.pdmodel")
        program = parse_program(read_bytes(path), path)
        block = program.blocks[0]
        tensors = {var.name: var.type.dense_tensor.tensor for var in block.vars}
        return Network(
            (Op.read(op) for op in block.ops if op.type not in _PLUMBING),
            {name: tuple(tensor.dims) for name, tensor in tensors.items()},
            {name: tensor.data_type for name, tensor in tensors.items()},
            read_parameters(Path(f"{prefix}.pdiparams"), program),
            tuple(feed_shapes(program)),
            fetch_names(program),
            origin=program,
        )

    def copy(self) -> Network:
        """A copy that is changed independently."""
        return Network(
            *(self.ops, self.shapes, self.types, self.values),
            *(self.feeds, self.fetches),
            origin=self._origin,
        )

    # What is where.

    def maker(self, name: str) -> Op | None:
        """The operator that computes a tensor; None of parameters and inputs."""
        if self._makers is None:
            self._makers = {name: op for op in self.ops for name in op.writes}
        return self._makers.get(name)

    def readers(self, name: str) -> list[Op]:
        """The operators that read a tensor, in the order they run, each once."""
        if self._readers is None:
            self._readers = defaultdict(list)
            for op in self.ops:
                for read in dict.fromkeys(op.reads):
                    self._readers[read].append(op)
        return self._readers.get(name, [])

    def only_reader(self, name: str) -> Op | None:
        """The operator that alone reads a tensor, which is no output; None if there is none."""
        found = self.readers(name)
        is_alone = len(found) == 1 and name not in self.fetches
        return found[0] if is_alone and found[0].reads.count(name) == 1 else None

    def value(self, name: str) -> Values | None:
        """A parameter of 32-bit floats that are all finite; None of everything else."""
        found = self.values.get(name)
        if found is None or found.dtype != np.float32 or not np.isfinite(found).all():
            return None
        return found

    def is_float(self, name: str) -> bool:
        """Whether a tensor has elements of 32-bit floats."""
        return bool(self.types.get(name) == framework().VarType.FP32)

    def is_known(self, name: str) -> bool:
        """Whether a tensor has 32-bit floats and a shape without open extents."""
        shape = self.shapes.get(name, (-1,))
        return self.is_float(name) and min(shape, default=1) > 0

    # Changing it.

    def replace(self, op: Op, *others: Op) -> None:
        """Puts other operators, or none, in the place of one."""
        index = next(i for i, found in enumerate(self.ops) if found is op)
        self.ops[index : index + 1] = others
        self._makers = self._readers = None

    def read_instead(self, old: str, new: str) -> None:
        """Makes every operator that reads one tensor read another."""
        for op in list(self.readers(old)):
            inputs = {
                slot: tuple(new if name == old else name for name in names)
                for slot, names in op.inputs.items()
            }
            self.replace(op, replace(op, inputs=inputs))

    def add_tensor(self, name: str, shape: Sequence[int]) -> str:
        """Describes another tensor of floats under a free name, and returns the name."""
        free, number = name, 0
        while free in self.shapes:
            number += 1
            free = f"{name}.{number}"
        self.shapes[free] = tuple(shape)
        self.types[free] = int(framework().VarType.FP32)
        return free

    def add_value(self, name: str, value: Values) -> str:
        """Adds a parameter of floats under a free name, and returns the name."""
        free = self.add_tensor(name, value.shape)
        self.values[free] = np.array(value, dtype=np.float32, order="C")
        return free

    def drop_unread(self) -> None:
        """Removes operators whose results nobody reads, and parameters and tensors of nobody."""
        read = set(self.fetches)
        kept: list[Op] = []
        for op in reversed(self.ops):
            if read.intersection(op.writes) or not op.writes:
                kept.append(op)
                read.update(op.reads)
        self.ops = kept[::-1]
        self._makers = self._readers = None
        used = {name for op in self.ops for slot in (op.inputs, op.outputs) for name in _in(slot)}
        used.update(self.feeds, self.fetches)
        self.values = {name: value for name, value in self.values.items() if name in used}
        self.shapes = {name: shape for name, shape in self.shapes.items() if name in used}

    def part(self, ops: Sequence[Op]) -> Network:
        """Some of the operators as a network: what they read is fed, what others read is fetched.

        Args:
            ops: Operators of this network in the order they run.
        """
        own = {name for op in ops for name in op.writes}
        inside = set(map(id, ops))
        reads = dict.fromkeys(name for op in ops for name in op.reads)
        feeds = [name for name in reads if name not in own and name not in self.values]
        fetches = [
            name
            for name in own
            if name in self.fetches or any(id(op) not in inside for op in self.readers(name))
        ]
        return Network(ops, self.shapes, self.types, self.values, feeds, sorted(fetches))

    # Writing it.

    def program(self) -> Any:  # noqa: ANN401 - a ProgramDesc
        """The description of the program, with the tensors that its operators name."""
        proto = framework()
        program = proto.ProgramDesc()
        block = program.blocks.add(idx=0, parent_idx=-1)
        for name, kind in (("feed", "FEED_MINIBATCH"), ("fetch", "FETCH_LIST")):
            variable = block.vars.add(name=name, persistable=True)
            variable.type.type = getattr(proto.VarType, kind)
        named = (name for op in self.ops for slot in (op.inputs, op.outputs) for name in _in(slot))
        for name in dict.fromkeys((*self.feeds, *named, *self.fetches)):
            variable = block.vars.add(name=name, persistable=name in self.values)
            variable.type.type = proto.VarType.DENSE_TENSOR
            tensor = variable.type.dense_tensor.tensor
            tensor.data_type = self.types.get(name, proto.VarType.FP32)
            tensor.dims.extend(self.shapes.get(name, ()))
        for column, name in enumerate(self.feeds):
            op = new_operator("feed", {"X": ["feed"]}, {"Out": [name]}, {"col": column})
            block.ops.append(op)
        block.ops.extend(op.description for op in self.ops)
        for column, name in enumerate(self.fetches):
            op = new_operator("fetch", {"X": [name]}, {"Out": ["fetch"]}, {"col": column})
            block.ops.append(op)
        return program

    def write(self, prefix: Path) -> None:
        """Writes ``prefix.pdmodel`` and ``prefix.pdiparams``; all other facts stay as they came.

        Raises:
            UnwritableError: The folder is read-only or the disk is full.
        """
        program, values = self.program(), self.values
        if not persistent_tensors(program):
            name = new_variable(program.blocks[0], UNUSED_PARAMETER, (1,), persistable=True)
            values = {name: np.ones((1,), np.float32)}
        if self._origin is not None:
            self._restore(program)
        tensors = {name: values[name] for name in persistent_tensors(program)}
        write_program(prefix, program, tensors)

    def _restore(self, program: Any) -> None:  # noqa: ANN401 - a ProgramDesc
        """Gives a description the facts of the original that operators do not have."""
        for part in ("version", "op_version_map"):
            if self._origin.HasField(part):
                getattr(program, part).CopyFrom(getattr(self._origin, part))
        known = {var.name: var for var in self._origin.blocks[0].vars}
        for variable in program.blocks[0].vars:
            found = known.get(variable.name)
            if found is not None:
                variable.CopyFrom(found)


def _in(slots: Mapping[str, tuple[str, ...]]) -> Iterable[str]:
    return (name for names in slots.values() for name in names)
