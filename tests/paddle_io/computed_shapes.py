"""Networks that compute sizes while they run, as people write them."""

from __future__ import annotations

from typing import Any

import paddle
from paddle import nn
from paddle.base.layer_helper import LayerHelper
from paddle.nn import functional as F  # noqa: N812 - the name that everybody uses


class Resized(nn.Layer):
    """Segmentation: the answer as large as the image."""

    def __init__(self) -> None:
        super().__init__()
        self.first = nn.Conv2D(3, 8, 3, stride=2, padding=1)
        self.last = nn.Conv2D(8, 4, 1)

    def forward(self, image: Any) -> Any:
        maps = self.last(F.relu(self.first(image)))
        return F.interpolate(maps, size=paddle.shape(image)[2:], mode="bilinear")


class Recognised(nn.Layer):
    """Text recognition: attention over the columns of an image of any width."""

    def __init__(self) -> None:
        super().__init__()
        self.first = nn.Conv2D(3, 12, 3, stride=(2, 2), padding=1)
        self.mixed = nn.Linear(12, 36)
        self.norm = nn.LayerNorm(12)
        self.last = nn.Linear(12, 10)

    def forward(self, image: Any) -> Any:
        maps = F.hardswish(self.first(image))
        size = paddle.shape(maps)
        rows = maps.flatten(2).transpose([0, 2, 1])
        mixed = self.mixed(rows).reshape([0, paddle.shape(rows)[1], 3, 2, 6])
        mixed = mixed.transpose([2, 0, 3, 1, 4])
        query, key, value = mixed[0], mixed[1], mixed[2]
        weights = F.softmax(paddle.matmul(query * 0.4, key.transpose([0, 1, 3, 2])))
        mixed = paddle.matmul(weights, value).transpose([0, 2, 1, 3])
        rows = self.norm(rows + mixed.reshape([0, -1, 12]))
        maps = rows.reshape([0, size[2], size[3], 12]).transpose([0, 3, 1, 2])
        pooled = F.avg_pool2d(maps, [2, 1]).transpose([0, 2, 3, 1])
        return F.softmax(self.last(pooled.reshape([size[0], -1, 12])))


class Positions(nn.Layer):
    """Sizes in arithmetic, in ranges, in constants that are filled, tiled and expanded."""

    def __init__(self) -> None:
        super().__init__()
        self.first = nn.Conv2D(3, 4, 3, stride=2, padding=1)
        self.last = nn.Conv2D(7, 2, 1)

    def forward(self, image: Any) -> Any:
        maps = self.first(image)
        size = paddle.shape(maps)
        batch, height, width = size[0], size[2], size[3]
        columns = paddle.arange(0, width, dtype="float32").reshape([1, 1, 1, -1])
        columns = columns.expand([batch, 1, height, width]) / width.astype("float32")
        rows = paddle.arange(0, height, dtype="float32").reshape([1, 1, -1, 1])
        rows = rows.tile([batch, 1, 1, width])
        zeros = paddle.zeros([batch, 1, height, width])
        maps = self.last(paddle.concat([maps, columns, rows * 0.1, zeros], axis=1))
        half = maps[:, :, : height // 2, : width // 2]
        return half.reshape([batch, 2, (height // 2) * (width // 2)])


class Anchors(nn.Layer):
    """A detector's centres, from a grid as large as its maps."""

    def __init__(self) -> None:
        super().__init__()
        self.first = nn.Conv2D(3, 4, 3, stride=2, padding=1)

    def forward(self, image: Any) -> Any:
        maps = self.first(image)
        size = paddle.shape(maps)
        height, width = size[2], size[3]
        rows, columns = paddle.meshgrid(paddle.arange(height), paddle.arange(width))
        centres = paddle.stack([columns, rows], axis=-1).astype("float32").reshape([1, -1, 2])
        boxes = maps.flatten(2).transpose([0, 2, 1])
        sizes = boxes[:, :, 2:] * paddle.full([height * width, 1], 8.0)
        spread = paddle.expand_as(maps.mean([2, 3], keepdim=True), maps).flatten(2)
        return paddle.concat([boxes[:, :, :2] + centres, sizes, spread.transpose([0, 2, 1])], -1)


class Read(nn.Layer):
    """Text recognition: columns read in both directions, from as many first states as images."""

    def __init__(self, layer: Any = nn.LSTM) -> None:
        super().__init__()
        self.first = nn.Conv2D(3, 6, 3, padding=1)
        self.both = layer(6, 5, direction="bidirect")
        self.last = nn.Linear(10, 4)

    def forward(self, image: Any) -> Any:
        columns = self.first(image).mean(2).transpose([0, 2, 1])
        return self.last(self.both(columns)[0])


class ReadPlainly(Read):
    """The same by a layer that is written out for devices."""

    def __init__(self) -> None:
        super().__init__(nn.SimpleRNN)


class ShapeAsData(nn.Layer):
    """The mean by hand."""

    def __init__(self) -> None:
        super().__init__()
        self.first = nn.Conv2D(3, 4, 1)

    def forward(self, image: Any) -> Any:
        maps = self.first(image)
        size = paddle.shape(maps).astype("float32")
        return maps.sum(axis=[2, 3]) / (size[2] * size[3])


class Chosen(nn.Layer):
    """As many rows as the image has of something."""

    def __init__(self) -> None:
        super().__init__()
        self.first = nn.Conv2D(3, 1, 1)

    def forward(self, image: Any) -> Any:
        maps = self.first(image)
        return paddle.nonzero(maps[0, 0] > 0).astype("float32") * 2.0


class Suppressed(nn.Layer):
    """Boxes of a detector, those that overlap better ones left out."""

    def __init__(self) -> None:
        super().__init__()
        self.boxes = nn.Conv2D(3, 4, 1)
        self.scores = nn.Conv2D(3, 2, 1)

    def forward(self, image: Any) -> Any:
        corners = F.sigmoid(self.boxes(image)).flatten(2).transpose([0, 2, 1])
        boxes = paddle.concat([corners[:, :, :2], corners[:, :, 2:] + 1.0], axis=2)
        maker = LayerHelper("multiclass_nms3")
        kept, index, count = (
            maker.create_variable_for_type_inference(dtype=dtype)
            for dtype in ("float32", "int32", "int32")
        )
        maker.append_op(
            type="multiclass_nms3",
            inputs={"BBoxes": boxes, "Scores": F.sigmoid(self.scores(image)).flatten(2)},
            outputs={"Out": kept, "Index": index, "NmsRoisNum": count},
            attrs={
                "background_label": -1,
                "score_threshold": 0.1,
                "nms_top_k": 60,
                "nms_threshold": 0.7,
                "keep_top_k": 20,
                "normalized": True,
                "nms_eta": 1.0,
            },
        )
        return kept * 1.0


NETS = {
    "resized": Resized,
    "recognised": Recognised,
    "positions": Positions,
    "shape as data": ShapeAsData,
    "anchors": Anchors,
    "read": Read,
    "read plainly": ReadPlainly,
}
OPEN = (-1, 3, -1, -1)
