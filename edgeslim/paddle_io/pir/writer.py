"""The old description while it is written: variables by name, operators one after the other."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from edgeslim.paddle_io.pir.attributes import described, element_number
from edgeslim.paddle_io.pir.reader import TensorType
from edgeslim.paddle_io.pir.values import Constant, Several, Tensor, Value
from edgeslim.paddle_io.pir.versions import OPERATOR_VERSIONS, PADDLE_VERSION
from edgeslim.paddle_io.proto import framework

__all__ = ["Attributes", "Writer"]

Attributes = Mapping[str, tuple[str, Any]]
"""Type and value of each attribute by its name."""


@dataclass(slots=True)
class Writer:
    """Writes a program of one block.

    Args:
        reserved: Names that no intermediate tensor may have.
    """

    reserved: set[str]
    program: Any = field(init=False)
    block: Any = field(init=False)
    _types: dict[TensorType, Any] = field(default_factory=dict)
    _counts: Counter[str] = field(default_factory=Counter)
    _versioned: set[str] = field(default_factory=set)
    _kept: dict[int, tuple[Constant, Tensor]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        types = framework().VarType
        self.program = framework().ProgramDesc()
        self.program.version.version = PADDLE_VERSION
        self.block = self.program.blocks.add(idx=0, parent_idx=-1)
        for name, kind in (("feed", types.FEED_MINIBATCH), ("fetch", types.FETCH_LIST)):
            plumbing = framework().VarType(type=kind)
            self.block.vars.add(name=name, persistable=True, type=plumbing)

    def declare(self, name: str, kind: TensorType, *, is_parameter: bool = False) -> Tensor:
        """Declares a tensor under a name of its own.

        Raises:
            ValueError: Old programs know no such type of elements.
        """
        if kind not in self._types:
            self._types[kind] = _variable_type(kind)
        typed = self._types[kind]
        if is_parameter:
            self.block.vars.add(name=name, type=typed, persistable=True, is_parameter=True)
        else:
            self.block.vars.add(name=name, type=typed)
        return Tensor(name, kind)

    def new(self, operator: str, kind: TensorType) -> Tensor:
        """A tensor that an operator will write, named after it as Paddle names them."""
        while True:
            name = f"{operator}_{self._counts[operator]}.tmp_0"
            self._counts[operator] += 1
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
            self._versioned.add(kind)
            pair = self.program.op_version_map.pair.add(op_name=kind)
            pair.op_version.version = OPERATOR_VERSIONS[kind]
        # One call of many arguments is several times faster than many calls.
        self.block.ops.add(
            type=kind,
            inputs=[{"parameter": slot, "arguments": names} for slot, names in inputs.items()],
            outputs=[{"parameter": slot, "arguments": names} for slot, names in outputs.items()],
            attrs=[described(name, *typed) for name, typed in attributes.items()],
        )

    def tensor(self, value: Tensor | Constant) -> Tensor:
        """A tensor with a value's elements; a constant is put into the program once."""
        if isinstance(value, Tensor):
            return value
        if id(value) not in self._kept:
            self._kept[id(value)] = value, self._constant(value)
        return self._kept[id(value)][1]

    def names(self, value: Value) -> list[str]:
        """The names of a value's tensors."""
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


def _variable_type(kind: TensorType) -> Any:  # noqa: ANN401 - a VarType
    types = framework().VarType
    tensor = types.TensorDesc(data_type=element_number(kind.element), dims=kind.shape)
    return types(type=types.DENSE_TENSOR, dense_tensor=types.DenseTensorDesc(tensor=tensor))
