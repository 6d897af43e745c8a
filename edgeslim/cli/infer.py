"""``edgeslim infer``: runs a model on pictures, and prints classes or boxes."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from edgeslim.cli.options import InputShape, only_shape
from edgeslim.cli.output import Json, print_json, print_lines, print_table
from edgeslim.cli.progress import terminal_progress
from edgeslim.errors import UsageError
from edgeslim.inference.infer import FileResult, Inference, infer

__all__ = ["command"]


def command(
    model: Annotated[str, typer.Argument(help="Saved model, file.py:function, or a name.")],
    inputs: Annotated[
        list[Path],
        typer.Option(
            help="Pictures, .npy or .npz tensors; those after the first need no --inputs."
        ),
    ],
    more: Annotated[list[Path] | None, typer.Argument(help="More of them.")] = None,
    task: Annotated[
        str | None,
        typer.Option(help="NAME, NAME:FOLDER or file.py: how pictures are read, and class names."),
    ] = None,
    engine: Annotated[
        str, typer.Option(help="paddle, or lite for Paddle-Lite's runtime on a device.")
    ] = "paddle",
    device: Annotated[
        str | None, typer.Option(help="Where Paddle-Lite runs; by default this machine.")
    ] = None,
    precision: Annotated[
        str | None, typer.Option(help="For Paddle-Lite: fp32, int8, fp16 or int16.")
    ] = None,
    out: Annotated[
        Path | None, typer.Option(help="Folder for pictures with boxes, and for --raw.")
    ] = None,
    top: Annotated[int, typer.Option(help="Number of classes that are listed.")] = 5,
    score: Annotated[float, typer.Option(help="Lowest score of boxes, from 0 to 1.")] = 0.5,
    raw: Annotated[bool, typer.Option("--raw", help="Write all outputs as .npy files.")] = False,
    mean: Annotated[
        str | None,
        typer.Option(help="Without a task, (pixel - mean) / scale of 0 to 255: 127.5 or three."),
    ] = None,
    scale: Annotated[str | None, typer.Option(help="The scale: see --mean.")] = None,
    input_shape: InputShape = None,
    as_json: Json = False,
) -> None:
    """Run a model on pictures: classes with probabilities, or boxes drawn on the pictures.

    Without a task, pictures are read as networks for ImageNet are judged: the middle, 224 of 256
    along the shorter side (for a detector all of it), by ImageNet's mean and deviation.

    Example: edgeslim infer mobilenet --task image_folder:photos --inputs cat.jpg dog.jpg

    Example: edgeslim infer ssd --task voc:VOCdevkit --inputs street.jpg --out drawn --engine lite
    """
    if engine == "paddle" and (device or precision):
        raise UsageError("--device and --precision are Paddle-Lite's; add --engine lite")
    done = infer(
        model,
        [*inputs, *(more or [])],
        engine=engine,
        task=task,
        out=out,
        top=top,
        score=score,
        raw=raw,
        mean=_numbers("mean", mean),
        scale=_numbers("scale", scale),
        device=device or "",
        precision=precision or "",
        input_shape=only_shape(input_shape, of="this model"),
        progress=terminal_progress(),
    )
    if as_json:
        print_json(_document(done))
    else:
        _print(done)


def _numbers(what: str, text: str | None) -> tuple[float, ...]:
    """The numbers of an option.

    Raises:
        UsageError: The text is no number, and no list of numbers.
    """
    if text is None:
        return ()
    try:
        return tuple(float(number) for number in text.split(","))
    except ValueError as error:
        raise UsageError(f"--{what} is a number or three, like 127.5, not {text!r}") from error


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
