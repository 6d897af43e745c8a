"""All commands of the program ``edgeslim``."""

from __future__ import annotations

import typer

from edgeslim.cli import (
    compress,
    deploy,
    devices,
    doctor,
    evaluate,
    infer,
    inspect,
    predict,
    profile,
    prune,
    quantize,
    report,
    runner,
    search,
    sensitivity,
    space,
    supernet,
    table,
    targets,
    train,
)
from edgeslim.errors import UsageError
from edgeslim.training.processes import launched
from edgeslim.version import __version__

__all__ = ["app"]

app = typer.Typer(
    name="edgeslim",
    help=(
        "Make a PaddlePaddle model meet a latency on a device, and prove it by measurement.\n\n"
        "Exit codes: 0 done; 1 the work failed; 2 wrong usage; 3 done with gaps, which are "
        "listed. --debug anywhere shows the trace of an error."
    ),
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
app.command("doctor")(doctor.command)
app.command("devices")(devices.command)
app.command("targets")(targets.command)
app.command("inspect")(inspect.command)
app.command("profile")(profile.command)
app.command("predict")(predict.command)
app.command("prune")(prune.command)
app.command("compress", cls=compress.CompressCommand)(compress.command)
app.command("search")(search.command)
app.command("supernet")(supernet.command)
app.command("train")(train.command)
app.command("evaluate")(evaluate.command)
app.command("infer")(infer.command)
app.command("quantize")(quantize.command)
app.command("sensitivity")(sensitivity.command)
app.command("deploy")(deploy.command)
app.command("report")(report.command)
app.add_typer(runner.app, name="runner")
app.add_typer(space.app, name="space")
app.add_typer(table.app, name="table")


def _show_version(asked: bool) -> None:
    if asked:
        typer.echo(f"edgeslim {__version__}")
        raise typer.Exit


_SHARED = ("compress", "train")
"""Commands whose work several processes can share."""


@app.callback()
def _options(
    context: typer.Context,
    version: bool = typer.Option(  # noqa: ARG001 - it is shown already
        False, "--version", callback=_show_version, is_eager=True, help="Show the version."
    ),
) -> None:
    """Options of the program itself."""
    named = context.invoked_subcommand
    if named is not None and named not in _SHARED and launched():
        raise UsageError(
            f"edgeslim {named} is the work of one process: begin it without "
            f"paddle.distributed.launch, which is for {' and '.join(_SHARED)}"
        )
