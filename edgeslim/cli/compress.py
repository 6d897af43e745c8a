"""``edgeslim compress``: runs the timeline of a configuration file, a checkpoint for each epoch."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Annotated, Any

import msgspec
import typer
from typer.core import TyperCommand

from edgeslim.cli.options import InputShape, only_shape
from edgeslim.cli.output import Json, metric_lines, print_json, print_lines, print_table
from edgeslim.cli.progress import terminal_progress
from edgeslim.compression.compress import Compression, compress
from edgeslim.training.processes import is_leader

__all__ = ["Command", "command"]

_OVERRIDE = re.compile(r"[A-Za-z_][^\s=/]*=.*", re.DOTALL)
"""A key with its value; no path or option looks like this."""


class Command(TyperCommand):
    """Accepts several overrides after one ``-o``, as PaddleSlim's examples write them."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:  # noqa: ANN401 - typer's own
        given: list[str] = []
        behind = False
        for before, argument in zip(["", *args], args, strict=False):
            if before in {"-o", "--override"}:
                behind = True
            elif behind and _OVERRIDE.fullmatch(argument):
                given.append("-o")
            else:
                behind = False
            given.append(argument)
        return super().parse_args(ctx, given)


def command(
    configuration: Annotated[Path, typer.Argument(help="A PaddleSlim 1.x file, as in configs/.")],
    task: Annotated[
        str | None, typer.Option(help="NAME, NAME:FOLDER with its images, or file.py of your own.")
    ] = None,
    model: Annotated[
        str | None, typer.Option(help="What is compressed: saved model, file.py:function, name.")
    ] = None,
    pretrained: Annotated[
        str | None, typer.Option(help="Saved model whose parameters are the first ones.")
    ] = None,
    teacher: Annotated[str | None, typer.Option(help="Saved model to learn from.")] = None,
    override: Annotated[
        list[str] | None,
        typer.Option(
            "--override", "-o", help="KEY=VALUE ... of any keys: strategies.q.weight_bits=4."
        ),
    ] = None,
    out: Annotated[
        Path | None, typer.Option(help="Folder for the model; else that of the checkpoints.")
    ] = None,
    resume: Annotated[
        bool, typer.Option("--resume", help="Fail if there is no checkpoint to continue.")
    ] = False,
    skip_broken: Annotated[
        bool, typer.Option("--skip-broken", help="Ignore checkpoints that are broken.")
    ] = False,
    batch_size: Annotated[int | None, typer.Option(help="Examples of a training step.")] = None,
    learning_rate: Annotated[float | None, typer.Option(help="Highest learning rate.")] = None,
    seed: Annotated[int | None, typer.Option(help="Seed of everything random.")] = None,
    input_shape: InputShape = None,
    table: Annotated[
        Path | None, typer.Option(help="Latency table for strategies that name none.")
    ] = None,
    device: Annotated[
        str | None, typer.Option(help="Device for strategies that name none.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Distil, prune, quantize or search as a file says; run it again to continue after an end.

    Example: edgeslim compress configs/quantization_pruning.yaml --model runs/net --task digits
    """
    done = compress(
        configuration,
        task=task,
        model=model,
        pretrained=pretrained,
        teacher=teacher,
        overrides=override or (),
        out=out,
        resume=resume,
        skip_broken=skip_broken,
        batch_size=batch_size,
        learning_rate=learning_rate,
        seed=seed,
        input_shape=only_shape(input_shape, of="this model"),
        table=table,
        device=device,
        progress=terminal_progress(),
    )
    if not is_leader():
        return
    if as_json:
        print_json(msgspec.to_builtins(done))
    else:
        _print(done)


def _print(done: Compression) -> None:
    print_table(
        ["epoch", "loss", "metric", "MACs", "parameters", ""],
        [
            [
                str(record.epoch),
                "" if record.loss is None else f"{record.loss:.4f}",
                "" if record.metric is None else f"{record.metric:.4f}",
                f"{record.macs:,}",
                f"{record.parameters:,}",
                "; ".join(record.events),
            ]
            for record in done.history
        ],
    )
    print_lines("", *metric_lines(done.judged))
    print_lines(f"the model is in {done.model}, one checkpoint an epoch in {done.checkpoints}")
