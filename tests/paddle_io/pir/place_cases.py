"""Convolutions, pooling, resizing and normalization; `operator_cases` says what they are given."""

# ruff: noqa: PLW0108 - the names of arguments say what a case is given

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import paddle
import paddle.nn.functional as F  # noqa: N812 - the name that everybody uses


def weights(*shape: int) -> Any:
    """Constants of a shape, the same each time."""
    generator = np.random.default_rng(sum(shape))
    return paddle.to_tensor(generator.standard_normal(shape).astype("float32"))


def around(layer: Any, read: str, pick: Callable[[Any], Any] = lambda made: made) -> Any:
    """A case of a layer with parameters: what it reads, and what of its results is looked at."""
    layer.eval()

    def call(given: Any) -> Any:
        return pick(layer(given))

    call.layer, call.reads = layer, (read,)  # type: ignore[attr-defined]
    return call


CONVOLUTIONS: dict[str, Callable[..., Any]] = {
    "conv1d": lambda x: F.conv1d(x, weights(5, 3, 2), padding=1, stride=2),
    "conv1d_same": lambda x: F.conv1d(x, weights(5, 3, 3), padding="SAME"),
    "conv2d": lambda image: F.conv2d(image, weights(3, 4, 3, 3), padding=1, stride=2),
    "conv2d_bias": lambda image: F.conv2d(image, weights(3, 4, 1, 1), weights(3)),
    "conv2d_dilated": lambda image: F.conv2d(image, weights(3, 4, 2, 2), dilation=2),
    "conv2d_groups": lambda image: F.conv2d(image, weights(6, 2, 3, 3), groups=2),
    "conv2d_depthwise": lambda image: F.conv2d(image, weights(4, 1, 3, 3), groups=4, padding=1),
    "conv2d_multiplied": lambda image: F.conv2d(image, weights(8, 1, 3, 3), groups=4),
    "conv2d_four_pads": lambda image: F.conv2d(image, weights(3, 4, 3, 3), padding=[1, 0, 2, 1]),
    "conv2d_same": lambda image: F.conv2d(image, weights(3, 4, 3, 3), padding="SAME", stride=2),
    "conv2d_valid": lambda image: F.conv2d(image, weights(3, 4, 3, 2), padding="VALID"),
    "conv2d_nhwc": lambda image: F.conv2d(
        image.transpose([0, 2, 3, 1]), weights(3, 4, 3, 3), data_format="NHWC"
    ),
    "conv3d": lambda volume: F.conv3d(volume, weights(3, 2, 2, 2, 2), padding=1),
    "conv1d_transpose": lambda x: F.conv1d_transpose(x, weights(3, 5, 2), stride=2),
    "conv2d_transpose": lambda image: F.conv2d_transpose(image, weights(4, 3, 3, 3), stride=2),
    "conv2d_transpose_more": lambda image: F.conv2d_transpose(
        image, weights(4, 3, 3, 3), stride=2, padding=1, output_padding=1
    ),
    "conv2d_transpose_size": lambda image: F.conv2d_transpose(
        image, weights(4, 3, 3, 3), stride=2, output_size=[18, 14]
    ),
    "conv2d_transpose_same": lambda image: F.conv2d_transpose(
        image, weights(4, 3, 3, 3), stride=2, padding="SAME"
    ),
    "conv2d_transpose_depthwise": lambda image: F.conv2d_transpose(
        image, weights(4, 1, 2, 2), stride=2, groups=4
    ),
    "conv3d_transpose": lambda volume: F.conv3d_transpose(volume, weights(2, 3, 2, 2, 2)),
    "deformable": lambda image: paddle.vision.ops.deform_conv2d(
        image, weights(1, 18, 8, 6).expand([2, 18, 8, 6]) * 0.1, weights(3, 4, 3, 3), padding=1
    ),
    "fold": lambda x: F.fold(x.reshape([2, 4, 3])[:, :, :2].tile([1, 1, 2]), [3, 3], 2),
    "unfold": lambda image: F.unfold(image, [3, 2], strides=2, paddings=1),
}

POOLING: dict[str, Callable[..., Any]] = {
    "max2d": lambda image: F.max_pool2d(image, 2),
    "max2d_ceil": lambda image: F.max_pool2d(image, 3, 2, ceil_mode=True),
    "max2d_pads": lambda image: F.max_pool2d(image, 3, 2, 1),
    "max2d_same": lambda image: F.max_pool2d(image, 3, 2, "SAME"),
    "max2d_mask": lambda image: F.max_pool2d(image, 2, return_mask=True)[1],
    "unpool": lambda image: F.max_unpool2d(*F.max_pool2d(image, 2, return_mask=True), 2),
    "average2d": lambda image: F.avg_pool2d(image, [3, 2], [2, 1], [1, 0]),
    "average2d_inclusive": lambda image: F.avg_pool2d(image, 3, 2, 1, exclusive=False),
    "average2d_ceil": lambda image: F.avg_pool2d(image, 3, 2, ceil_mode=True),
    "average2d_divisor": lambda image: F.avg_pool2d(image, 2, divisor_override=3),
    "average2d_nhwc": lambda image: F.avg_pool2d(image, 2, data_format="NHWC"),
    "adaptive2d": lambda image: F.adaptive_avg_pool2d(image, 1),
    "adaptive2d_uneven": lambda image: F.adaptive_avg_pool2d(image, [3, 4]),
    "adaptive2d_half": lambda image: F.adaptive_avg_pool2d(image, [None, 2]),
    "adaptive2d_max": lambda image: F.adaptive_max_pool2d(image, [2, 3]),
    "max1d": lambda x: F.max_pool1d(x, 2, 1),
    "average1d": lambda x: F.avg_pool1d(x, 2),
    "adaptive1d": lambda x: F.adaptive_avg_pool1d(x, 2),
    "adaptive1d_max": lambda x: F.adaptive_max_pool1d(x, 2),
    "max3d": lambda volume: F.max_pool3d(volume, 2),
    "average3d": lambda volume: F.avg_pool3d(volume, 2),
    "adaptive3d": lambda volume: F.adaptive_avg_pool3d(volume, 1),
    "lp2d": lambda image: F.lp_pool2d(image, 2.0, 2),
}

RESIZING: dict[str, Callable[..., Any]] = {
    "nearest": lambda image: F.interpolate(image, size=[12, 9]),
    "nearest_scale": lambda image: F.interpolate(image, scale_factor=2),
    "nearest_ratio": lambda image: F.interpolate(image, scale_factor=0.7),
    "nearest_two_scales": lambda image: F.interpolate(image, scale_factor=[1.5, 2.0]),
    "bilinear": lambda image: F.interpolate(image, size=[12, 9], mode="bilinear"),
    "bilinear_corners": lambda image: F.interpolate(
        image, scale_factor=2, mode="bilinear", align_corners=True
    ),
    "bilinear_mode": lambda image: F.interpolate(
        image, scale_factor=1.5, mode="bilinear", align_mode=1
    ),
    "bicubic": lambda image: F.interpolate(image, scale_factor=2, mode="bicubic"),
    "linear": lambda x: F.interpolate(x, size=[9], mode="linear", data_format="NCW"),
    "trilinear": lambda volume: F.interpolate(volume, scale_factor=2, mode="trilinear"),
    "area": lambda image: F.interpolate(image, size=[4, 3], mode="area"),
    "to_shape_of": lambda image: F.interpolate(image[:, :, ::2, ::2], size=image.shape[2:]),
    "to_made_shape": lambda image: F.interpolate(
        image[:, :, ::2, ::2], size=paddle.shape(image)[2:], mode="bilinear"
    ),
    "upsample": lambda image: paddle.nn.Upsample(scale_factor=3, mode="nearest")(image),
    "pixel_shuffle": lambda image: F.pixel_shuffle(image, 2),
    "pixel_unshuffle": lambda image: F.pixel_unshuffle(image, 2),
    "channel_shuffle": lambda image: F.channel_shuffle(image, 2),
    "grid_sample": lambda image, grid: F.grid_sample(image, grid, "nearest", "border", False),
    "grid_sample_bilinear": lambda image, grid: F.grid_sample(image, grid),
    "affine_grid": lambda x: F.affine_grid(x[:, :2, :3], [2, 3, 4, 5], align_corners=False),
    "temporal_shift": lambda image: F.temporal_shift(image, 2, 0.2),
    "pad_constant": lambda image: F.pad(image, [1, 2, 3, 0], value=0.7),
    "pad_reflect": lambda image: F.pad(image, [1, 2, 1, 0], mode="reflect"),
    "pad_replicate": lambda image: F.pad(image, [1, 2, 1, 0], mode="replicate"),
    "pad_circular": lambda image: F.pad(image, [1, 2, 1, 0], mode="circular"),
    "pad_line": lambda x: F.pad(x, [1, 2], data_format="NCL"),
    "pad_volume": lambda volume: F.pad(volume, [1, 0, 1, 2, 0, 1]),
    "pad_all_axes": lambda x: F.pad(x, [0, 0, 1, 1, 2, 0], value=0.5),
    "zeropad": around(paddle.nn.ZeroPad2D([1, 2, 0, 1]), "image"),
}

NORMALIZATION: dict[str, Callable[..., Any]] = {
    "batch_norm": lambda image, four: F.batch_norm(image, four, four, four, four),
    "batch_norm_layer": around(paddle.nn.BatchNorm2D(4, epsilon=1e-3), "image"),
    "batch_norm_line": around(paddle.nn.BatchNorm1D(3), "x"),
    "batch_norm_volume": around(paddle.nn.BatchNorm3D(2), "volume"),
    "batch_norm_plain": around(
        paddle.nn.BatchNorm2D(4, weight_attr=False, bias_attr=False), "image"
    ),
    "instance_norm": lambda image, four: F.instance_norm(image, weight=four, bias=four),
    "instance_norm_plain": lambda image: F.instance_norm(image),
    "layer_norm": lambda x: F.layer_norm(x, [4], weights(4), weights(4), 1e-4),
    "layer_norm_two_axes": lambda x: F.layer_norm(x, [3, 4]),
    "group_norm": lambda image, four: F.group_norm(image, 2, 1e-3, four, four),
    "local_response_norm": lambda image: F.local_response_norm(image, 3, 1e-2, 0.7, 1.5),
    "normalize": lambda x: F.normalize(x, axis=1),
    "normalize_p": lambda x: F.normalize(x, p=1.5, axis=-1),
    "renorm": lambda x: paddle.renorm(x, 2.0, 1, 0.8),
    "dropout": lambda x: F.dropout(x, 0.3, training=False),
    "dropout_downscale": lambda x: F.dropout(x, 0.3, training=False, mode="downscale_in_infer"),
    "dropout2d": lambda image: F.dropout2d(image, 0.3, training=False),
    "alpha_dropout": lambda x: F.alpha_dropout(x, 0.3, training=False),
    "label_smooth": lambda x: F.label_smooth(x, epsilon=0.2),
    "cosine_similarity": lambda x, y: F.cosine_similarity(x, y, axis=1),
    "pairwise_distance": lambda x, y: F.pairwise_distance(x, y, 1.5, keepdim=True),
}
