"""Small operators of every kind on the shelf, in normal form."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from edgeslim.ops import OperatorKind, known_kinds
from edgeslim.opspec import Attribute, Attributes, OpSpec, Shape, Shapes

IMAGE = (1, 8, 6, 6)
ROW = (1, 8)


def examples(kind: OperatorKind) -> Sequence[OpSpec]:
    """Operators of a kind; one that maps an image to its like needs none written below."""
    return _EXAMPLES.get(kind.kind) or [_operator(kind.kind)]


def _operator(
    kind: str,
    inputs: Mapping[str, Sequence[Shape]] | None = None,
    outputs: Sequence[Shape] = (IMAGE,),
    weights: Mapping[str, Shape] | None = None,
    **attributes: Attribute,
) -> OpSpec:
    known = known_kinds()[kind]
    read = Shapes({slot: tuple(each) for slot, each in (inputs or {"X": [IMAGE]}).items()})
    kept = Shapes({slot: (shape,) for slot, shape in (weights or {}).items()})
    return OpSpec(
        kind=kind,
        inputs=read,
        outputs=Shapes({known.outputs[0]: tuple(outputs)}),
        weights=kept,
        attributes=known.normal(Attributes({**known.attributes, **attributes}), read, kept),
    )


def _convolution(
    kind: str, filters: Shape, side: int, bias: bool = True, **attributes: Attribute
) -> OpSpec:
    weights = {"Filter": filters, "Bias": filters[:1]}
    return _operator(
        kind,
        {"Input": [IMAGE]},
        [(1, filters[0], side, side)],
        weights if bias else {"Filter": filters},
        **attributes,
    )


_GATE = (1, 8, 1, 1)
_PAIR = {"X": [IMAGE], "Y": [IMAGE]}

_EXAMPLES: dict[str, list[OpSpec]] = {
    "batch_norm": [
        _operator("batch_norm", weights=dict.fromkeys(("Scale", "Bias", "Mean", "Variance"), (8,)))
    ],
    "concat": [_operator("concat", {"X": [IMAGE, IMAGE]}, [(1, 16, 6, 6)], axis=1)],
    "conv2d": [
        _convolution("conv2d", (4, 8, 1, 1), 6, bias=False),
        _convolution("conv2d", (4, 8, 3, 3), 3, strides=(2, 2), paddings=(1, 1)),
        _convolution("conv2d", (4, 4, 1, 1), 6, groups=2, with_act=True, act_type="relu"),
        _convolution("conv2d", (4, 8, 1, 1), 6, with_act=True, act_type="relu6"),
        _convolution("conv2d", (4, 8, 1, 1), 6, with_act=True, act_type="leaky_relu"),
        _convolution("conv2d", (4, 8, 1, 1), 6, with_act=True, act_type="hard_swish"),
        _convolution("conv2d", (4, 8, 3, 3), 6, padding_algorithm="SAME"),
    ],
    "depthwise_conv2d": [
        _convolution("depthwise_conv2d", (8, 1, 3, 3), 6, paddings=(1, 1), groups=8),
        _convolution(
            "depthwise_conv2d",
            (8, 1, 5, 5),
            3,
            strides=(2, 2),
            paddings=(2, 2),
            groups=8,
            with_act=True,
            act_type="relu6",
        ),
    ],
    "elementwise_add": [
        _operator("elementwise_add", _PAIR),
        _operator("elementwise_add", {"X": [ROW]}, [ROW], {"Y": (8,)}),
    ],
    "elementwise_mul": [
        _operator("elementwise_mul", _PAIR),
        _operator("elementwise_mul", {"X": [IMAGE], "Y": [_GATE]}),
    ],
    "fc": [
        _operator("fc", {"Input": [ROW]}, [(1, 4)], {"W": (8, 4), "Bias": (4,)}),
        _operator(
            "fc",
            {"Input": [IMAGE]},
            [(1, 4)],
            {"W": (288, 4), "Bias": (4,)},
            activation_type="relu",
        ),
    ],
    "flatten_contiguous_range": [_operator("flatten_contiguous_range", outputs=[(1, 288)])],
    "fusion_elementwise_add_activation": [_operator("fusion_elementwise_add_activation", _PAIR)],
    "matmul_v2": [
        _operator("matmul_v2", {"X": [ROW]}, [(1, 4)], {"Y": (8, 4)}),
        _operator("matmul_v2", _PAIR),
    ],
    "mul": [_operator("mul", {"X": [ROW]}, [(1, 4)], {"Y": (8, 4)})],
    "pool2d": [
        _operator("pool2d", outputs=[(1, 8, 3, 3)], ksize=(2, 2), strides=(2, 2)),
        _operator("pool2d", outputs=[_GATE], pooling_type="avg", global_pooling=True),
        _operator(
            "pool2d", outputs=[(1, 8, 2, 2)], pooling_type="avg", ksize=(2, 2), adaptive=True
        ),
    ],
    "reduce_mean": [_operator("reduce_mean", outputs=[ROW], dim=(2, 3))],
    "reshape2": [_operator("reshape2", outputs=[(1, 288)], shape=(-1, 288))],
    "scale": [_operator("scale", scale=2.0, bias=0.1)],
    "shuffle_channel": [_operator("shuffle_channel", group=2)],
    "softmax": [_operator("softmax", {"X": [ROW]}, [ROW])],
    "split": [
        _operator("split", outputs=[(1, 4, 6, 6)] * 2, axis=1, num=2, sections=()),
        _operator("split", outputs=[(1, 2, 6, 6), (1, 6, 6, 6)], axis=1, sections=(2, 6)),
    ],
    "squeeze2": [_operator("squeeze2", {"X": [_GATE]}, [ROW], axes=(2, 3))],
    "transpose2": [_operator("transpose2", outputs=[(1, 6, 6, 8)], axis=(0, 2, 3, 1))],
    "unsqueeze2": [_operator("unsqueeze2", {"X": [ROW]}, [_GATE], axes=(2, 3))],
}
