"""``edgeslim infer``: runs a model on pictures, and prints classes or boxes."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Annotated

import typer

from edgeslim.cli.output import Json, print_json, print_lines, print_table
from edgeslim.cli.request_options import with_options
from edgeslim.errors import UsageError
from edgeslim.inference.infer import FileResult, Inference, InferRequest, infer

__all__ = ["command"]


@with_options
def command(
    request: InferRequest,
    more: Annotated[list[Path] | None, typer.Argument(help="More of them.")] = None,
    as_json: Json = False,
) -> None:
    """Run a model on pictures: classes with probabilities, or boxes drawn on the pictures.

    Without a task, pictures are read as networks for ImageNet are judged: the middle, 224 of 256
    along the shorter side (for a detector all of it), by ImageNet's mean and deviation.

    Example: edgeslim infer mobilenet --task image_folder:photos --inputs cat.jpg dog.jpg

    Example: edgeslim infer ssd --task voc:VOCdevkit --inputs street.jpg --out drawn --engine lite
    """
    if request.engine == "paddle" and (request.device or request.precision):
        raise UsageError("--device and --precision are Paddle-Lite's; add --engine lite")
    done = infer(replace(request, inputs=[*request.inputs, *(more or [])]))
    if as_json:
        print_json(_document(done))
    else:
        _print(done)


def _print(done: Inference) -> None:
    for output in done.outputs:
        print_lines(f"{output.input}:")
        if done.kind == "classes":
            rows = [[one.label, f"{one.probability:.2%}"] for one in output.classes]
            print_table(["class", "probability"], rows)
        elif done.kind == "boxes" and output.boxes:
            print_table(
                ["object", "score", "left", "top", "right", "bottom"],
                [
                    [box.label, f"{box.score:.0%}", *(f"{edge:g}" for edge in edges)]
                    for box, edges in zip(output.boxes, _edges(output), strict=True)
                ],
            )
        elif done.kind == "boxes":
            print_lines("no object has such a score")
        for tensor in output.tensors:
            if done.kind == "tensors" or tensor.file is not None:
                where = "" if tensor.file is None else f": {tensor.file}"
                print_lines(f"{tensor.name} {list(tensor.shape)}{where}")
        if output.drawn is not None:
            print_lines(f"drawn: {output.drawn}")
    if done.kind == "tensors" and not any(output.tensors[0].file for output in done.outputs):
        print_lines("the outputs are neither classes nor boxes; --raw --out DIR writes them")


def _edges(output: FileResult) -> list[list[float]]:
    """Edges of each box, in pixels of the picture, or as shares of a tensor's size."""
    width, height = output.size or (1, 1)
    digits = 1 if output.size else 4
    return [
        [
            round(edge * side, digits)
            for edge, side in zip(box.box, (width, height) * 2, strict=True)
        ]
        for box in output.boxes
    ]


def _document(done: Inference) -> dict[str, object]:
    return {
        "model": done.model,
        "engine": done.engine.value,
        "kind": done.kind,
        "outputs": [
            {
                "input": output.input,
                "size": output.size,
                "classes": [
                    {"class": one.number, "label": one.label, "probability": one.probability}
                    for one in output.classes
                ],
                "boxes": [
                    {"class": box.number, "label": box.label, "score": box.score, "box": edges}
                    for box, edges in zip(output.boxes, _edges(output), strict=True)
                ],
                "drawn": output.drawn,
                "tensors": [
                    {"name": tensor.name, "shape": tensor.shape, "file": tensor.file}
                    for tensor in output.tensors
                ],
            }
            for output in done.outputs
        ],
    }
