"""Writing the old description of a program: variables by name, operators in order."""

from __future__ import annotations

import dataclasses
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import count
from typing import Any

from edgeslim.paddle_io.pir.attributes import attribute_fields, element_number
from edgeslim.paddle_io.pir.reader import TensorType
from edgeslim.paddle_io.pir.values import Constant, Tensor, TensorList, Value
from edgeslim.paddle_io.pir.versions import OPERATOR_VERSIONS, PADDLE_VERSION
from edgeslim.paddle_io.pir.wire import encode_delimited, encode_field, encode_tag
from edgeslim.paddle_io.proto import framework

__all__ = ["Attributes", "Writer", "fill_attributes", "tensor_description"]

Attributes = Mapping[str, tuple[str, Any]]
"""Type and value of each attribute by its name."""


class _Fields:
    """Encoded tags of the fields that are written here, and fields that are always the same."""

    def __init__(self) -> None:
        messages = framework()
        types = messages.VarType
        self.variable = encode_tag(messages.BlockDesc, "vars")
        self.variable_name = encode_tag(messages.VarDesc, "name")
        self.variable_type = encode_tag(messages.VarDesc, "type")
        self.is_dense: bytes = types(type=types.DENSE_TENSOR).SerializeToString()
        self.dense = encode_tag(types, "dense_tensor")
        self.tensor = encode_tag(types.DenseTensorDesc, "tensor")
        parameter = messages.VarDesc(persistable=True, is_parameter=True)
        self.is_parameter: bytes = parameter.SerializePartialToString()
        self.operator = encode_tag(messages.BlockDesc, "ops")
        self.inputs = encode_tag(messages.OpDesc, "inputs")
        self.outputs = encode_tag(messages.OpDesc, "outputs")
        self.slot = encode_tag(messages.OpDesc.Var, "parameter")
        self.argument = encode_tag(messages.OpDesc.Var, "arguments")


@dataclass(slots=True)
class Writer:
    """Writes a program of one block.

    Args:
        reserved: Names of inputs, parameters and outputs, which no intermediate tensor may have.
    """

    reserved: set[str]
    _variables: list[bytes] = dataclasses.field(default_factory=list)
    _operators: list[bytes] = dataclasses.field(default_factory=list)
    _types: dict[TensorType, bytes] = dataclasses.field(default_factory=dict)
    _counts: defaultdict[str, count[int]] = dataclasses.field(
        default_factory=lambda: defaultdict(count)
    )
    _versioned_kinds: list[str] = dataclasses.field(default_factory=list)
    _heads: dict[tuple[str, int], tuple[bytes, Attributes]] = dataclasses.field(
        default_factory=dict
    )
    _constants: dict[int, tuple[Constant, Tensor]] = dataclasses.field(default_factory=dict)
    _fields: _Fields = dataclasses.field(default_factory=_Fields)
    _slot_name: Callable[[str], bytes] = dataclasses.field(init=False)
    _encoded_names: dict[str, bytes] = dataclasses.field(default_factory=dict)

    def __post_init__(self) -> None:
        slot = self._fields.slot
        self._slot_name = cache(lambda name: encode_field(slot, name.encode()))
        self._encoded_names |= {name: encode_delimited(name.encode()) for name in ("feed", "fetch")}

    def program(self) -> Any:  # noqa: ANN401 - a ProgramDesc
        """The program as far as it has been written."""
        types = framework().VarType
        program = framework().ProgramDesc()
        program.version.version = PADDLE_VERSION
        block = program.blocks.add(idx=0, parent_idx=-1)
        for name, kind in (("feed", types.FEED_MINIBATCH), ("fetch", types.FETCH_LIST)):
            plumbing = framework().VarType(type=kind)
            block.vars.add(name=name, persistable=True, type=plumbing)
        block.MergeFromString(b"".join((*self._variables, *self._operators)))
        for operator in self._versioned_kinds:
            pair = program.op_version_map.pair.add(op_name=operator)
            pair.op_version.version = OPERATOR_VERSIONS[operator]
        return program

    def declare(self, name: str, kind: TensorType, *, is_parameter: bool = False) -> Tensor:
        """Declares a tensor under a given name.

        Raises:
            ValueError: Old programs have no such type of elements.
        """
        fields = self._fields
        typed = self._types.get(kind)
        if typed is None:
            typed = self._types[kind] = self._variable_type(kind)
        named = self._encoded_names[name] = encode_delimited(name.encode())
        variable = fields.variable_name + named + typed
        if is_parameter:
            variable += fields.is_parameter
        self._variables.append(encode_field(fields.variable, variable))
        return Tensor(name, kind)

    def _variable_type(self, kind: TensorType) -> bytes:
        fields = self._fields
        tensor = encode_field(fields.tensor, tensor_description(kind))
        dense = encode_field(fields.dense, tensor)
        return encode_field(fields.variable_type, fields.is_dense + dense)

    def new(self, operator: str, kind: TensorType) -> Tensor:
        """Declares a tensor that an operator will write, named after it as Paddle does."""
        while True:
            name = f"{operator}_{next(self._counts[operator])}.tmp_0"
            if name not in self.reserved:
                return self.declare(name, kind)

    def add(
        self,
        kind: str,
        inputs: Mapping[str, Sequence[str]],
        outputs: Mapping[str, Sequence[str]],
        attributes: Attributes,
    ) -> None:
        """Appends an operator."""
        head = self._heads.get((kind, id(attributes)))
        if head is None:
            # The attributes are kept, so that no others have their identity.
            head = self._head(kind, attributes), attributes
            self._heads[kind, id(attributes)] = head
        fields, encoded = self._fields, self._encoded_names
        written = head[0]
        for side, slots in ((fields.inputs, inputs), (fields.outputs, outputs)):
            for slot, names in slots.items():
                content = self._slot_name(slot)
                for name in names:
                    content += fields.argument + encoded[name]
                written += encode_field(side, content)
        self._operators.append(encode_field(fields.operator, written))

    def _head(self, kind: str, attributes: Attributes) -> bytes:
        """The encoded fields that operators of one kind and the same attributes share."""
        if kind in OPERATOR_VERSIONS and kind not in self._versioned_kinds:
            self._versioned_kinds.append(kind)
        messages = [attribute_fields(name, *typed) for name, typed in attributes.items()]
        head: bytes = framework().OpDesc(type=kind, attrs=messages).SerializeToString()
        return head

    def tensor(self, value: Tensor | Constant) -> Tensor:
        """The tensor of a value; a constant is put into the program once."""
        if isinstance(value, Tensor):
            return value
        if id(value) not in self._constants:
            self._constants[id(value)] = value, self._add_constant(value)
        return self._constants[id(value)][1]

    def names(self, value: Value) -> list[str]:
        """The names of a value's tensors."""
        if isinstance(value, Tensor):
            return [value.name]
        items = value.items if isinstance(value, TensorList) else (value,)
        return [self.tensor(item).name for item in items]

    def cast(self, value: Tensor | Constant, element: str) -> Tensor:
        """A value cast to another type of elements, or its own tensor if it has that type."""
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

    def _add_constant(self, constant: Constant) -> Tensor:
        elements, element = constant.elements, constant.type.element
        shape = list(elements.shape)
        if constant.is_uniform:
            kind = "fill_constant"
            value = elements.ravel()[0].item() if elements.size else 0
            attributes = fill_attributes(shape, value, element)
        else:
            kind = "assign_value"
            attributes = {
                "shape": ("ints", shape),
                "dtype": ("int", element_number(element)),
                "values": ("scalars", elements.ravel().tolist()),
            }
        result = self.new(kind, constant.type)
        self.add(kind, {}, {"Out": [result.name]}, attributes)
        return result


def fill_attributes(shape: Sequence[int], value: float, element: str) -> Attributes:
    """Attributes of ``fill_constant``, which makes a tensor of one value.

    Raises:
        ValueError: Old programs have no such type of elements.
    """
    return {
        "shape": ("longs", list(shape)),
        "value": ("float", float(value)),
        # A float does not hold all whole numbers.
        "str_value": ("str", repr(value) if type(value) is int else ""),
        "dtype": ("int", element_number(element)),
        "force_cpu": ("bool", False),
        "place_type": ("int", -1),
    }


def tensor_description(kind: TensorType) -> bytes:
    """The encoded ``TensorDesc`` of a type, as programs and files of parameters have it.

    Raises:
        ValueError: Old programs have no such type of elements.
    """
    tensor = framework().VarType.TensorDesc
    encoded: bytes = tensor(
        data_type=element_number(kind.element), dims=kind.shape
    ).SerializeToString()
    return encoded
