"""Operators that are written in short, one after the other."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from edgeslim.rewriting.network import Network, Op

__all__ = ["OperatorWriter"]


class OperatorWriter:
    """Operators that are written one after the other, each with its result described.

    Args:
        network: Network whose tensors are read; results are described in it.
        stem: Start of the names of results.

    Attributes:
        ops: The operators so far.
    """

    def __init__(self, network: Network, stem: str) -> None:
        self.network = network
        self.ops: list[Op] = []
        self._stem = stem

    def shape(self, name: str) -> tuple[int, ...]:
        """Shape of a tensor."""
        return self.network.shapes[name]

    def write(
        self,
        kind: str,
        inputs: Mapping[str, str | Sequence[str]],
        shape: Sequence[int],
        /,
        *,
        output: str = "Out",
        scratch: str = "",
        **attributes: Any,  # noqa: ANN401 - each of a type that attributes have
    ) -> str:
        """Appends an operator, and returns the name of its result.

        Args:
            kind: Kind of the operator.
            inputs: Names of its inputs by slot.
            shape: Shape of its result.
            output: Slot of its result.
            scratch: Slot of an output that is needed and that nothing reads.
            attributes: Values of its attributes by name.
        """
        result = self.network.add_tensor(f"{self._stem}.{kind}", shape)
        outputs = {output: (result,)}
        if scratch:
            unread = self.network.add_tensor(f"{result}.{scratch.lower()}", (0, *shape))
            outputs[scratch] = (unread,)
        slots = {
            slot: (names,) if isinstance(names, str) else tuple(names)
            for slot, names in inputs.items()
        }
        self.ops.append(Op(kind, slots, outputs, attributes))
        return result

    def apply(self, kind: str, x: str, **attributes: Any) -> str:  # noqa: ANN401
        """A function of each element."""
        return self.write(kind, {"X": x}, self.shape(x), **attributes)

    def scale(self, x: str, factor: float = 1.0, offset: float = 0.0) -> str:
        """``factor * x + offset``."""
        return self.apply(
            "scale", x, scale=float(factor), bias=float(offset), bias_after_scale=True
        )

    def apart(self, x: str) -> str:
        """The same tensor behind a barrier: a dropout of inference.

        The optimizer removes it after the passes that would merge what is around it.
        """
        result = self.apply(
            "dropout",
            x,
            dropout_implementation="upscale_in_train",
            dropout_prob=0.5,
            is_test=True,
            fix_seed=False,
            seed=0,
        )
        op = self.ops.pop()
        mask = self.network.add_tensor(f"{result}.mask", self.shape(x))
        self.ops.append(Op(op.kind, op.inputs, {**op.outputs, "Mask": (mask,)}, op.attributes))
        return result

    def clip(self, x: str, low: float, high: float) -> str:
        """Each element, or the nearer bound if it is outside of both."""
        return self.apply("clip", x, min=low, max=high)

    def binary(self, kind: str, x: str, y: str, axis: int = -1) -> str:
        """``elementwise_KIND`` of two tensors, of which the second is no larger."""
        return self.write(f"elementwise_{kind}", {"X": x, "Y": y}, self.shape(x), axis=axis)

    def finish(self, last: str, result: str) -> list[Op]:
        """The operators, with another name for the result of the last."""
        return [
            Op(
                op.kind,
                op.inputs,
                {
                    slot: tuple(result if name == last else name for name in names)
                    for slot, names in op.outputs.items()
                },
                op.attributes,
            )
            for op in self.ops
        ]
