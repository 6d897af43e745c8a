"""``edgeslim compress``: runs the timeline of a configuration file, a checkpoint for each epoch."""

from __future__ import annotations

import re
from typing import Any

import msgspec
from typer.core import TyperCommand

from edgeslim.cli.output import Json, metric_lines, print_json, print_lines, print_table
from edgeslim.cli.request_options import with_options
from edgeslim.compression.compress import Compression, CompressRequest, compress
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


@with_options
def command(request: CompressRequest, as_json: Json = False) -> None:
    """Distil, prune, quantize or search as a file says; run it again to continue after an end.

    Example: edgeslim compress configs/quantization_pruning.yaml --model runs/net --task digits
    """
    done = compress(request)
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
