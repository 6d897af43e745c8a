"""``edgeslim quantize``: quantizes a finished model for int8 kernels, without training."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from edgeslim.cli.options import InputShape, Seed, TaskName, only_shape
from edgeslim.cli.output import Json, print_json, print_lines
from edgeslim.cli.progress import terminal_progress
from edgeslim.training.quantization.settings import QuantizationSettings
from edgeslim.training.quantize_model import Quantization, quantize

__all__ = ["command"]


def command(
    model: Annotated[str, typer.Argument(help="Saved model, file.py:function, or a name.")],
    task: TaskName,
    out: Annotated[Path, typer.Option(help="Folder for the quantized model.")],
    method: Annotated[
        str, typer.Option(help="How scales are found: mse, histogram, abs_max or kl.")
    ] = "mse",
    weight_type: Annotated[
        str, typer.Option(help="channel_wise_abs_max, or abs_max: one scale a layer.")
    ] = "channel_wise_abs_max",
    activation_type: Annotated[
        str,
        typer.Option(
            help="How scales are updated if training continues: moving_average_abs_max, "
            "range_abs_max or abs_max."
        ),
    ] = "moving_average_abs_max",
    weight_bits: Annotated[
        int, typer.Option(help="Bits of weights; x86 computes int8 right with 7 at most.")
    ] = 8,
    skip: Annotated[
        list[str] | None,
        typer.Option(help="Regular expression over names of weights and outputs to leave out."),
    ] = None,
    batches: Annotated[int, typer.Option(help="Batches of examples for calibration.")] = 16,
    batch_size: Annotated[int, typer.Option(help="Examples of a batch.")] = 32,
    seed: Seed = 0,
    input_shape: InputShape = None,
    as_json: Json = False,
) -> None:
    """Quantize a finished model without training, for deploy with int8 kernels.

    Example: edgeslim quantize runs/net --task digits --out runs/int8
    """
    done = quantize(
        model,
        task=task,
        out=out,
        method=method,
        settings=QuantizationSettings(
            weight_bits=weight_bits,
            weight_type=weight_type,
            activation_type=activation_type,
            skip=tuple(skip or ()),
        ),
        batches=batches,
        batch_size=batch_size,
        seed=seed,
        input_shape=only_shape(input_shape, of="this model"),
        progress=terminal_progress(),
    )
    if as_json:
        print_json(asdict(done))
        return
    _print(done)


def _print(done: Quantization) -> None:
    print_lines(
        *(
            f"{name}: {done.before[name]:.2%} before, {value:.2%} quantized, of {done.examples} "
            "examples"
            for name, value in done.after.items()
        ),
        f"size for arm: {done.bytes_before / 1e6:.2f} MB before, {done.bytes_after / 1e6:.2f} MB "
        "quantized",
        f"{len(done.layers)} layers have int8 kernels"
        + (f"; in floats: {', '.join(done.in_floats)}" if done.in_floats else ""),
        f"saved in {done.model}",
    )
