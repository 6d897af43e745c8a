"""Contents of apps without a model: every kind of output, named as badly as users can."""

from __future__ import annotations

import numpy as np

from edgeslim.apps import AppContents, AppSample, Port, Result
from edgeslim.execution import Precision, Target
from edgeslim.picture_steps import Arithmetic, BoxDecoding, Filter, PicturePart, PictureSteps

NASTY = (
    'it\'s a "dog" \\ ${HOME} $(rm) `ls` {{ x }} %s \\u0041 </string> */ //',
    "two\nlines\tand\ra tab",
    "猫 кот 😀",
    "@string/app_name & <b>?",
)
NAME = "my\"net' \\ ${x} {{ y }} 网\n*/ </a>"
"""Name of a model that no language takes unchanged."""

COLOUR = PictureSteps(
    colours=3,
    part=PicturePart.MIDDLE,
    shrink=256 / 224,
    filter=Filter.BILINEAR,
    height=8,
    width=6,
    channels=3,
    divisor=255.0,
    mean=(0.485, 0.456, 0.406),
    deviation=(0.229, 0.224, 0.225),
    arithmetic=Arithmetic.DOUBLE,
)
GREY = PictureSteps(
    colours=1,
    part=PicturePart.WHOLE,
    filter=Filter.BOX,
    height=8,
    width=6,
    rows=(-1, 0, 2, 2),
    columns=(5, -1, 1),
    channels=3,
    divisor=15.9375,
    mean=(4.885178565979004,),
    deviation=(6.016473770141602,),
    arithmetic=Arithmetic.FLOAT,
)
SSD = BoxDecoding(
    kind="ssd",
    least_score=0.01,
    most_overlap=0.45,
    of_class=400,
    of_image=200,
    largest_growth=20.0,
    priors=np.array([[0.0, 0.0, 0.5, 0.5], [0.25, 0.25, 1.0, 1.0]]),
    variances=(0.1, 0.1, 0.2, 0.2),
)
YOLO = BoxDecoding(
    kind="yolov3",
    least_score=0.01,
    most_overlap=0.45,
    of_class=1000,
    of_image=100,
    largest_growth=20.0,
    anchors=(((116.0, 90.0), (156.0, 198.0), (373.0, 326.0)),),
    strides=(32,),
)


def contents(
    kind: str,
    *,
    steps: PictureSteps | None = COLOUR,
    decoding: BoxDecoding | None = None,
    target: Target = Target.ARM,
    labels: tuple[str, ...] = NASTY,
) -> AppContents:
    """Contents of an app of one kind of outputs; its model is no model."""
    rng = np.random.default_rng(0)
    inputs: tuple[Port, ...]
    if steps is None and kind == "tensors":
        inputs = (
            Port(name="words", shape=(1, 5), dtype="int64"),
            Port(name='x"y', shape=(1, 2), dtype="float32"),
        )
    elif steps is None:
        inputs = (Port(name="x", shape=(1, 3, 8, 6), dtype="float32"),)
    else:
        shape = (1, steps.channels, len(steps.rows), len(steps.columns))
        inputs = (Port(name="x", shape=shape, dtype="float32"),)
    shapes: tuple[tuple[int, ...], ...] = ((1, len(NASTY)),)
    if decoding is not None:
        is_ssd = decoding.kind == "ssd"
        shapes = ((1, 2, 4), (1, 2, 5)) if is_ssd else ((1, 27, 2, 3),)
    outputs = tuple(
        Port(name=f"out{place}", shape=shape, dtype="float32") for place, shape in enumerate(shapes)
    )
    picture = None
    if steps is not None:
        size = (9, 7, 3) if steps.colours == 3 else (9, 7)
        picture = rng.integers(0, 256, size, dtype=np.uint8)
    box = (0.1, 0.2, 0.3, 0.4) if kind == "boxes" else ()
    sample = AppSample(
        picture=picture,
        inputs=tuple(rng.normal(size=port.shape).astype(port.dtype) for port in inputs),
        outputs=tuple(rng.normal(size=port.shape).astype(np.float32) for port in outputs),
        results=() if kind == "tensors" else (Result(number=1, score=0.75, box=box),),
    )
    return AppContents(
        name=NAME,
        kind=kind,
        model=b"\x02\x00v2.13-rc\0no model",
        target=target,
        precision=Precision.FP32,
        library_version="v2.13-rc",
        inputs=inputs,
        outputs=outputs,
        labels=() if kind == "tensors" else labels,
        task="image_folder" if steps else "",
        steps=steps,
        decoding=decoding,
        samples=(sample, sample),
        tolerance=0.001,
        activation_bytes=123_456,
        unproved=("nothing has run it",),
    )


KINDS = {
    "classes": contents("classes"),
    "grey": contents("classes", steps=GREY),
    "unlabelled": contents("classes", labels=()),
    "ssd": contents("boxes", decoding=SSD),
    "yolov3": contents("boxes", decoding=YOLO),
    "tensors": contents("tensors", steps=None),
    "ready classes": contents("classes", steps=None),
}
"""Contents of every kind."""
