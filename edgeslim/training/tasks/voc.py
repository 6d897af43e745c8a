"""Object detection in photos of a folder in the format of PASCAL VOC.

Colours are standardised by ImageNet's mean and deviation (as MobileNetV1-YOLOv3's original
does; SSD's took 127.5 off and divided by as much), and photos are brought to the network's
size whatever their proportions. The metric is mean average precision: by the eleven points of
VOC 2007 as for the published networks, or with ``ap_version=integral`` by the whole curve.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from edgeslim.photos import open_photo
from edgeslim.picture_steps import PicturePart, PictureSteps
from edgeslim.training.detection.heads._head import NO_OBJECT
from edgeslim.training.detection.mean_average_precision import Area, MeanAveragePrecision, Truths
from edgeslim.training.detection.recognition import recognise_head
from edgeslim.training.detection.suppression import Detections
from edgeslim.training.tasks._box_augmentation import clip_to_crop, jitter, mirror, random_crop
from edgeslim.training.tasks._entry import TaskEntry
from edgeslim.training.tasks._photos import (
    check_photo_shape,
    photo_steps,
    resize_whole,
    standardise,
)
from edgeslim.training.tasks._task import Targets, Task, TaskData
from edgeslim.training.tasks._voc_folder import AnnotatedPhoto, VocSet, find_photos, read_photos

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from paddle import Tensor
    from PIL import Image

    from edgeslim.opspec import Shape

__all__ = ["TASK"]


class _Voc:
    """The folder as a task.

    Args:
        folder: Folder as `find_photos` describes; its classes are those of ``labels.txt`` or
            ``label_list.txt`` in it, else the twenty of VOC if all objects are of these, else
            all that are found, in the order of their names.
        area: How the area under a curve of precision is computed.
    """

    metric_name = "mean_average_precision"
    finds_boxes = True

    def __init__(self, folder: Path, area: Area) -> None:
        self._folder = folder
        self._area = area
        self._listed = find_photos(folder)

    @cached_property
    def _set(self) -> VocSet:
        return read_photos(self._folder, self._listed)

    @property
    def class_names(self) -> tuple[str, ...]:
        return self._listed.class_names or self._set.class_names

    @property
    def num_classes(self) -> int:
        return len(self.class_names)

    def picture(self, path: Path, input_shape: Shape) -> NDArray[np.float32]:
        check_photo_shape(input_shape)
        _, channels, height, width = input_shape
        return standardise(resize_whole(open_photo(path, channels), height, width))

    def picture_steps(self, input_shape: Shape) -> PictureSteps:
        return photo_steps(input_shape, PicturePart.WHOLE)

    def example_pictures(self, count: int) -> list[Image.Image]:
        return [open_photo(photo.path, 3) for photo in self._set.validation[:count]]

    def data(self, input_shape: Shape, seed: int) -> TaskData:  # noqa: ARG002 - split as given
        check_photo_shape(input_shape)
        every = (*self._set.train, *self._set.validation)
        most = max(len(photo.boxes) for photo in every)
        judge = _Judge((input_shape[2], input_shape[3]), self._set.class_names, self._area)
        return TaskData(
            train=_Photos(self._set.train, input_shape, most),
            validation=_Photos(self._set.validation, input_shape, most),
            loss=judge.loss,
            metric=judge.metric,
        )


class _Photos:
    """Photos that are decoded on demand; targets are boxes, classes and whether they are difficult.

    They are ``(N, most, 4)``, ``(N, most)`` and ``(N, most)``, filled up with `NO_OBJECT`.
    """

    def __init__(self, photos: tuple[AnnotatedPhoto, ...], input_shape: Shape, most: int) -> None:
        self._photos = photos
        self._input_shape = input_shape
        self._most = most

    def __len__(self) -> int:
        return len(self._photos)

    def example_name(self, index: int) -> str:
        return str(self._photos[index].path)

    def batch(
        self, indices: NDArray[np.int64], rng: np.random.Generator | None
    ) -> tuple[NDArray[np.float32], Targets]:
        count = len(indices)
        images = np.empty((count, *self._input_shape[1:]), np.float32)
        boxes = np.zeros((count, self._most, 4), np.float32)
        classes = np.full((count, self._most), NO_OBJECT, np.int64)
        difficult = np.zeros((count, self._most), bool)
        for row, index in enumerate(indices):
            photo = self._photos[index]
            images[row], found, shown = self._image(photo, rng)
            number = int(shown.sum())
            boxes[row, :number] = found[shown]
            classes[row, :number] = photo.classes[shown]
            difficult[row, :number] = photo.difficult[shown]
        return images, (boxes, classes, difficult)

    def _image(
        self, photo: AnnotatedPhoto, rng: np.random.Generator | None
    ) -> tuple[NDArray[np.float32], NDArray[np.float32], NDArray[np.bool_]]:
        """Pixels ``(C, H, W)``, boxes ``(n, 4)`` and whether each is still visible."""
        from PIL import Image

        _, channels, height, width = self._input_shape
        picture = open_photo(photo.path, channels)
        boxes, shown = photo.boxes, np.ones(len(photo.boxes), bool)
        crop = np.array([0.0, 0.0, 1.0, 1.0]) if rng is None else random_crop(boxes, rng)
        left, upper, right, lower = (crop * np.tile(picture.size, 2)).tolist()
        picture = picture.resize(
            (width, height), Image.Resampling.BILINEAR, box=(left, upper, right, lower)
        )
        if rng is not None:
            boxes, shown = clip_to_crop(boxes, crop)
            picture = jitter(picture, rng)
            if rng.random() < 0.5:
                picture = picture.transpose(Image.Transpose.FLIP_LEFT_RIGHT)
                boxes = mirror(boxes)
        return standardise(picture), boxes.astype(np.float32), shown


class _Judge:
    """Loss and metric for the kind of detector that the outputs belong to."""

    def __init__(
        self, image_size: tuple[int, int], class_names: tuple[str, ...], area: Area
    ) -> None:
        self._image_size = image_size
        self._class_names = class_names
        self._area = area

    def loss(self, outputs: Sequence[Tensor], targets: Sequence[Tensor]) -> Tensor:
        head = recognise_head(outputs, self._image_size, self._class_names)
        return head.loss(outputs, targets, self._image_size)

    def metric(self) -> _Precision:
        return _Precision(self._image_size, self._class_names, self._area)


class _Precision:
    """Mean average precision, computed from raw outputs."""

    def __init__(
        self, image_size: tuple[int, int], class_names: tuple[str, ...], area: Area
    ) -> None:
        self._image_size = image_size
        self._class_names = class_names
        self.area = area
        self._counted = MeanAveragePrecision(area)

    def update(self, outputs: Sequence[NDArray[np.float32]], targets: Targets) -> None:
        for detections, truths in self.pairs(outputs, targets):
            self._counted.add(detections, truths)

    def pairs(
        self, outputs: Sequence[NDArray[np.float32]], targets: Targets
    ) -> list[tuple[Detections, Truths]]:
        head = recognise_head(outputs, self._image_size, self._class_names)
        found = head.detections(outputs, self._image_size)
        pairs = []
        for detections, boxes, classes, difficult in zip(found, *targets[:3], strict=True):
            real = classes != NO_OBJECT
            truths = Truths(boxes=boxes[real], classes=classes[real], difficult=difficult[real])
            pairs.append((detections, truths))
        return pairs

    def value(self) -> float:
        return self._counted.value()


def _open(folder: Path | None, chosen: Mapping[str, str]) -> Task:
    if folder is None:
        raise ValueError("find_task gives a folder")
    return _Voc(folder, Area(chosen["ap_version"]))


TASK = TaskEntry(
    summary="objects to be found in photos, as PASCAL VOC is kept",
    open=_open,
    holds="JPEGImages, Annotations and ImageSets/Main with train.txt and val.txt",
    choices={"ap_version": tuple(area.value for area in Area)},
)
