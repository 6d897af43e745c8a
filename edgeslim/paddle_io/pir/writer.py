"""The old description while it is written: variables by name, operators one after the other."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import Any

from edgeslim.paddle_io.pir.attributes import described, element_number
from edgeslim.paddle_io.pir.reader import TensorType
from edgeslim.paddle_io.pir.values import Constant, Several, Tensor, Value
from edgeslim.paddle_io.pir.versions import OPERATOR_VERSIONS, PADDLE_VERSION
from edgeslim.paddle_io.pir.wire import delimited, tag
from edgeslim.paddle_io.proto import framework

__all__ = ["Attributes", "Writer"]

Attributes = Mapping[str, tuple[str, Any]]
"""Type and value of each attribute by its name."""


class _Tags:
    """Of the fields of a program that are written here."""

    def __init__(self) -> None:
        messages = framework()
        self.variable = tag(messages.BlockDesc, "vars")
        self.variable_name = tag(messages.VarDesc, "name")
        self.operator = tag(messages.BlockDesc, "ops")
        self.kind = tag(messages.OpDesc, "type")
        self.inputs = tag(messages.OpDesc, "inputs")
        self.outputs = tag(messages.OpDesc, "outputs")
        self.slot = tag(messages.OpDesc.Var, "parameter")
        self.argument = tag(messages.OpDesc.Var, "arguments")


@dataclass(slots=True)
class Writer:
    """Writes a program of one block.

    Args:
        reserved: Names that no intermediate tensor may have.
    """

    reserved: set[str]
    _variables: list[bytes] = field(default_factory=list)
    _operators: list[bytes] = field(default_factory=list)
    _kinds: dict[tuple[TensorType, bool], bytes] = field(default_factory=dict)
    _counts: dict[str, int] = field(default_factory=dict)
    _versioned: list[str] = field(default_factory=list)
    _described: dict[int, tuple[Attributes, bytes]] = field(default_factory=dict)
    _kept: dict[int, tuple[Constant, Tensor]] = field(default_factory=dict)
    _tags: _Tags = field(default_factory=_Tags)
    _text: Callable[[str], bytes] = field(default_factory=lambda: cache(_encoded))

    def program(self) -> Any:  # noqa: ANN401 - a ProgramDesc
        """The program as far as it is written."""
        types = framework().VarType
        program = framework().ProgramDesc()
        program.version.version = PADDLE_VERSION
        block = program.blocks.add(idx=0, parent_idx=-1)
        for name, kind in (("feed", types.FEED_MINIBATCH), ("fetch", types.FETCH_LIST)):
            plumbing = framework().VarType(type=kind)
            block.vars.add(name=name, persistable=True, type=plumbing)
        block.MergeFromString(b"".join((*self._variables, *self._operators)))
        for operator in self._versioned:
            pair = program.op_version_map.pair.add(op_name=operator)
            pair.op_version.version = OPERATOR_VERSIONS[operator]
        return program

    def declare(self, name: str, kind: TensorType, *, is_parameter: bool = False) -> Tensor:
        """Declares a tensor under a name of its own.

        Raises:
            ValueError: Old programs know no such type of elements.
        """
        described_kind = self._kinds.get((kind, is_parameter))
        if described_kind is None:
            described_kind = _described_kind(kind, is_parameter=is_parameter)
            self._kinds[kind, is_parameter] = described_kind
        named = self._tags.variable_name + self._text(name)
        self._variables.append(self._tags.variable + delimited(named + described_kind))
        return Tensor(name, kind)

    def new(self, operator: str, kind: TensorType) -> Tensor:
        """A tensor that an operator will write, named after it as Paddle names them."""
        while True:
            count = self._counts.get(operator, 0)
            self._counts[operator] = count + 1
            name = f"{operator}_{count}.tmp_0"
            if name not in self.reserved:
                return self.declare(name, kind)

    def add(
        self,
        kind: str,
        inputs: Mapping[str, Sequence[str]],
        outputs: Mapping[str, Sequence[str]],
        attributes: Attributes,
    ) -> None:
        """Adds an operator behind all others."""
        if kind in OPERATOR_VERSIONS and kind not in self._versioned:
            self._versioned.append(kind)
        tags = self._tags
        fields = [tags.kind, self._text(kind), self._with_attributes(attributes)]
        for side, slots in ((tags.inputs, inputs), (tags.outputs, outputs)):
            for slot, names in slots.items():
                fields += (side, self._slot(slot, names))
        self._operators.append(tags.operator + delimited(b"".join(fields)))

    def _slot(self, slot: str, names: Sequence[str]) -> bytes:
        tags, text = self._tags, self._text
        arguments = [tags.argument + text(name) for name in names]
        return delimited(tags.slot + text(slot) + b"".join(arguments))

    def _with_attributes(self, attributes: Attributes) -> bytes:
        """The fields of an operator's attributes, made once of those that operators share."""
        known = self._described.get(id(attributes))
        if known is None:
            fields = [described(name, *typed) for name, typed in attributes.items()]
            encoded = framework().OpDesc(attrs=fields).SerializePartialToString()
            # The attributes are kept, so that no others have their identity.
            known = self._described[id(attributes)] = attributes, encoded
        return known[1]

    def tensor(self, value: Tensor | Constant) -> Tensor:
        """A tensor with a value's elements; a constant is put into the program once."""
        if isinstance(value, Tensor):
            return value
        if id(value) not in self._kept:
            self._kept[id(value)] = value, self._constant(value)
        return self._kept[id(value)][1]

    def names(self, value: Value) -> list[str]:
        """The names of a value's tensors."""
        if isinstance(value, Tensor):
            return [value.name]
        items = value.items if isinstance(value, Several) else (value,)
        return [self.tensor(item).name for item in items]

    def cast(self, value: Tensor | Constant, element: str) -> Tensor:
        """A tensor with a value's elements as another type."""
        tensor = self.tensor(value)
        if tensor.type.element == element:
            return tensor
        result = self.new("cast", TensorType(element, tensor.type.shape))
        self.add(
            "cast",
            {"X": [tensor.name]},
            {"Out": [result.name]},
            {
                "in_dtype": ("int", element_number(tensor.type.element)),
                "out_dtype": ("int", element_number(element)),
            },
        )
        return result

    def _constant(self, constant: Constant) -> Tensor:
        elements = constant.elements
        number = element_number(constant.type.element)
        if constant.is_uniform:
            value = elements.ravel()[0].item() if elements.size else 0
            result = self.new("fill_constant", constant.type)
            self.add(
                "fill_constant",
                {},
                {"Out": [result.name]},
                {
                    "shape": ("longs", list(elements.shape)),
                    "value": ("float", float(value)),
                    # A float does not hold all whole numbers.
                    "str_value": ("str", repr(value) if type(value) is int else ""),
                    "dtype": ("int", number),
                    "force_cpu": ("bool", False),
                    "place_type": ("int", -1),
                },
            )
            return result
        result = self.new("assign_value", constant.type)
        self.add(
            "assign_value",
            {},
            {"Out": [result.name]},
            {
                "shape": ("ints", list(elements.shape)),
                "dtype": ("int", number),
                "values": ("scalars", elements.ravel().tolist()),
            },
        )
        return result


def _described_kind(kind: TensorType, *, is_parameter: bool) -> bytes:
    """All fields of a variable but its name."""
    messages = framework()
    types = messages.VarType
    tensor = types.TensorDesc(data_type=element_number(kind.element), dims=kind.shape)
    variable = messages.VarDesc(
        type=types(type=types.DENSE_TENSOR, dense_tensor=types.DenseTensorDesc(tensor=tensor))
    )
    if is_parameter:
        variable.persistable = variable.is_parameter = True
    encoded: bytes = variable.SerializePartialToString()
    return encoded


def _encoded(text: str) -> bytes:
    return delimited(text.encode())
