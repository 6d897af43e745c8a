"""The files with an app's data, which are the same in all apps."""

from __future__ import annotations

from collections.abc import Iterator
from io import BytesIO
from typing import TYPE_CHECKING, Any

import numpy as np

from edgeslim.apps._contents import AppContents, AppSample, Port
from edgeslim.files import encode_json

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["data_files", "label_lines"]


def data_files(contents: AppContents, pictures: str) -> dict[str, bytes]:
    """The model, its labels, its description, and the samples, by name within the data folder.

    Args:
        contents: What the app is made of.
        pictures: Form of the pictures: ``png`` or ``pnm``.
    """
    files = {"model.nb": contents.model, "model.json": _description(contents)}
    if contents.labels:
        files["labels.txt"] = "".join(f"{line}\n" for line in label_lines(contents)).encode()
    if contents.decoding is not None and len(contents.decoding.priors):
        files["priors.f64"] = contents.decoding.priors.astype("<f8").tobytes()
    for number, sample in enumerate(contents.samples, 1):
        for name, content in _sample_files(contents, sample, pictures):
            files[f"samples/{number}.{name}"] = content
    return files


def label_lines(contents: AppContents) -> list[str]:
    """Names of the classes, each in one line; line ends and controls in a name become spaces."""
    return [
        " ".join("".join(c if c.isprintable() else " " for c in label).split()) or str(number)
        for number, label in enumerate(contents.labels)
    ]


def _sample_files(
    contents: AppContents, sample: AppSample, pictures: str
) -> Iterator[tuple[str, bytes]]:
    if sample.picture is not None:
        yield _picture_file(sample.picture, pictures)
    for what, ports, arrays in (
        ("input", contents.inputs, sample.inputs),
        ("output", contents.outputs, sample.outputs),
    ):
        for place, (port, array) in enumerate(zip(ports, arrays, strict=True)):
            yield f"{what}{place}.{port.ending}", _raw(array, port)
    if contents.kind != "tensors":
        lines = (
            " ".join([str(found.number), *(f"{n:.9g}" for n in (found.score, *found.box))])
            for found in sample.results
        )
        yield "results.txt", "".join(f"{line}\n" for line in lines).encode()


def _raw(array: NDArray[Any], port: Port) -> bytes:
    return array.astype(np.dtype(port.dtype).newbyteorder("<")).tobytes()


def _picture_file(pixels: NDArray[np.uint8], form: str) -> tuple[str, bytes]:
    from PIL import Image

    if form == "png":
        stream = BytesIO()
        # Without a profile or a gamma, by which decoders would change its colours.
        Image.fromarray(pixels).save(stream, format="PNG", optimize=True)
        return "png", stream.getvalue()
    magic, ending = ("P5", "pgm") if pixels.ndim == 2 else ("P6", "ppm")
    height, width = pixels.shape[:2]
    return ending, f"{magic}\n{width} {height}\n255\n".encode() + pixels.tobytes()


def _description(contents: AppContents) -> bytes:
    """Everything that a program must know of the model, as a JSON document."""
    steps, decoding = contents.steps, contents.decoding
    document = {
        "name": contents.title,
        "kind": contents.kind,
        "task": contents.task,
        "target": contents.target.value,
        "precision": contents.precision.value,
        "paddle_lite": contents.library_version,
        "inputs": [_port(port) for port in contents.inputs],
        "outputs": [_port(port) for port in contents.outputs],
        "classes": label_lines(contents),
        "picture": None if steps is None else steps,
        "boxes": None
        if decoding is None
        else {
            "kind": decoding.kind,
            "least_score": decoding.least_score,
            "most_overlap": decoding.most_overlap,
            "of_class": decoding.of_class,
            "of_image": decoding.of_image,
            "largest_growth": decoding.largest_growth,
            "priors": "priors.f64" if len(decoding.priors) else None,
            "variances": decoding.variances,
            "anchors": decoding.anchors,
            "strides": decoding.strides,
        },
        "samples": len(contents.samples),
        "tolerance": contents.tolerance,
    }
    return encode_json(document)


def _port(port: Port) -> dict[str, Any]:
    return {"name": port.name, "shape": port.shape, "type": port.dtype}
