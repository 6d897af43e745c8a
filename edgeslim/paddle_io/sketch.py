"""One operator of a draft, and the operators that are written in its place."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from edgeslim.opspec import Attribute, Shape
from edgeslim.paddle_io.block_edits import (
    argument,
    arguments,
    attribute,
    makers_of,
    new_operator,
    new_variable,
    readers_of,
    scratch_variable,
    set_argument,
    shape_of,
    type_of,
)
from edgeslim.paddle_io.draft import Draft
from edgeslim.paddle_io.proto import add_attribute, framework
from edgeslim.targets import Operator

__all__ = ["Sketch"]


class Sketch:
    """One operator of a draft, and the operators that are written in its place.

    Tensors are referred to by their names. Each method that computes something appends an operator
    and returns the name of its result; shapes and types of elements are described on the way.

    Args:
        draft: The program that the operator is in.
        block: The block that the operator is in.
        op: The operator's description, an ``OpDesc``.
        operator: The same operator as laws see it.

    Attributes:
        ops: The operators written so far.
        x: Its first input, from the slot ``X`` or ``Input``.
    """

    def __init__(self, draft: Draft, block: Any, op: Any, operator: Operator) -> None:  # noqa: ANN401
        self.draft = draft
        self.block = block
        self.op = op
        self.operator = operator
        self.ops: list[Any] = []
        self.x = argument(op.inputs, "X") or argument(op.inputs, "Input")

    # What the operator is.

    def attribute(self, name: str, default: Attribute) -> Any:  # noqa: ANN401
        """The value of an attribute of the operator, or a default if it is left out."""
        return attribute(self.op, name, default)

    def source(self, slot: str) -> str:
        """The first input in one of the operator's slots; empty if there is none."""
        return argument(self.op.inputs, slot)

    def sources(self, slot: str) -> tuple[str, ...]:
        """All inputs in one of the operator's slots."""
        return arguments(self.op.inputs, slot)

    def result(self, slot: str = "") -> str:
        """The output in one of the operator's slots; by default the one that others read."""
        if slot:
            return argument(self.op.outputs, slot)
        slots = [slot for slot in self.op.outputs if slot.arguments]
        names = {slot.parameter: slot.arguments[0] for slot in slots}
        return next((names[name] for name in ("Out", "Output", "Y") if name in names), "") or next(
            iter(names.values())
        )

    def is_used(self, slot: str) -> bool:
        """Whether the output in a slot is read, or is an output of the network."""
        return readers_of(self.block)[self.result(slot)] > 0

    # What tensors are.

    def shape(self, name: str) -> Shape:
        """The shape of a tensor."""
        return shape_of(self.block, name)

    def element_type(self, name: str) -> int:
        """Paddle's number for a tensor's type of elements."""
        return type_of(self.block, name)

    def maker(self, name: str) -> Any:  # noqa: ANN401 - an OpDesc, or None
        """The operator of the program that makes a tensor; None for a parameter or an input."""
        return makers_of(self.block).get(name)

    def value(self, name: str) -> np.ndarray[Any, Any] | None:
        """The value of a parameter; None for other tensors, or if it is not known."""
        return self.draft.value(name)

    def integers(self, name: str) -> tuple[int, ...] | None:
        """The elements of a constant tensor of integers in order; None if they are not known."""
        maker = self.maker(name)
        if maker is not None and maker.type == "assign_value":
            lists = (attribute(maker, f"int{bits}_values", ()) for bits in (64, 32))
            return next((tuple(map(int, values)) for values in lists if values), None)
        value = self.value(name)
        return None if value is None else tuple(map(int, value.ravel()))

    # Operators that are written.

    def write(
        self,
        kind: str,
        inputs: Mapping[str, str | Sequence[str]],
        shape: Sequence[int],
        /,
        *,
        element_type: int | None = None,
        output: str = "Out",
        scratch: str = "",
        **attributes: Any,  # noqa: ANN401 - each of a type that attributes have
    ) -> str:
        """Appends an operator, and returns the name of its result.

        Args:
            kind: Kind of the operator.
            inputs: Names of its inputs by slot.
            shape: Shape of its result.
            element_type: Paddle's number for the result's type of elements; float32 by default.
            output: Slot of its result.
            scratch: Slot of an output that Paddle-Lite needs and nothing reads.
            attributes: Values of its attributes by name.
        """
        result = new_variable(
            self.block, f"{self.result()}.{kind}", shape, element_type=element_type
        )
        outputs = {output: [result]}
        if scratch:
            outputs[scratch] = [scratch_variable(self.block, result, scratch, [0, *shape])]
        slots = {
            slot: [names] if isinstance(names, str) else list(names)
            for slot, names in inputs.items()
        }
        self.ops.append(new_operator(kind, slots, outputs, attributes))
        return result

    def set_long(self, name: str, value: Attribute) -> None:
        """Gives the last operator an attribute of 64 bits."""
        add_attribute(self.ops[-1], name, value, long=True)

    def add_output(self, slot: str, shape: Sequence[int], element_type: int) -> str:
        """Gives the last operator another output, and returns its name."""
        result = new_variable(
            self.block, f"{self.result()}.{slot.lower()}", shape, element_type=element_type
        )
        self.ops[-1].outputs.add(parameter=slot, arguments=[result])
        return result

    def copy_with_input(self, x: str) -> dict[str, str]:
        """Appends a copy of the operator with another first input and the same outputs."""
        op = type(self.op)()
        op.CopyFrom(self.op)
        slot = next(slot.parameter for slot in op.inputs if self.x in slot.arguments)
        set_argument(op.inputs, slot, x)
        self.ops.append(op)
        return {}

    def apply(self, kind: str, x: str, **attributes: Any) -> str:  # noqa: ANN401
        """A function of each element."""
        return self.write(kind, {"X": x}, self.shape(x), **attributes)

    def scale(self, x: str, factor: float = 1.0, offset: float = 0.0) -> str:
        """``factor * x + offset``."""
        return self.apply("scale", x, scale=factor, bias=offset, bias_after_scale=True)

    def identity(self, x: str) -> str:
        """The same elements; an input is copied, since ``opt`` would rename it."""
        maker = self.maker(x)
        is_input = maker is not None and maker.type == "feed"
        return self.apply("assign", x) if is_input else self.scale(x)

    def binary(self, kind: str, x: str, y: str, axis: int = -1) -> str:
        """``elementwise_KIND`` of a tensor and one that is no larger, or has as many axes."""
        shape = self.shape(x)
        if len(shape) == len(self.shape(y)):
            shape = tuple(map(max, shape, self.shape(y)))
        return self.write(f"elementwise_{kind}", {"X": x, "Y": y}, shape, axis=axis)

    def compare(self, kind: str, x: str, y: str) -> str:
        """Booleans of a comparison."""
        return self.logical(kind, x, y, axis=-1, force_cpu=False)

    def logical(self, kind: str, x: str, y: str = "", **attributes: Any) -> str:  # noqa: ANN401
        """Booleans that are computed of one tensor or two."""
        inputs = {"X": x, "Y": y} if y else {"X": x}
        boolean = framework().VarType.BOOL
        return self.write(kind, inputs, self.shape(x), element_type=boolean, **attributes)

    def cast(self, x: str, element_type: int | None = None) -> str:
        """The same numbers in another type, float32 by default."""
        wanted = framework().VarType.FP32 if element_type is None else element_type
        own = self.element_type(x)
        return self.apply("cast", x, element_type=wanted, in_dtype=own, out_dtype=wanted)

    def constant(self, value: float, shape: Sequence[int] = (1,)) -> str:
        """A tensor of one number."""
        return self.write(
            "fill_constant",
            {},
            shape,
            shape=tuple(shape),
            value=float(value),
            str_value=repr(float(value)),
            dtype=int(framework().VarType.FP32),
            force_cpu=False,
            place_type=-1,
        )

    def parameter(self, value: np.ndarray[Any, Any]) -> str:
        """A tensor of constants, stored with the parameters."""
        return self.draft.add_parameter(f"{self.result()}.constant", value.astype(np.float32))

    def matmul(self, x: str, y: str, shape: Sequence[int]) -> str:
        """The product of two matrices, or of batches of them."""
        return self.write("matmul_v2", {"X": x, "Y": y}, shape, trans_x=False, trans_y=False)

    def reduce(self, kind: str, x: str, axes: Sequence[int], *, keep: bool) -> str:
        """A reduction over some axes, counted from the first; over all if none is given."""
        shape = self.shape(x)
        reduced = axes or range(len(shape))
        left = [
            1 if axis in reduced else extent
            for axis, extent in enumerate(shape)
            if keep or axis not in reduced
        ]
        return self.write(
            f"reduce_{kind}",
            {"X": x},
            left or [1],
            element_type=self.element_type(x),
            dim=tuple(axes),
            keep_dim=keep,
            reduce_all=len(reduced) == len(shape),
            in_dtype=-1,
            out_dtype=-1,
        )

    def pool(
        self,
        kind: str,
        x: str,
        shape: Sequence[int],
        *,
        window: Sequence[int] = (1, 1),
        strides: Sequence[int] = (1, 1),
        paddings: Sequence[int] = (0, 0, 0, 0),
        **others: Attribute,
    ) -> str:
        """Max or average pooling of images.

        Args:
            kind: ``max`` or ``avg``, as Paddle's attribute.
            x: Images of ``(N, C, H, W)``.
            shape: Shape of the result.
            window: Height and width of a window.
            strides: Distances between neighbouring windows.
            paddings: Padding above, below, on the left and on the right.
            others: Attributes that differ from their defaults.
        """
        attributes: dict[str, Any] = {
            "global_pooling": False,
            "adaptive": False,
            "ceil_mode": False,
            "exclusive": True,
            "padding_algorithm": "EXPLICIT",
            "data_format": "NCHW",
            **others,
        }
        return self.write(
            "pool2d",
            {"X": x},
            shape,
            pooling_type=kind,
            ksize=tuple(window),
            strides=tuple(strides),
            paddings=tuple(paddings),
            **attributes,
        )

    # Operators that move elements.

    def _move(
        self,
        kind: str,
        x: str,
        shape: Sequence[int],
        /,
        **attributes: Any,  # noqa: ANN401
    ) -> str:
        return self.write(kind, {"X": x}, shape, element_type=self.element_type(x), **attributes)

    def reshape(self, x: str, shape: Sequence[int]) -> str:
        """The same elements in another shape."""
        return self._move("reshape2", x, shape, scratch="XShape", shape=tuple(shape))

    def transpose(self, x: str, order: Sequence[int]) -> str:
        """The axes in another order."""
        shape = [self.shape(x)[axis] for axis in order]
        return self._move("transpose2", x, shape, scratch="XShape", axis=tuple(order))

    def expand(self, x: str, shape: Sequence[int]) -> str:
        """A tensor repeated along axes of extent 1, or along new ones before the first."""
        own = self.shape(x)
        if own == tuple(shape):
            return x
        if len(own) < len(shape):
            x = self.reshape(x, [*(1,) * (len(shape) - len(own)), *own])
        return self._move("expand_v2", x, shape, shape=tuple(shape))

    def select(self, x: str, indices: Sequence[int], axis: int) -> str:
        """Slices along an axis, by their indices."""
        count, types = len(indices), framework().VarType
        index = self.write(
            "assign_value",
            {},
            [count],
            element_type=types.INT64,
            shape=(count,),
            dtype=int(types.INT64),
        )
        self.set_long("int64_values", tuple(map(int, indices)))
        return self.write(
            "index_select",
            {"X": x, "Index": index},
            self._with_extent(x, axis, count),
            element_type=self.element_type(x),
            dim=axis,
        )

    def slice(self, x: str, start: int, end: int, axis: int) -> str:
        """The slices along an axis from one index to before another."""
        if (start, end) == (0, self.shape(x)[axis]):
            return x
        return self.write(
            "slice",
            {"Input": x},
            self._with_extent(x, axis, end - start),
            element_type=self.element_type(x),
            axes=(axis,),
            starts=(start,),
            ends=(end,),
            infer_flags=(1,),
        )

    def concat(self, parts: Sequence[str], axis: int) -> str:
        """Several tensors joined along an axis."""
        extent = sum(self.shape(part)[axis] for part in parts)
        shape = self._with_extent(parts[0], axis, extent)
        return self.write("concat", {"X": list(parts)}, shape, axis=axis)

    def pad(self, x: str, sides: Sequence[int], axis: int, value: float = 0.0) -> str:
        """A tensor with a number of slices of one value before and after it along an axis."""
        before, after = (
            [self.constant(value, self._with_extent(x, axis, side))] if side else []
            for side in sides
        )
        return self.concat([*before, x, *after], axis) if any(sides) else x

    def _with_extent(self, x: str, axis: int, extent: int) -> list[int]:
        """The shape of a tensor with another extent of one axis."""
        shape = [*self.shape(x)]
        shape[axis] = extent
        return shape

    def finish(self, results: str | Mapping[str, str]) -> list[Any]:
        """The written operators, with the outputs of the operator that they replace.

        Args:
            results: The tensor that takes the place of the result, or tensors by slot.
        """
        wanted = (
            {results: self.result()}
            if isinstance(results, str)
            else {name: self.result(slot) for slot, name in results.items()}
        )
        for op in self.ops:
            for slot in (*op.inputs, *op.outputs):
                slot.arguments[:] = [wanted.get(name, name) for name in slot.arguments]
        for index in reversed(range(len(self.block.vars))):
            if self.block.vars[index].name in wanted:
                del self.block.vars[index]
        return self.ops
