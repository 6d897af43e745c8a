"""The operators of a program as `edgeslim.targets` see them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from edgeslim.errors import ModelError
from edgeslim.ops import ELEMENT_TYPES
from edgeslim.opspec import Shape
from edgeslim.paddle_io.proto import attribute_value
from edgeslim.targets import Operator

__all__ = ["BlockView", "operators_of"]

_PLUMBING = {"feed", "fetch"}


@dataclass(frozen=True, eq=False)
class BlockView:
    """A block of a program, indexed once; it does not follow later changes."""

    block: Any

    @cached_property
    def _variables(self) -> Mapping[str, Any]:
        return {variable.name: variable for variable in self.block.vars}

    @cached_property
    def _makers(self) -> Mapping[str, str]:
        return {
            name: _last_kind(op)
            for op in self.block.ops
            for slot in op.outputs
            for name in slot.arguments
            if op.type not in _PLUMBING
        }

    @cached_property
    def _readers(self) -> Mapping[str, list[str]]:
        found: dict[str, list[str]] = defaultdict(list)
        for op in self.block.ops:
            for slot in op.inputs:
                for name in slot.arguments:
                    found[name].append(op.type)
        return found

    def operator(self, op: Any) -> Operator:  # noqa: ANN401 - an OpDesc
        """An operator of the block, by its description."""
        made = [name for slot in op.outputs for name in slot.arguments]
        read = [name for slot in op.inputs for name in slot.arguments]
        return Operator(
            kind=op.type,
            name=made[0] if made else "",
            inputs=self._shapes(op.inputs),
            outputs=self._shapes(op.outputs),
            attributes=_attributes(op),
            constants={
                slot.parameter
                for slot in op.inputs
                if slot.arguments and all(map(self._is_constant, slot.arguments))
            },
            makers={
                slot.parameter: tuple(
                    self._makers[name] for name in slot.arguments if name in self._makers
                )
                for slot in op.inputs
            },
            readers=tuple(self._readers[made[0]]) if made and made[0] in self._readers else (),
            read=self._slots_read(op, ()),
            read_inside=self._slots_read(op, _PLUMBING),
            element_type=self._element_type(read[0]) if read else "float32",
            types={
                slot.parameter: self._element_type(slot.arguments[0])
                for slot in op.inputs
                if slot.arguments
            },
        )

    def _slots_read(self, op: Any, without: Collection[str]) -> set[str]:  # noqa: ANN401
        """Slots of the outputs that operators read, except operators of some kinds."""
        return {
            slot.parameter
            for slot in op.outputs
            for name in slot.arguments
            if set(self._readers.get(name, ())).difference(without)
        }

    def _shapes(self, slots: Any) -> dict[str, tuple[Shape, ...]]:  # noqa: ANN401
        return {
            slot.parameter: tuple(map(self._shape, slot.arguments))
            for slot in slots
            if slot.arguments
        }

    def _shape(self, name: str) -> Shape:
        found = self._variables.get(name)
        return () if found is None else tuple(found.type.dense_tensor.tensor.dims)

    def _is_constant(self, name: str) -> bool:
        found = self._variables.get(name)
        return found is not None and bool(found.persistable)

    def _element_type(self, name: str) -> str:
        found = self._variables.get(name)
        if found is None:
            return "float32"
        number = found.type.dense_tensor.tensor.data_type
        return ELEMENT_TYPES.get(number, f"type {number} of Paddle's")


def operators_of(program: Any) -> Iterator[Operator]:  # noqa: ANN401 - a ProgramDesc
    """All operators of a program in order, except those that feed and fetch."""
    for block in program.blocks:
        view = BlockView(block)
        for op in block.ops:
            if op.type not in _PLUMBING:
                yield view.operator(op)


def _last_kind(op: Any) -> str:  # noqa: ANN401 - an OpDesc
    """The kind that makes an operator's results: its own, or that of its fused activation."""
    found = {attr.name: attr for attr in op.attrs if attr.name in ("with_act", "act_type")}
    if len(found) < 2 or not attribute_value(found["with_act"]):
        return str(op.type)
    return str(attribute_value(found["act_type"])) or str(op.type)


def _attributes(op: Any) -> dict[str, Any]:  # noqa: ANN401
    found = {}
    for attribute in op.attrs:
        try:
            value = attribute_value(attribute)
        except ModelError:  # a block, which no law reads
            continue
        found[attribute.name] = tuple(value) if isinstance(value, list) else value
    return found
