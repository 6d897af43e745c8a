"""Small operators of every kind on the shelf, in normal form."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import msgspec

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
    read = Shapes(
        {
            slot: tuple(shapes)
            for slot, shapes in ({"X": [IMAGE]} if inputs is None else inputs).items()
        }
    )
    kept = Shapes({slot: (shape,) for slot, shape in (weights or {}).items()})
    return OpSpec(
        kind=kind,
        inputs=read,
        outputs=Shapes({known.outputs[0]: tuple(outputs)}),
        weights=kept,
        attributes=known.normal_form(Attributes({**known.attributes, **attributes}), read, kept),
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


def _convolution_transpose(filters: Shape, side: int, **attributes: Attribute) -> OpSpec:
    c_out = filters[1] * int(attributes.get("groups", 1))  # type: ignore[arg-type]
    return _operator(
        "conv2d_transpose",
        {"Input": [IMAGE]},
        [(1, c_out, side, side)],
        {"Filter": filters, "Bias": (c_out,)},
        strides=(2, 2),
        paddings=(1, 1),
        **attributes,
    )


_GATE = (1, 8, 1, 1)
_PAIR = {"X": [IMAGE], "Y": [IMAGE]}


def _several(
    kind: str,
    inputs: Mapping[str, Sequence[Shape]],
    outputs: Mapping[str, Shape],
    **attributes: Attribute,
) -> OpSpec:
    """An operator that writes to several slots."""
    one = _operator(kind, inputs, [next(iter(outputs.values()))], None, **attributes)
    return msgspec.structs.replace(
        one, outputs=Shapes({slot: (shape,) for slot, shape in outputs.items()})
    )


def _prior_box() -> OpSpec:
    read = {"Input": [IMAGE], "Image": [(1, 3, 48, 48)]}
    write = dict.fromkeys(("Boxes", "Variances"), (6, 6, 1, 4))
    return _several("prior_box", read, write, min_sizes=(10.0,), max_sizes=())


def _top_k() -> OpSpec:
    write = dict.fromkeys(("Out", "Indices"), (1, 2, 6, 6))
    return _several("top_k_v2", {"X": [IMAGE]}, write, axis=1, k=2)


def _yolo_box() -> OpSpec:
    read: dict[str, list[Shape]] = {"X": [(1, 21, 6, 6)], "ImgSize": [(1, 2)]}
    write = {"Boxes": (1, 108, 4), "Scores": (1, 108, 2)}
    return _several("yolo_box", read, write, anchors=(1, 2, 3, 4, 5, 6), class_num=2)


_NORM = {"Scale": (8,), "Bias": (8,)}
_BOXES = (12, 4)

_EXAMPLES: dict[str, list[OpSpec]] = {
    "arg_max": [_operator("arg_max", outputs=[(1, 6, 6)], axis=1, dtype=3)],
    "batch_norm": [
        _operator("batch_norm", weights=dict.fromkeys(("Scale", "Bias", "Mean", "Variance"), (8,)))
    ],
    "assign_value": [
        _operator("assign_value", {}, [(3,)], shape=(3,)),
        _operator("assign_value", {}, [(3,)], shape=(3,), dtype=3),
    ],
    "box_coder": [
        _operator(
            "box_coder",
            {"PriorBox": [_BOXES], "PriorBoxVar": [_BOXES], "TargetBox": [(1, *_BOXES)]},
            [(1, *_BOXES)],
            code_type="decode_center_size",
            variance=(),
        )
    ],
    "cast": [
        _operator("cast", outputs=[IMAGE], out_dtype=3),
        _operator("cast", outputs=[IMAGE], in_dtype=3),
    ],
    "clip": [_operator("clip", min=-1.0, max=1.0)],
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
    "conv2d_transpose": [
        _convolution_transpose((8, 4, 3, 3), 12, output_padding=(1, 1)),
        _convolution_transpose((8, 1, 3, 3), 11, groups=8, with_act=True, act_type="relu"),
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
    "elementwise_div": [_operator("elementwise_div", _PAIR)],
    "elementwise_max": [_operator("elementwise_max", _PAIR)],
    "elementwise_min": [_operator("elementwise_min", _PAIR)],
    "elementwise_pow": [_operator("elementwise_pow", _PAIR)],
    "elementwise_sub": [_operator("elementwise_sub", _PAIR)],
    "expand_v2": [
        _operator("expand_v2", {"X": [(1, 1, 6, 6)]}, [IMAGE], shape=(1, 8, 6, 6)),
    ],
    "fc": [
        _operator("fc", {"Input": [ROW]}, [(1, 4)], {"W": (8, 4), "Bias": (4,)}),
        _operator(
            "fc",
            {"Input": [IMAGE]},
            [(1, 4)],
            {"W": (288, 4), "Bias": (4,)},
            activation_type="relu",
            op_type="mul",
        ),
    ],
    "fill_constant": [_operator("fill_constant", {}, [IMAGE], value=2.0, shape=IMAGE)],
    "flip": [_operator("flip", axis=(3,))],
    "flatten_contiguous_range": [_operator("flatten_contiguous_range", outputs=[(1, 288)])],
    "fusion_elementwise_add_activation": [_operator("fusion_elementwise_add_activation", _PAIR)],
    "fusion_elementwise_mul_activation": [_operator("fusion_elementwise_mul_activation", _PAIR)],
    "fusion_elementwise_sub_activation": [_operator("fusion_elementwise_sub_activation", _PAIR)],
    "gather": [_operator("gather", {"X": [IMAGE], "Index": [(3,)]}, [(1, 3, 6, 6)], axis=1)],
    "group_norm": [_operator("group_norm", weights=_NORM, groups=2)],
    "instance_norm": [_operator("instance_norm", weights=_NORM)],
    "layer_norm": [
        _operator("layer_norm", weights={"Scale": (36,), "Bias": (36,)}, begin_norm_axis=2)
    ],
    "matmul": [_operator("matmul", _PAIR)],
    "matmul_v2": [
        _operator("matmul_v2", {"X": [ROW]}, [(1, 4)], {"Y": (8, 4)}),
        _operator("matmul_v2", _PAIR),
    ],
    "max_pool2d_with_index": [
        _operator("max_pool2d_with_index", outputs=[_GATE], ksize=(1, 1), adaptive=True)
    ],
    "mul": [_operator("mul", {"X": [ROW]}, [(1, 4)], {"Y": (8, 4)})],
    "multiclass_nms3": [
        _operator(
            "multiclass_nms3",
            {"BBoxes": [(1, 12, 4)], "Scores": [(1, 3, 12)]},
            [(10, 6)],
            keep_top_k=10,
        )
    ],
    "bilinear_interp_v2": [
        _operator("bilinear_interp_v2", outputs=[(1, 8, 12, 12)], scale=(2.0, 2.0)),
        _operator("bilinear_interp_v2", outputs=[(1, 8, 9, 9)], scale=(), out_h=9, out_w=9),
    ],
    "nearest_interp_v2": [
        _operator("nearest_interp_v2", outputs=[(1, 8, 12, 12)], scale=(2.0, 2.0)),
        _operator("nearest_interp_v2", outputs=[(1, 8, 9, 9)], scale=(), out_h=9, out_w=9),
    ],
    "pad2d": [
        _operator("pad2d", outputs=[(1, 8, 8, 8)], paddings=(1, 1, 1, 1)),
        _operator("pad2d", outputs=[(1, 8, 8, 8)], paddings=(1, 1, 1, 1), mode="reflect"),
    ],
    "pad3d": [
        _operator(
            "pad3d",
            {"X": [(1, 8, 2, 6, 6)]},
            [(1, 8, 4, 8, 8)],
            paddings=(1, 1, 1, 1, 1, 1),
        )
    ],
    "pixel_shuffle": [_operator("pixel_shuffle", outputs=[(1, 2, 12, 12)], upscale_factor=2)],
    "pool2d": [
        _operator("pool2d", outputs=[(1, 8, 3, 3)], ksize=(2, 2), strides=(2, 2)),
        _operator("pool2d", outputs=[_GATE], pooling_type="avg", global_pooling=True),
        _operator(
            "pool2d", outputs=[(1, 8, 2, 2)], pooling_type="avg", ksize=(2, 2), adaptive=True
        ),
    ],
    "pow": [_operator("pow", factor=2.0)],
    "prelu": [
        _operator("prelu", weights={"Alpha": (8,)}, mode="channel"),
        _operator("prelu", weights={"Alpha": (1,)}, mode="all"),
    ],
    "prior_box": [_prior_box()],
    "reduce_max": [_operator("reduce_max", outputs=[(1, 6, 6)], dim=(1,))],
    "reduce_mean": [_operator("reduce_mean", outputs=[ROW], dim=(2, 3))],
    "reduce_min": [_operator("reduce_min", outputs=[(1, 6, 6)], dim=(1,))],
    "reduce_sum": [_operator("reduce_sum", outputs=[(1, 8, 1, 1)], dim=(2, 3), keep_dim=True)],
    "reshape2": [_operator("reshape2", outputs=[(1, 288)], shape=(-1, 288))],
    "scale": [_operator("scale", scale=2.0, bias=0.1), _operator("scale")],
    "shape": [_operator("shape", {"Input": [IMAGE]}, [(4,)])],
    "slice": [
        _operator(
            "slice",
            {"Input": [IMAGE]},
            [(1, 3, 6, 6)],
            axes=(1,),
            starts=(2,),
            ends=(5,),
            decrease_axis=(),
            infer_flags=(1,),
        )
    ],
    "stack": [_operator("stack", {"X": [IMAGE, IMAGE]}, [(1, 2, 8, 6, 6)], axis=1)],
    "strided_slice": [
        _operator(
            "strided_slice",
            {"Input": [IMAGE]},
            [(1, 8, 3, 6)],
            axes=(2,),
            starts=(0,),
            ends=(6,),
            strides=(2,),
            decrease_axis=(),
            infer_flags=(1,),
        )
    ],
    "tile": [_operator("tile", outputs=[(1, 16, 6, 6)], repeat_times=(1, 2, 1, 1))],
    "top_k_v2": [_top_k()],
    "unstack": [_operator("unstack", outputs=[(1, 6, 6)] * 8, axis=1, num=8)],
    "yolo_box": [_yolo_box()],
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
