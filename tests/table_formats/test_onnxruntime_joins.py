"""Pieces of operators in ONNX Runtime's profile that are one operator in Paddle-Lite."""

from __future__ import annotations

from edgeslim.opspec import Shape
from edgeslim.table_formats._onnx_file import OnnxModel, OnnxNode
from edgeslim.table_formats._onnx_operators import RanOperator, operator_that_ran
from edgeslim.table_formats._onnxruntime_joins import join_pieces
from edgeslim.table_formats._onnxruntime_runs import ProfiledNode

MAP, FLAT, GROUPS = (1, 8, 4, 4), (1, 8), (1, 2, 4, 4, 4)


def node(kind: str, inputs: tuple[Shape, ...], out: Shape, *samples_us: int) -> ProfiledNode:
    return ProfiledNode(
        name=f"the {kind}",
        kind=kind,
        provider="CPUExecutionProvider",
        inputs=inputs,
        outputs=(out,),
        samples_ns=tuple(1000 * us for us in samples_us),
    )


def of_model(*nodes: tuple[str, str, tuple[str, ...], str]) -> OnnxModel:
    """A model of nodes: kind, name, what they read, and what they write."""
    perm = {"perm": (0, 2, 1, 3, 4)}
    made = tuple(
        OnnxNode(name=name, kind=kind, inputs=inputs, outputs=(out,), attributes=perm)
        for kind, name, inputs, out in nodes
    )
    return OnnxModel(nodes=made, parameters={}, values={"target": GROUPS})


def kinds(nodes: list[ProfiledNode]) -> list[str]:
    return [node.kind for node in nodes]


def test_a_hard_swish_is_a_gate_and_a_product_with_its_input() -> None:
    gate, product = node("HardSigmoid", (MAP,), MAP, 2, 3), node("Mul", (MAP, MAP), MAP, 5, 4)
    (joined,) = join_pieces([gate, product], None)
    assert (joined.kind, joined.inputs, joined.samples_ns) == ("HardSwish", (MAP,), (7000, 7000))
    own = of_model(("HardSigmoid", gate.name, ("x",), "g"), ("Mul", product.name, ("x", "g"), "y"))
    assert kinds(join_pieces([gate, product], own)) == ["HardSwish"]
    # Another tensor is gated: that is squeeze-and-excitation, and stays two operators.
    other = of_model(
        ("HardSigmoid", gate.name, ("s",), "g"), ("Mul", product.name, ("x", "g"), "y")
    )
    assert kinds(join_pieces([gate, product], other)) == ["HardSigmoid", "Mul"]


def test_a_shuffle_of_channels_is_three_pieces() -> None:
    turned = (1, 4, 2, 4, 4)
    pieces = [
        node("Reshape", (MAP, (5,)), GROUPS, 1),
        node("Transpose", (GROUPS,), turned, 9),
        ProfiledNode(
            name="back",
            kind="Reshape",
            provider="",
            inputs=(turned, (4,)),
            outputs=(MAP,),
            samples_ns=(1000,),
        ),
    ]
    model = of_model(
        ("Reshape", "the Reshape", ("x", "target"), "a"),
        ("Transpose", "the Transpose", ("a",), "b"),
        ("Reshape", "back", ("b", "other"), "y"),
    )
    relu = node("Relu", (MAP,), MAP, 1)
    joined = join_pieces([relu, *pieces, relu], model)
    assert kinds(joined) == ["Relu", "ShuffleChannels", "Relu"]
    assert joined[1].samples_ns == (11_000,)
    assert kinds(join_pieces(pieces, None)) == ["Reshape", "Transpose", "Reshape"]


def test_a_layer_that_reads_a_map_of_one_place_is_one_operator() -> None:
    image = (1, 8, 1, 1)
    view, product = node("Flatten", (image,), FLAT, 2), node("Gemm", (FLAT, (5,)), (1, 5), 9)
    (joined,) = join_pieces([view, product], None)
    assert joined.samples_ns == (11_000,)
    spec = operator_that_ran(
        RanOperator(
            name=joined.name,
            kind=joined.kind,
            inputs=joined.inputs,
            outputs=joined.outputs,
            chain=None,
            model=None,
        )
    )
    assert (spec.kind, spec.input_shape) == ("fc", image)
    assert dict(spec.weights) == {"W": ((8, 5),), "Bias": ((5,),)}
    larger = node("Flatten", ((1, 2, 2, 2),), FLAT, 2)
    assert kinds(join_pieces([larger, product], None)) == ["Flatten", "Gemm"]


def test_a_hard_swish_behind_a_convolution_is_in_it_and_the_layout_change_too() -> None:
    shapes: tuple[Shape, ...] = (MAP, (8, 8, 1, 1), (8,))
    convolution = node("Conv", shapes, MAP, 9, 9)
    reorder, swish = node("ReorderOutput", (MAP,), MAP, 1, 2), node("HardSwish", (MAP,), MAP, 3, 3)
    (joined,) = join_pieces([convolution, reorder, swish], None)
    assert (joined.kind, joined.activation, joined.samples_ns) == (
        *("Conv", "hard_swish"),
        (13_000, 14_000),
    )
    assert len(join_pieces([convolution, swish], None)) == 1
    assert len(join_pieces([convolution, swish], None, fuses=False)) == 2
    depthwise = node("Conv", (MAP, (8, 1, 3, 3), (8,)), MAP, 9, 9)
    assert kinds(join_pieces([depthwise, swish], None)) == ["Conv", "HardSwish"]
    with_sum = node("Conv", (*shapes, MAP), MAP, 9, 9)
    assert kinds(join_pieces([with_sum, reorder, swish], None)) == [
        *("Conv", "ReorderOutput", "HardSwish"),
    ]
    pooled = node("HardSwish", ((1, 8, 2, 2),), (1, 8, 2, 2), 3, 3)
    assert kinds(join_pieces([convolution, pooled], None)) == ["Conv", "HardSwish"]
