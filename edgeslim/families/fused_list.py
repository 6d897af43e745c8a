"""The operators that Paddle-Lite's optimizer leaves, written down without asking it.

A search asks for thousands of networks a second, so a space lists by itself which operators
are left of each after fusion, without a graph. What fuses with what is decided by
`edgeslim.fusion`; tests compare the lists with the optimizer itself. The same lists without
fusion are the operators of the network as it is written: PaddleSlim 1.x counted
work and latencies on those.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache

from edgeslim.execution import Target
from edgeslim.fusion import (
    activation_attributes,
    convolution_activations,
    elementwise_activations,
    fc_activations,
    is_merging_cheaper,
    merged_convolution,
)
from edgeslim.ops import known_kinds
from edgeslim.opspec import Attribute, Attributes, OpSpec, Shape, Shapes

__all__ = ["FusedList"]

_OF_NORM = ("Scale", "Bias", "Mean", "Variance")

_Slots = Mapping[str, tuple[Shape, ...]]

_SIXTH = 0.1666667
"""Slope of Paddle's piecewise linear gate."""


class FusedList:
    """Operators of one network, added in order.

    Args:
        target: Target that the optimizer fuses them for; None for the operators before fusion.
    """

    def __init__(self, target: Target | None) -> None:
        self._target = target
        self._specs: list[OpSpec] = []
        self._mergeable: list[tuple[int, int]] = []
        self._any_pair_pays = False
        self._linear: int | None = None  # index of the convolution that may merge with the next

    @property
    def any_pair_pays(self) -> bool:
        """Whether merging one of its pairs saves work, so that the optimizer merges all."""
        return self._any_pair_pays

    def specs(self, *, merged: bool | None = None) -> tuple[OpSpec, ...]:
        """The operators, with convolutions merged where the optimizer does.

        ``lite_conv_conv_fuse_pass`` looks for one pair whose merging saves work, and then
        merges every pair of the network, whether it saves work or not.

        Args:
            merged: Whether to merge; by default what the optimizer would do for these alone.
        """
        if not (self._any_pair_pays if merged is None else merged):
            return tuple(self._specs)
        specs = list(self._specs)
        for first, second in self._mergeable:
            specs[second] = merged_convolution(specs[first], specs[second])
        gone = {first for first, _ in self._mergeable}
        return tuple(spec for index, spec in enumerate(specs) if index not in gone)

    def convolution(
        self,
        shape: Shape,
        c_out: int,
        *,
        kernel: int = 1,
        stride: int = 1,
        depthwise: bool = False,
        activation: str = "",
        norm: bool = True,
    ) -> Shape:
        """A convolution, its batch norm or else its bias, and activation; returns its output shape.

        A 1x1 convolution right behind a dense one without activation is a pair that may
        be merged, unless `barrier` was called in between.
        """
        groups = shape[1] if depthwise else 1
        kind = "depthwise_conv2d" if depthwise else "conv2d"
        fused = self._target is not None and activation in convolution_activations(
            self._target, kind
        )
        spec = _convolution(
            shape,
            c_out,
            kind=kind,
            kernel=kernel,
            stride=stride,
            groups=groups,
            activation=activation if fused else "",
            bias=self._target is not None,
        )
        if self._target is None:
            self._specs += [spec, _behind(spec.output_shape, norm=norm)]
        elif groups == kernel == stride == 1:
            self._note_pair(spec.weights["Filter"][0])
        if self._target is not None:
            self._linear = len(self._specs) if groups == 1 and not activation else None
            self._specs.append(spec)
        if activation and not fused:
            self.activation(activation, spec.output_shape)
        return spec.output_shape

    def barrier(self) -> None:
        """Notes that not one convolution alone reads the last output."""
        self._linear = None

    def addition(self, shape: Shape, *, activation: str = "") -> None:
        """Sum of two activations of one shape."""
        both = {"X": (shape,), "Y": (shape,)}
        self._elementwise("elementwise_add", both, activation=activation)

    def channel_product(self, shape: Shape) -> None:
        """Activations times a factor for each channel."""
        self._elementwise("elementwise_mul", {"X": (shape,), "Y": ((*shape[:2], 1, 1),)})

    def gate(self, shape: Shape, squeezed: int) -> None:
        """Activations times a factor for each channel, made of their averages.

        As MobileNetV3 has it: two 1x1 convolutions with bias and a piecewise linear gate.
        """
        pooled = self.average_pool(shape, declared_window=False)
        middle = self.convolution(pooled, squeezed, activation="relu", norm=False)
        factors = self.convolution(middle, shape[1], norm=False)
        self.activation("hard_sigmoid", factors, slope=_SIXTH)
        self.channel_product(shape)

    def average_pool(self, shape: Shape, *, declared_window: bool) -> Shape:
        """Average over the whole map, declared as a window of its size or as adaptive pooling."""
        n, channels, height, width = shape
        out = (n, channels, 1, 1)
        attributes: dict[str, Attribute] = {
            "pooling_type": "avg",
            "ksize": (height, width),
            "strides": (1, 1),
            "paddings": (0, 0),
            "global_pooling": True,
        }
        if declared_window:
            attributes |= {
                "strides": (height, width),
                "global_pooling": False,
                "adaptive": False,
                "ceil_mode": False,
                "exclusive": True,
                "padding_algorithm": "EXPLICIT",
            }
        self._plain("pool2d", shape, out, attributes)
        return out

    def max_pool(
        self, shape: Shape, window: int, *, stride: int | None = None, padding: int = 0
    ) -> Shape:
        """Maximum over each ``window x window`` positions.

        Args:
            shape: Shape of what is pooled, ``(N, C, H, W)``.
            window: Side of the square window.
            stride: Stride of the window; by default its side, and then windows at the edge may be
            smaller.
            padding: Positions added around the map, which are never the largest.

        Returns:
            The shape of the result.
        """
        step, whole = stride or window, stride is not None
        rooms = (extent + 2 * padding - window for extent in shape[2:])
        sides = tuple((room if whole else room + step - 1) // step + 1 for room in rooms)
        out = (*shape[:2], *sides)
        attributes: dict[str, Attribute] = {
            "pooling_type": "max",
            "ksize": (window, window),
            "strides": (step, step),
            "paddings": (padding, padding),
            "global_pooling": False,
            "adaptive": False,
            "ceil_mode": not whole,
            "exclusive": True,
            "padding_algorithm": "EXPLICIT",
        }
        self._plain("pool2d", shape, out, attributes)
        return out

    def flatten_positions(self, shape: Shape, numbers: int) -> Shape:
        """``(N, C, H, W)`` becomes ``(N, H * W * C / numbers, numbers)``, position by position."""
        n, channels, height, width = shape
        turned = (n, height, width, channels)
        out = (n, height * width * channels // numbers, numbers)
        self._plain("transpose2", shape, turned, {"axis": (0, 2, 3, 1)})
        self._plain("reshape2", turned, out, {"shape": (0, -1, numbers)})
        return out

    def concatenate(self, shapes: Sequence[Shape], *, axis: int) -> None:
        """Several activations concatenated along an axis."""
        out = list(shapes[0])
        out[axis] = sum(shape[axis] for shape in shapes)
        self._append("concat", {"X": tuple(shapes)}, tuple(out), {"axis": axis})

    def fully_connected(self, shape: Shape, width: int, *, activation: str = "") -> Shape:
        """A linear layer with bias on ``(N, C)``, or on ``(N, C, 1, 1)`` flattened first."""
        n, c_in = shape[:2]
        flat, out = (n, c_in), (n, width)
        if self._target is Target.ARM:
            fused = activation if activation in fc_activations(self._target) else ""
            attributes: dict[str, Attribute] = {
                "in_num_col_dims": 1,
                "activation_type": fused,
                "op_type": "mul" if len(shape) > 2 else "matmul_v2",
            }
            weights = {"W": ((c_in, width),), "Bias": ((width,),)}
            self._append("fc", {"Input": (shape,)}, out, attributes, weights)
            if activation != fused:
                self.activation(activation, out)
            return out
        if len(shape) > 2:
            self._plain("flatten_contiguous_range", shape, flat, {"start_axis": 1, "stop_axis": 3})
        turned: dict[str, Attribute] = {"trans_x": False, "trans_y": False}
        self._append("matmul_v2", {"X": (flat,)}, out, turned, {"Y": ((c_in, width),)})
        self._elementwise("elementwise_add", {"X": (out,)}, {"Y": ((width,),)}, activation)
        return out

    def activation(self, kind: str, shape: Shape, **attributes: Attribute) -> None:
        """An activation that is fused into nothing; attributes where they are not its defaults."""
        self.barrier()
        self._specs.append(_activation(kind, shape, Attributes(attributes)))

    def unsqueeze(self, shape: Shape) -> None:
        """``(N, C)`` becomes ``(N, C, 1, 1)``."""
        self._plain("unsqueeze2", shape, (*shape, 1, 1), {"axes": (2, 3)})

    def _plain(self, kind: str, shape: Shape, out: Shape, attributes: dict[str, Attribute]) -> None:
        self._append(kind, {"X": (shape,)}, out, attributes)

    def _elementwise(
        self, kind: str, inputs: _Slots, weights: _Slots | None = None, activation: str = ""
    ) -> None:
        target = self._target
        fused = activation if target and activation in elementwise_activations(target) else ""
        shape = inputs["X"][0]
        attributes: dict[str, Attribute] = {"axis": -1}
        if fused:
            attributes["act_type"] = fused
            kind = f"fusion_{kind}_activation"
        self._append(kind, inputs, shape, attributes, weights)
        if activation != fused:
            self.activation(activation, shape)

    def _append(
        self,
        kind: str,
        inputs: _Slots,
        out: Shape,
        attributes: Mapping[str, Attribute],
        weights: _Slots | None = None,
    ) -> None:
        """An operator with one output, which is no convolution that may be merged."""
        self.barrier()
        slots = (tuple(inputs.items()), tuple((weights or {}).items()))
        self._specs.append(_operator(kind, *slots, out, tuple(attributes.items())))

    def _note_pair(self, filters: Shape) -> None:
        """Remembers that a 1x1 convolution may be merged with the one before."""
        if self._linear is not None:
            self._mergeable.append((self._linear, len(self._specs)))
            first = self._specs[self._linear].weights["Filter"][0]
            self._any_pair_pays |= is_merging_cheaper(first[1], first[0], filters[0])


@cache
def _operator(
    kind: str,
    inputs: tuple[tuple[str, tuple[Shape, ...]], ...],
    weights: tuple[tuple[str, tuple[Shape, ...]], ...],
    out: Shape,
    attributes: tuple[tuple[str, Attribute], ...],
) -> OpSpec:
    """An operator; the networks of a space have the same few again and again."""
    return OpSpec(
        kind=kind,
        inputs=Shapes(dict(inputs)),
        outputs=Shapes(Out=(out,)),
        weights=Shapes(dict(weights)),
        attributes=Attributes(dict(attributes)),
    )


@cache
def _convolution(
    shape: Shape,
    c_out: int,
    *,
    kind: str,
    kernel: int,
    stride: int,
    groups: int,
    activation: str,
    bias: bool,
) -> OpSpec:
    """A convolution, made once as every operator is."""
    n, c_in, height, width = shape
    pad = (kernel - 1) // 2
    out = (n, c_out, _extent(height, kernel, stride, pad), _extent(width, kernel, stride, pad))
    attributes: dict[str, Attribute] = {
        "strides": (stride, stride),
        "paddings": (pad,) * 4,
        "dilations": (1, 1),
        "groups": groups,
    }
    if activation:
        own = known_kinds()[activation].attributes
        attributes |= activation_attributes(activation, own)
    filters = (c_out, c_in // groups, kernel, kernel)
    return OpSpec(
        kind=kind,
        inputs=Shapes(Input=(shape,)),
        outputs=Shapes(Output=(out,)),
        weights=Shapes(Filter=(filters,), **({"Bias": ((c_out,),)} if bias else {})),
        attributes=Attributes(attributes),
    )


@cache
def _behind(shape: Shape, *, norm: bool) -> OpSpec:
    """The batch norm of a convolution or its bias, before the optimizer makes it part of it."""
    width = (shape[1],)
    return OpSpec(
        kind="batch_norm" if norm else "elementwise_add",
        inputs=Shapes(X=(shape,)),
        outputs=Shapes({"Y" if norm else "Out": (shape,)}),
        weights=Shapes(dict.fromkeys(_OF_NORM if norm else ("Y",), (width,))),
        attributes=Attributes(known_kinds()["batch_norm"].attributes if norm else {"axis": 1}),
    )


@cache
def _activation(kind: str, shape: Shape, attributes: Attributes) -> OpSpec:
    """An activation, with attributes where they are not its defaults."""
    return OpSpec(
        kind=kind,
        inputs=Shapes(X=(shape,)),
        outputs=Shapes(Out=(shape,)),
        attributes=Attributes({**known_kinds()[kind].attributes, **attributes}),
    )


def _extent(extent: int, kernel: int, stride: int, pad: int) -> int:
    return (extent + 2 * pad - kernel) // stride + 1
