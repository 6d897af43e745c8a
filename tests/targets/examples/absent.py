"""Networks of operators that there are no kernels for."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import paddle
from paddle import nn
from paddle.nn import functional

from edgeslim.opspec import Shape
from tests.targets.examples._layers import Appended, Computed, of_every_kind
from tests.targets.nets import Example

__all__ = ["EXAMPLES"]


def _absent(law: str, compute: Callable[[Any], Any], shape: Shape = (1, 4, 6, 8)) -> Example:
    return Example(law=f"absent-{law}", build=lambda: Computed(compute), shape=shape)


def _volumes() -> nn.Layer:
    return nn.Sequential(
        nn.Conv3D(2, 4, (3, 2, 3), stride=(1, 2, 1), padding=(1, 0, 1), groups=2),
        nn.ReLU(),
        nn.Conv3D(4, 3, (2, 1, 3), dilation=(2, 1, 2), padding="SAME"),
    )


def _asked(question: Callable[[Any], Any]) -> Example:
    """Of numbers, infinities of both signs, and no numbers."""
    return _absent("questions", lambda x: paddle.cast(question(of_every_kind(x)), "float32"))


def _grid(x: Any, *, align_corners: bool) -> Any:
    return functional.affine_grid(x[:, :2, 0, :3], [1, 3, 4, 5], align_corners=align_corners)


EXAMPLES = (
    _absent("functions", lambda x: paddle.log1p(paddle.abs(x))),
    _absent("functions", paddle.atan),
    _absent("functions", functional.selu),
    _asked(lambda x: paddle.isfinite(x + 1.0)),
    _asked(paddle.isinf),
    _asked(paddle.isnan),
    _absent("functions", lambda x: paddle.fmax(x, 0.5 * x * x)),
    _absent("softsigns", functional.softsign),
    _absent("layouts", lambda x: functional.maxout(x, 2)),
    _absent("layouts", lambda x: functional.pixel_unshuffle(x, 2)),
    _absent(
        "layouts",
        lambda x: functional.adaptive_avg_pool3d(x, (2, 3, 4)),
        shape=(1, 2, 5, 3, 6),
    ),
    _absent("layouts", lambda x: functional.max_pool3d(x, 3, 2, "SAME"), shape=(1, 2, 5, 4, 7)),
    _absent(
        "lines",
        lambda x: functional.interpolate(x, [7], mode="linear", data_format="NCW"),
        shape=(1, 4, 5),
    ),
    _absent("places", lambda x: paddle.kron(x, x + 1.0), shape=(3, 4)),
    _absent("places", lambda x: x.expand_as(paddle.concat([x, x]))),
    _absent("resizing", lambda x: functional.interpolate(x, (9, 5), mode="bicubic")),
    _absent("sums", lambda x: paddle.logsumexp(x, [1, 3])),
    _absent("sums", lambda x: paddle.einsum("bij,bjk->bik", x, x), shape=(2, 4, 4)),
    _absent("totals", lambda x: paddle.add_n([x, x * x, paddle.abs(x)])),
    Example(law="absent-totals", build=lambda: Appended("mean", (1,), paddle.mean)),
    _absent("norms", lambda x: paddle.linalg.norm(x, "fro", axis=[2, 3])),
    _absent("functions", lambda x: paddle.atan2(x, x.flip(1))),
    Example(law="absent-volumes", build=_volumes, shape=(1, 2, 4, 4, 8)),
    _absent(
        "folds",
        lambda x: functional.fold(
            functional.unfold(x, [3, 2], strides=[2, 3], paddings=[1, 0]),
            *([6, 8], [3, 2], [2, 3], [1, 0]),
        ),
    ),
    *(
        _absent(
            "grids",
            partial(_grid, align_corners=align_corners),
        )
        for align_corners in (False, True)
    ),
    _absent(
        "along-axes", lambda x: paddle.take_along_axis(x, paddle.argsort(x, axis=2)[:, :, :3], 2)
    ),
    _absent(
        "along-axes",
        lambda x: paddle.put_along_axis(x, x.argmax(1, keepdim=True), x[:, 1:2] * 2, 1),
    ),
    _absent(
        "along-axes",
        lambda x: paddle.put_along_axis(
            *(x, paddle.argsort(x, axis=3)[:, :, :, :3] // 2, x[:, :, :, 1:4], 3), reduce="add"
        ),
    ),
    *(
        Example(
            law=f"absent-on-{where}",
            build=lambda: nn.Conv3DTranspose(2, 3, 1),
            shape=(1, 2, 3, 4, 5),
        )
        for where in ("x86", "arm")
    ),
)
