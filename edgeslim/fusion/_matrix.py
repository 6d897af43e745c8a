"""Passes that turn matrix products into fully connected layers."""

from __future__ import annotations

from edgeslim.execution import Target
from edgeslim.fusion._activations import fc_activations
from edgeslim.fusion._network import FusedNetwork
from edgeslim.graph import Node
from edgeslim.opspec import Attribute

__all__ = ["flatten_into_fc", "fuse_fc", "matmul_to_mul", "reshape_into_mul", "squeeze_into_mul"]


def squeeze_into_mul(network: FusedNetwork, _: Target) -> None:
    """``lite_squeeze2_matmul_fuse_pass``: ``(N, C, H, W)`` squeezed before an old product."""
    for number, squeeze in network.nodes_of_kind("squeeze2"):
        if len(squeeze.spec.input_shape) == 4 and squeeze.spec.attributes["axes"] == (2, 3):
            _multiply_unshaped(network, number)


def reshape_into_mul(network: FusedNetwork, _: Target) -> None:
    """``lite_reshape2_matmul_fuse_pass``: ``(N, C, 1, 1)`` reshaped before an old product."""
    for number, reshape in network.nodes_of_kind("reshape2"):
        shape, wanted = reshape.spec.input_shape, reshape.spec.attributes["shape"]
        assert isinstance(wanted, tuple)  # noqa: S101 - its default says so
        if len(shape) == 4 and shape[2:] == (1, 1) and len(wanted) == 2:
            _multiply_unshaped(network, number)


def _multiply_unshaped(network: FusedNetwork, number: int) -> None:
    behind = network.behind(number, "matmul")
    if behind is None or not _is_plain_product(network[behind]):
        return
    product = network[behind]
    if product.inputs.get("X") == network[number].writes():
        reads = {**product.inputs, **product.weights, "X": network[number].reads()}
        network.replace((number, behind), _mul(network, reads, product))


def matmul_to_mul(network: FusedNetwork, _: Target) -> None:
    """``lite_matmul_fuse_pass``: an old product of two matrices."""
    for number, product in network.nodes_of_kind("matmul"):
        if _is_plain_product(product):
            reads = {**product.inputs, **product.weights}
            network.replace((number,), _mul(network, reads, product))


def _mul(network: FusedNetwork, reads: dict[str, tuple[str, ...]], product: Node) -> Node:
    return network.node("mul", reads, product.outputs, x_num_col_dims=1, y_num_col_dims=1)


def _is_plain_product(node: Node) -> bool:
    """Whether a product is of two matrices, without transposing or scaling."""
    shapes = {**node.spec.inputs, **node.spec.weights}
    return (
        all(len(shape) == 2 for slot in ("X", "Y") for shape in shapes[slot])
        and not node.spec.attributes["transpose_X"]
        and not node.spec.attributes["transpose_Y"]
        and node.spec.attributes["alpha"] == 1.0
    )


def fuse_fc(network: FusedNetwork, target: Target) -> None:
    """``lite_fc_fuse_pass``: product, bias and perhaps activation."""
    kinds = ("mul", "matmul", "matmul_v2") if target is Target.ARM else ("mul",)
    for kind in kinds:
        for activation in (*fc_activations(target), ""):
            for number, product in network.nodes_of_kind(kind):
                _fuse_one_fc(network, number, product, activation)


def _fuse_one_fc(network: FusedNetwork, number: int, product: Node, activation: str) -> None:
    added = network.behind(number, "elementwise_add")
    if added is None or _is_transposed(product):
        return
    weight = {**product.spec.inputs, **product.spec.weights}["Y"][0]
    bias = next((name for names in network[added].weights.values() for name in names), None)
    if len(weight) != 2 or bias is None or network.shape(bias) not in _rows(weight[1]):
        return
    last = network.behind(added, activation) if activation else added
    if last is None:
        return
    attributes: dict[str, Attribute] = {
        "in_num_col_dims": product.spec.attributes.get("x_num_col_dims", 1),
        "op_type": product.spec.kind,
        "activation_type": activation,
    }
    if activation == "relu6":
        attributes["alpha"] = network[last].spec.attributes["threshold"]
    reads = {**product.inputs, **product.weights}
    made = network.node(
        "fc",
        {"Input": reads["X"], "W": reads["Y"], "Bias": (bias,)},
        {"Out": network[last].writes()},
        **attributes,
    )
    network.replace(tuple(dict.fromkeys((number, added, last))), made)


def _is_transposed(product: Node) -> bool:
    attributes = product.spec.attributes
    turned = ("trans_x", "trans_y", "transpose_X", "transpose_Y")
    return any(attributes.get(name) for name in turned) or attributes.get("alpha", 1.0) != 1.0


def _rows(width: int) -> tuple[tuple[int, ...], ...]:
    return ((width,), (1, width))


def flatten_into_fc(network: FusedNetwork, _: Target) -> None:
    """``lite_flatten_fc_fuse_pass``: a fully connected layer flattens for itself."""
    for number, flatten in network.nodes_of_kind("flatten_contiguous_range"):
        behind = network.behind(number, "fc")
        if behind is None:
            continue
        fc = network[behind]
        start, columns = (
            flatten.spec.attributes["start_axis"],
            fc.spec.attributes["in_num_col_dims"],
        )
        assert isinstance(start, int)  # noqa: S101 - its default says so
        assert isinstance(columns, int)  # noqa: S101
        if start < 0:
            start += len(flatten.spec.input_shape)
        if columns > start or fc.inputs.get("Input") != flatten.writes():
            continue
        reads = {**fc.inputs, **fc.weights, "Input": flatten.reads()}
        attributes = {**fc.spec.attributes, "op_type": "mul"}
        network.replace((number, behind), network.node("fc", reads, fc.outputs, **attributes))
