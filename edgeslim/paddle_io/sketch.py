"""Operators written one after another in the place of one, shapes and types included."""

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
    shape_of,
    type_of,
)
from edgeslim.paddle_io.program_operators import BlockView
from edgeslim.paddle_io.proto import add_attribute, framework
from edgeslim.paddle_io.rewrites._rewrite import Draft
from edgeslim.targets import Operator

__all__ = ["Sketch"]


class Sketch:
    """What one operator is written with instead; tensors are names.

    Args:
        draft: The program that it is in.
        block: The block that it is in.
        op: The operator.

    Attributes:
        ops: The operators so far.
        op: The one that they stand for.
        x: Its first input, from the slot ``X`` or ``Input``.
    """

    def __init__(self, draft: Draft, block: Any, op: Any) -> None:  # noqa: ANN401 - descriptions
        self.op = op
        self.ops: list[Any] = []
        self._draft = draft
        self._block = block
        self.x = argument(op.inputs, "X") or argument(op.inputs, "Input")

    def attribute(self, name: str, default: Attribute) -> Any:  # noqa: ANN401
        """The value of an attribute of the operator."""
        return attribute(self.op, name, default)

    @property
    def described(self) -> Operator:
        """The operator as laws see it."""
        return BlockView(self._block).operator(self.op)

    def is_used(self, slot: str) -> bool:
        """Whether what it makes in a slot is read, or is an output of the network."""
        return readers_of(self._block)[self.result(slot)] > 0

    def source(self, slot: str) -> str:
        """The tensor in one of its slots; empty if there is none."""
        return argument(self.op.inputs, slot)

    def sources(self, slot: str) -> tuple[str, ...]:
        """All tensors in one of its slots."""
        return arguments(self.op.inputs, slot)

    def result(self, slot: str = "Out") -> str:
        """The tensor that it makes."""
        return argument(self.op.outputs, slot)

    def shape(self, name: str) -> Shape:
        """The shape of a tensor."""
        return shape_of(self._block, name)

    def element_type(self, name: str) -> int:
        """Paddle's number of what a tensor is of."""
        return type_of(self._block, name)

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
        """One more operator; says what it makes.

        Args:
            kind: What it is.
            inputs: Tensors by slot.
            shape: Of what it makes.
            element_type: Likewise; floats by default.
            output: Slot of what it makes.
            scratch: Slot of what Paddle-Lite wants beside it and nobody reads.
            attributes: Its attributes.
        """
        made = new_variable(
            self._block, f"{self.result_name}.{kind}", shape, element_type=element_type
        )
        outputs = {output: [made]}
        if scratch:
            outputs[scratch] = [new_variable(self._block, f"{made}.{scratch.lower()}", [0, *shape])]
        slots = {
            slot: [names] if isinstance(names, str) else list(names)
            for slot, names in inputs.items()
        }
        self.ops.append(new_operator(kind, slots, outputs, attributes))
        return made

    @property
    def result_name(self) -> str:
        """What the operator makes that others read."""
        slots = [slot for slot in self.op.outputs if slot.arguments]
        names = [slot.parameter for slot in slots]
        wanted = next((each for each in ("Out", "Output", "Y") if each in names), names[0])
        return argument(slots, wanted)

    def apply(self, kind: str, x: str, **attributes: Any) -> str:  # noqa: ANN401
        """A function of each element."""
        return self.write(kind, {"X": x}, self.shape(x), **attributes)

    def again(self, x: str) -> dict[str, str]:
        """The operator itself, of another first input; it makes what it made."""
        op = type(self.op)()
        op.CopyFrom(self.op)
        next(slot for slot in op.inputs if self.x in slot.arguments).arguments[0] = x
        self.ops.append(op)
        return {}

    def same(self, x: str) -> str:
        """The same tensor; a copy of an input, which ``opt`` would call otherwise."""
        maker = self.maker(x)
        if maker is not None and maker.type == "feed":
            return self.write("assign", {"X": x}, self.shape(x))
        return self.scaled(x)

    def long(self, name: str, value: Attribute) -> None:
        """Gives the last operator an attribute of 64 bits."""
        add_attribute(self.ops[-1], name, value, long=True)

    def beside(self, slot: str, shape: Sequence[int], element_type: int) -> str:
        """One more output of the last operator."""
        made = new_variable(
            self._block, f"{self.result_name}.{slot.lower()}", shape, element_type=element_type
        )
        self.ops[-1].outputs.add(parameter=slot, arguments=[made])
        return made

    def maker(self, name: str) -> Any:  # noqa: ANN401 - an OpDesc, or None
        """The operator of the program that makes a tensor; None of a parameter or an input."""
        return makers_of(self._block).get(name)

    def value(self, name: str) -> np.ndarray[Any, Any] | None:
        """What a parameter holds, if that is known."""
        return self._draft.value(name)

    def whole_numbers(self, name: str) -> tuple[int, ...] | None:
        """What a tensor of whole numbers holds in order, if that is known."""
        maker = self.maker(name)
        if maker is not None and maker.type == "assign_value":
            listed = (attribute(maker, f"int{bits}_values", ()) for bits in (64, 32))
            return next((tuple(map(int, each)) for each in listed if each), None)
        value = self.value(name)
        return None if value is None else tuple(map(int, value.ravel()))

    def stored(self, name: str) -> np.ndarray[Any, Any] | None:
        """What a parameter holds; None of anything else."""
        return self._draft.value(name)

    def parameter(self, value: np.ndarray[Any, Any]) -> str:
        """A tensor of constants, kept with the parameters."""
        return self._draft.add_parameter(
            f"{self.result_name}.constant", value.astype(np.float32), framework().VarType.FP32
        )

    def picked(self, x: str, places: Sequence[int], axis: int) -> str:
        """Slices along an axis, by their numbers."""
        types = framework().VarType
        indices = self.write(
            "assign_value",
            {},
            [len(places)],
            element_type=types.INT64,
            shape=(len(places),),
            dtype=int(types.INT64),
        )
        self.long("int64_values", tuple(int(place) for place in places))
        shape = [*self.shape(x)]
        shape[axis] = len(places)
        return self.write(
            "index_select",
            {"X": x, "Index": indices},
            shape,
            element_type=self.element_type(x),
            dim=axis,
        )

    def part(self, x: str, start: int, end: int, axis: int) -> str:
        """Slices that are neighbours along an axis, from one on and before another."""
        shape = [*self.shape(x)]
        if (start, end) == (0, shape[axis]):
            return x
        shape[axis] = end - start
        return self.write(
            "slice",
            {"Input": x},
            shape,
            element_type=self.element_type(x),
            axes=(axis,),
            starts=(start,),
            ends=(end,),
            infer_flags=(1,),
        )

    def joined(self, parts: Sequence[str], axis: int) -> str:
        """Several tensors one behind the other."""
        shape = [*self.shape(parts[0])]
        shape[axis] = sum(self.shape(part)[axis] for part in parts)
        return self.write("concat", {"X": list(parts)}, shape, axis=axis)

    def scaled(self, x: str, factor: float = 1.0, offset: float = 0.0) -> str:
        """``factor * x + offset``."""
        return self.apply("scale", x, scale=factor, bias=offset, bias_after_scale=True)

    def both(self, kind: str, x: str, y: str, axis: int = -1) -> str:
        """Of two tensors, the second no larger than the first, or of the same axes."""
        shapes = self.shape(x), self.shape(y)
        shape = shapes[0]
        if len(shapes[0]) == len(shapes[1]):
            shape = tuple(max(pair) for pair in zip(*shapes, strict=True))
        return self.write(f"elementwise_{kind}", {"X": x, "Y": y}, shape, axis=axis)

    def compared(self, kind: str, x: str, y: str) -> str:
        """Truth values of a comparison."""
        types = framework().VarType
        return self.write(
            kind, {"X": x, "Y": y}, self.shape(x), element_type=types.BOOL, axis=-1, force_cpu=False
        )

    def cast(self, x: str, element_type: int | None = None) -> str:
        """The same numbers of another type, floats by default."""
        wanted = framework().VarType.FP32 if element_type is None else element_type
        return self.write(
            "cast",
            {"X": x},
            self.shape(x),
            element_type=wanted,
            in_dtype=self.element_type(x),
            out_dtype=wanted,
        )

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

    def reduced(self, kind: str, x: str, axes: Sequence[int], *, keep: bool) -> str:
        """A reduction over some axes, none below nought; over all if none is given."""
        shape = self.shape(x)
        taken = axes or range(len(shape))
        left = [
            1 if axis in taken else extent
            for axis, extent in enumerate(shape)
            if keep or axis not in taken
        ]
        return self.write(
            f"reduce_{kind}",
            {"X": x},
            left or [1],
            element_type=self.element_type(x),
            dim=tuple(axes),
            keep_dim=keep,
            reduce_all=len(taken) == len(shape),
            in_dtype=-1,
            out_dtype=-1,
        )

    def pooled(
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
        """The largest element or the average of each window of pictures.

        Args:
            kind: ``max`` or ``avg``.
            x: Pictures of ``(N, C, H, W)``.
            shape: Of what is made.
            window: Rows and columns of a window.
            strides: Likewise from one to the next.
            paddings: Above, below, on the left and on the right.
            others: Attributes that are not as usual.
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

    def reshaped(self, x: str, shape: Sequence[int]) -> str:
        """The same elements in another shape."""
        return self.write(
            "reshape2",
            {"X": x},
            shape,
            element_type=self.element_type(x),
            scratch="XShape",
            shape=tuple(shape),
        )

    def expanded(self, x: str, shape: Sequence[int]) -> str:
        """Repeated along axes of one, or along new ones before the first."""
        own = self.shape(x)
        if own == tuple(shape):
            return x
        if len(own) < len(shape):
            x = self.reshaped(x, [*(1,) * (len(shape) - len(own)), *own])
        return self.write(
            "expand_v2", {"X": x}, shape, element_type=self.element_type(x), shape=tuple(shape)
        )

    def transposed(self, x: str, order: Sequence[int]) -> str:
        """The axes in another order."""
        shape = self.shape(x)
        return self.write(
            "transpose2",
            {"X": x},
            [shape[axis] for axis in order],
            element_type=self.element_type(x),
            scratch="XShape",
            axis=tuple(order),
        )

    def product(self, x: str, y: str, shape: Sequence[int]) -> str:
        """The product of two matrices or stacks of them."""
        return self.write("matmul_v2", {"X": x, "Y": y}, shape, trans_x=False, trans_y=False)

    def finished(self, made: str | Mapping[str, str]) -> list[Any]:
        """The operators, which make what the one made that they stand for.

        Args:
            made: The tensor that is its result, or those of its slots.
        """
        wanted = (
            {made: self.result_name}
            if isinstance(made, str)
            else {name: self.result(slot) for slot, name in made.items()}
        )
        for op in self.ops:
            for slot in (*op.inputs, *op.outputs):
                names = [wanted.get(name, name) for name in slot.arguments]
                del slot.arguments[:]
                slot.arguments.extend(names)
        for place in reversed(range(len(self._block.vars))):
            if self._block.vars[place].name in wanted:
                del self._block.vars[place]
        return self.ops
