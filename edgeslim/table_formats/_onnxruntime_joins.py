"""Operators that ONNX Runtime computes in several pieces, put together again.

A hard swish is a hard sigmoid and a product; a shuffle of channels is a reshaping to groups, a
transposition, and a reshaping back; a fully connected layer that reads a map of one place, which
Paddle-Lite does at once, is a flattening and a product. A hard swish behind a convolution, which
Paddle-Lite computes in it, is an operator, and a change of layout may stand between.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

from edgeslim.opspec import Shape
from edgeslim.table_formats._onnx_file import OnnxModel, OnnxNode
from edgeslim.table_formats._onnxruntime_runs import ProfiledNode

__all__ = ["join_pieces"]

_SHUFFLE = (0, 2, 1, 3, 4)

Known = Mapping[str, OnnxNode]


def join_pieces(
    nodes: Sequence[ProfiledNode], model: OnnxModel | None, *, fuses: bool = True
) -> list[ProfiledNode]:
    """The operators of a run; pieces that follow each other are one, called as it is in ONNX.

    Args:
        nodes: Operators in the order in which they end.
        model: The model that was profiled, if there is one.
        fuses: Whether the runtime took activations into convolutions.
    """
    known = {node.name: node for node in model.nodes} if model is not None else {}
    joined = _join(list(nodes), 2, "HardSwish", known, _is_swish)
    joined = _join(joined, 2, "Gemm", known, _is_flattened_product)
    joined = _join(joined, 3, "ShuffleChannels", known, _is_shuffle)
    return _join_swishes_behind(joined) if fuses else joined


def _join(
    nodes: list[ProfiledNode],
    length: int,
    kind: str,
    known: Known,
    is_one: Callable[[Sequence[ProfiledNode], Known], bool],
) -> list[ProfiledNode]:
    result, place = list[ProfiledNode](), 0
    while place < len(nodes):
        part = nodes[place : place + length]
        if len(part) == length and is_one(part, known):
            factors = part[-1].inputs[1:] if kind == part[-1].kind else ()
            samples = zip(*(piece.samples_ns for piece in part), strict=True)
            result.append(
                replace(
                    part[-1],
                    kind=kind,
                    inputs=(*part[0].inputs[:1], *factors),
                    samples_ns=tuple(map(sum, samples)),
                )
            )
            place += length
        else:
            result.append(nodes[place])
            place += 1
    return result


def _join_swishes_behind(nodes: list[ProfiledNode]) -> list[ProfiledNode]:
    """The operators; a convolution takes in the hard swish that follows it, and the layout change.

    Paddle-Lite has none in a depthwise one on ARM.
    """
    result, place = list[ProfiledNode](), 0
    while place < len(nodes):
        node, behind = nodes[place], nodes[place + 1 : place + 3]
        between = 1 if behind and behind[0].kind == "ReorderOutput" else 0
        part = (node, *behind[: between + 1])
        if len(part) == between + 2 and _takes_in(node, part[-1], part[-2].outputs):
            samples = zip(*(piece.samples_ns for piece in part), strict=True)
            total = tuple(map(sum, samples))
            node = replace(node, samples_ns=total, activation="hard_swish")
            place += between + 1
        result.append(node)
        place += 1
    return result


def _takes_in(node: ProfiledNode, swish: ProfiledNode, before: tuple[Shape, ...]) -> bool:
    """Whether a convolution is followed by a hard swish of what it wrote."""
    is_plain = node.kind == "Conv" and len(node.inputs) in {2, 3} and len(node.inputs[1]) == 4
    return (
        is_plain
        and node.inputs[1][1] > 1
        and swish.kind == "HardSwish"
        and swish.inputs[:1] == before
    )


def _is_swish(part: Sequence[ProfiledNode], known: Known) -> bool:
    """Whether a tensor is multiplied with its hard sigmoid.

    The runtime makes both of one node of the model, which then has neither; or the model has them.
    """
    gate, product = part
    if gate.kind != "HardSigmoid" or product.kind != "Mul" or product.inputs != gate.outputs * 2:
        return False
    first, second = known.get(gate.name), known.get(product.name)
    if first is None or second is None:
        return first is second
    return {*second.inputs} == {first.inputs[0], first.outputs[0]}


def _is_flattened_product(part: Sequence[ProfiledNode], _: Known) -> bool:
    """Whether a product with weights reads what was a map of one place before."""
    view, product = part
    if view.kind not in {"Flatten", "Reshape", "Squeeze"} or product.kind != "Gemm":
        return False
    image = view.inputs[0]
    return product.inputs[:1] == view.outputs == (image[:2],) and image[2:] == (1, 1)


def _is_shuffle(part: Sequence[ProfiledNode], known: Known) -> bool:
    """Whether groups and channels change places."""
    before, turn, after = part
    if (before.kind, turn.kind, after.kind) != ("Reshape", "Transpose", "Reshape"):
        return False
    node = known.get(turn.name)
    turned = node is not None and node.attributes.get("perm") == _SHUFFLE
    same = before.inputs[:1] == after.outputs and len(before.inputs[0]) == 4
    return turned and same and len(turn.inputs[0]) == 5
