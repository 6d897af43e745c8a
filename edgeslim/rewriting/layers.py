"""Convolutions and matrix products: how factors and offsets move into their weights."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from edgeslim.rewriting.affine import affine_of, is_single_precision
from edgeslim.rewriting.network import Network, Op
from edgeslim.rewriting.writer import OperatorWriter

__all__ = ["LAYER_KINDS", "Layer", "add_offset", "layer_of", "sides_of", "sum_behind"]

Values = np.ndarray[Any, Any]

LAYER_KINDS = frozenset({"conv2d", "depthwise_conv2d", "conv2d_transpose", "matmul_v2", "mul"})
"""Kinds of operators that may be layers with weights."""

_FUSED = ("with_act", "fuse_relu", "fuse_activation", "fuse_residual_connection", "act_type")
"""Attributes of layers that compute more than a linear function."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Layer:
    """A linear layer whose weights are known.

    Args:
        op: The operator that computes it.
        source: Name of the tensor that it reads.
        slot: Slot of its weights.
        weights: The weights, in the operator's own order.
        grouped: The same weights as ``(groups, outputs, inputs, others)``.
        axis: The axis of channels in what it reads and writes, counted from the first.
        is_even: Whether it makes a constant input constant again: nothing is padded.
    """

    op: Op
    source: str
    slot: str
    weights: Values
    grouped: Values
    axis: int
    is_even: bool

    @property
    def result(self) -> str:
        """Name of what it computes."""
        return self.op.result()

    @property
    def outputs(self) -> int:
        """Number of channels that it writes."""
        return int(self.grouped.shape[0] * self.grouped.shape[1])

    @property
    def inputs(self) -> int:
        """Number of channels that it reads."""
        return int(self.grouped.shape[0] * self.grouped.shape[2])

    def times_outputs(self, factor: Values) -> Values:
        """Weights for results that are multiplied by a number for each channel."""
        groups, outputs = self.grouped.shape[:2]
        return np.asarray(self.grouped * factor.reshape(groups, outputs, 1, 1))

    def times_inputs(self, factor: Values) -> Values:
        """Weights for inputs that are not multiplied by a number for each channel any more."""
        groups, _, inputs, _ = self.grouped.shape
        return np.asarray(self.grouped * factor.reshape(groups, 1, inputs, 1))

    def of_constant(self, offset: Values) -> Values:
        """What the layer makes of an input that has one number in each channel."""
        groups, _, inputs, _ = self.grouped.shape
        products = self.grouped * offset.reshape(groups, 1, inputs, 1)
        return np.asarray(products.sum(axis=(2, 3)).reshape(-1))

    def with_weights(self, network: Network, grouped: Values, **slots: str) -> Op | None:
        """The operator with other weights; None if 32 bits do not hold them.

        Args:
            network: Network that gets the weights.
            grouped: The weights as ``(groups, outputs, inputs, others)``.
            slots: Other tensors that it is to read.
        """
        value = self._order_weights(grouped)
        if not is_single_precision(value):
            return None
        name = network.add_value(f"{self.op.source(self.slot)}.folded", value)
        return self.op.with_inputs(**{self.slot: name}, **slots)

    def _order_weights(self, grouped: Values) -> Values:
        kind, shape = self.op.kind, self.weights.shape
        if kind in {"conv2d", "depthwise_conv2d"}:
            return grouped.reshape(shape)
        if kind == "conv2d_transpose":
            return np.swapaxes(grouped, 1, 2).reshape(shape)
        turned = bool(self.op.attributes.get("trans_y", False))
        plain = grouped[0, :, :, 0]
        return plain if turned else plain.T


def layer_of(network: Network, op: Op) -> Layer | None:
    """An operator as a linear layer; None if it is none, or computes more than that."""
    if op.kind not in LAYER_KINDS or any(op.attributes.get(name) for name in _FUSED):
        return None
    if op.inputs.get("Bias") or op.inputs.get("ResidualData") or not network.is_known(op.result()):
        return None
    found = _matrix(network, op) if op.kind in {"matmul_v2", "mul"} else _convolution(network, op)
    return found if found is not None and network.is_known(found.source) else None


def _convolution(network: Network, op: Op) -> Layer | None:
    weights = network.value(op.source("Filter"))
    if weights is None or weights.ndim != 4 or op.attributes.get("data_format") == "NHWC":
        return None
    groups = int(op.attributes.get("groups", 1))
    wide = weights.astype(np.float64)
    flat = wide.reshape(groups, weights.shape[0] // groups, weights.shape[1], -1)
    is_turned = op.kind == "conv2d_transpose"
    return Layer(
        op=op,
        source=op.source("Input"),
        slot="Filter",
        weights=weights,
        grouped=np.swapaxes(flat, 1, 2) if is_turned else flat,
        axis=1,
        is_even=not is_turned and not _is_padded(op),
    )


def padding_algorithm(op: Op) -> str:
    """How a convolution's padding is found: ``EXPLICIT``, ``SAME`` or ``VALID``."""
    return str(op.attributes.get("padding_algorithm", "EXPLICIT"))


def sides_of(op: Op) -> tuple[int, ...] | None:
    """Padding above, below, on the left and right of a convolution; None if it is computed."""
    paddings = tuple(int(side) for side in op.attributes.get("paddings", (0, 0)))
    if padding_algorithm(op) != "EXPLICIT":
        return None
    if len(paddings) == 2:
        return tuple(side for side in paddings for _ in range(2))
    return paddings if len(paddings) == 4 else None


def _is_padded(op: Op) -> bool:
    algorithm = padding_algorithm(op)
    if algorithm == "VALID":
        return False
    return algorithm == "SAME" or any(op.attributes.get("paddings", (0, 0)))


def _matrix(network: Network, op: Op) -> Layer | None:
    weights = network.value(op.source("Y"))
    shape = network.shapes.get(op.source("X"), ())
    if weights is None or weights.ndim != 2 or len(shape) < 2 or op.attributes.get("trans_x"):
        return None
    if op.kind == "mul" and int(op.attributes.get("x_num_col_dims", 1)) != len(shape) - 1:
        return None
    if op.attributes.get("force_fp32_output"):
        return None
    wide = weights.astype(np.float64)
    columns = wide if op.attributes.get("trans_y") else wide.T
    return Layer(
        op=op,
        source=op.source("X"),
        slot="Y",
        weights=weights,
        grouped=columns[None, :, :, None],
        axis=len(shape) - 1,
        is_even=True,
    )


def add_offset(network: Network, layer: Layer, op: Op, offset: Values) -> list[Op]:
    """The operators that compute a layer and add a number to each channel of its result.

    Args:
        network: Network that gets what is new.
        layer: The layer as it was.
        op: The operator that computes it now, not yet in the network.
        offset: A number for each channel that it writes.
    """
    writer = OperatorWriter(network, layer.result)
    (slot,) = (slot for slot, names in op.outputs.items() if layer.result in names)
    before = network.add_tensor(f"{layer.result}.before", network.shapes[layer.result])
    axis = 1 if layer.axis == 1 else -1
    bias = network.add_value(f"{layer.result}.offset", offset)
    last = writer.binary("add", before, bias, axis=axis)
    return [op.with_outputs(**{slot: before}), *writer.finish(last, layer.result)]


def sum_behind(network: Network, layer: Layer) -> Op | None:
    """The operator behind a layer that adds a number to each channel, if there is one."""
    behind = network.only_reader(layer.result)
    if behind is None or behind.kind != "elementwise_add":
        return None
    found = affine_of(network, behind)
    is_bias = found is not None and found.axis == layer.axis and not found.has_factor
    return behind if is_bias else None
