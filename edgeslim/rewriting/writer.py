"""Operators that are written in short, one after the other."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from edgeslim.rewriting.network import Network, Op

__all__ = ["OperatorWriter"]

Values = np.ndarray[Any, Any]


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

    def norm_of(self, x: str, factor: Values, offset: Values) -> str:
        """``factor * x + offset`` for each channel of ``(N, C, H, W)``, as a batch norm."""
        ones = np.ones(len(factor))
        scale, bias, mean, variance = (
            self.network.add_value(f"{self._stem}.{name}", value)
            for name, value in (
                ("scale", factor),
                ("bias", offset),
                ("mean", 0 * ones),
                ("variance", ones),
            )
        )
        return self.norm(x, scale=scale, bias=bias, mean=mean, variance=variance)

    def norm(
        self, x: str, *, scale: str, bias: str, mean: str, variance: str, epsilon: float = 0.0
    ) -> str:
        """A batch norm in inference, of parameters by name."""
        result = self.write(
            "batch_norm",
            {"X": x, "Scale": scale, "Bias": bias, "Mean": mean, "Variance": variance},
            self.shape(x),
            output="Y",
            epsilon=epsilon,
            momentum=0.9,
            is_test=True,
            use_global_stats=False,
            trainable_statistics=False,
            data_layout="NCHW",
        )
        last = self.ops.pop()
        unread = {
            slot: (self.network.add_tensor(f"{self._stem}.{slot.lower()}", self.shape(scale)),)
            for slot in ("SavedMean", "SavedVariance")
        }
        outputs = {**last.outputs, "MeanOut": (mean,), "VarianceOut": (variance,), **unread}
        self.ops.append(Op(last.kind, last.inputs, outputs, last.attributes))
        return result

    def reshape(self, x: str, shape: Sequence[int]) -> str:
        """The same elements in another shape."""
        return self.write("reshape2", {"X": x}, shape, scratch="XShape", shape=tuple(shape))

    def transpose(self, x: str, order: Sequence[int]) -> str:
        """The axes in another order."""
        shape = [self.shape(x)[axis] for axis in order]
        return self.write("transpose2", {"X": x}, shape, scratch="XShape", axis=tuple(order))

    def concat(self, parts: Sequence[str], axis: int) -> str:
        """Several tensors joined along an axis."""
        shape = [*self.shape(parts[0])]
        shape[axis] = sum(self.shape(part)[axis] for part in parts)
        return self.write("concat", {"X": list(parts)}, shape, axis=axis)

    def cut(self, x: str, axis: int, start: int, count: int) -> str:
        """Some slices in a row along an axis."""
        shape = [*self.shape(x)]
        if (start, count) == (0, shape[axis]):
            return x
        shape[axis] = count
        return self.write(
            "slice",
            {"Input": x},
            shape,
            axes=(axis,),
            starts=(start,),
            ends=(start + count,),
            infer_flags=(1,),
            decrease_axis=(),
        )

    def pad(self, x: str, sides: Sequence[int]) -> str:
        """Images with zeros above, below, on the left and on the right."""
        top, bottom, left, right = sides
        n, c, h, w = self.shape(x)
        if not any(sides):
            return x
        h_after, w_after = h + top + bottom, w + left + right
        # Paddle pads images so, and the optimizer makes one operator of the three.
        deep = self.write("unsqueeze2", {"X": x}, (n, c, 1, h, w), scratch="XShape", axes=(2,))
        padded = self.write(
            "pad3d",
            {"X": deep},
            (n, c, 1, h_after, w_after),
            paddings=(left, right, top, bottom, 0, 0),
            mode="constant",
            value=0.0,
            data_format="NCDHW",
        )
        return self.write(
            "squeeze2", {"X": padded}, (n, c, h_after, w_after), scratch="XShape", axes=(2,)
        )

    def pool_all(self, x: str) -> str:
        """The mean of each image of ``(N, C, H, W)``, as a pooling: ``(N, C, 1, 1)``."""
        return self.write(
            "pool2d",
            {"X": x},
            (*self.shape(x)[:2], 1, 1),
            pooling_type="avg",
            ksize=(1, 1),
            strides=(1, 1),
            paddings=(0, 0),
            adaptive=True,
            global_pooling=False,
            exclusive=True,
            ceil_mode=False,
            padding_algorithm="EXPLICIT",
            data_format="NCHW",
        )

    def mean_of_images(self, x: str) -> str:
        """The mean of each image of ``(N, C, H, W)``: ``(N, C, 1, 1)``."""
        return self.write(
            "reduce_mean",
            {"X": x},
            (*self.shape(x)[:2], 1, 1),
            dim=(2, 3),
            keep_dim=True,
            reduce_all=False,
        )

    def depthwise(self, x: str, filters: str, shape: Sequence[int]) -> str:
        """A depthwise convolution without padding and bias."""
        return self.write(
            "depthwise_conv2d",
            {"Input": x, "Filter": filters},
            shape,
            output="Output",
            strides=(1, 1),
            paddings=(0, 0),
            dilations=(1, 1),
            groups=self.shape(x)[1],
            padding_algorithm="EXPLICIT",
            data_format="NCHW",
        )

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
