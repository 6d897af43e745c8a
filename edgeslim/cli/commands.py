"""All commands of the program ``edgeslim``, each of which is imported when it runs.

The help lists commands by the summaries in their files, which it reads without importing them:
most need NumPy, a solver or a database, and would make the help take seconds.
"""

from __future__ import annotations

import ast
from functools import cache
from importlib import import_module
from pathlib import Path

import typer
from typer.core import TyperCommand, TyperGroup
from typer.main import get_command

from edgeslim.errors import UsageError
from edgeslim.version import __version__

__all__ = ["COMMANDS", "app", "load_command"]

COMMANDS = (
    *("doctor", "devices", "targets", "inspect", "profile", "predict", "slim", "optimize"),
    *("prune", "compress", "search", "supernet", "train", "evaluate", "infer", "quantize"),
    *("sensitivity", "deploy", "export", "report", "runner", "lite", "space", "table"),
)
"""Commands in the order of the help. A module of this name has a function `command`, with a class
`Command` if it parses arguments in its own way, or an `app` with several commands."""

_SHARED = ("compress", "train")
"""Commands whose work several processes can share."""


@cache
def load_command(name: str) -> TyperCommand | TyperGroup:
    """Imports a command, or a group of commands.

    Args:
        name: Name of the command, one of `COMMANDS`.
    """
    module = import_module(f"edgeslim.cli.{name}")
    own: typer.Typer | None = getattr(module, "app", None)
    if own is None:
        own = typer.Typer(add_completion=False)
        own.command(name, cls=getattr(module, "Command", None))(module.command)
    loaded = get_command(own)
    loaded.name = name
    assert isinstance(loaded, TyperCommand | TyperGroup)  # noqa: S101 - Typer makes no others
    return loaded


def _summary(name: str) -> str:
    """The first line of a command's help, read from its source."""
    for node in ast.parse(Path(__file__).with_name(f"{name}.py").read_text("utf-8")).body:
        if isinstance(node, ast.FunctionDef) and node.name == "command":
            return (ast.get_docstring(node) or "").partition("\n")[0]
        if isinstance(node, ast.Assign) and isinstance(node.value, ast.Call):
            for keyword in node.value.keywords:  # app = typer.Typer(help="...")
                if keyword.arg == "help" and isinstance(keyword.value, ast.Constant):
                    return str(keyword.value.value)
    return ""


class _LazyGroup(TyperGroup):
    """Lists commands by their summaries, and imports only the one that runs."""

    def list_commands(self, ctx: typer.Context) -> list[str]:  # type: ignore[override]  # noqa: ARG002
        for name in COMMANDS:
            self.commands.setdefault(name, TyperCommand(name, help=_summary(name)))
        return list(COMMANDS)

    def resolve_command(  # type: ignore[override]
        self, ctx: typer.Context, args: list[str]
    ) -> tuple[str | None, TyperCommand | TyperGroup | None, list[str]]:
        if args[0] in COMMANDS:
            self.commands[args[0]] = load_command(args[0])
        else:
            self.list_commands(ctx)  # among them is what the user may have meant
        return super().resolve_command(ctx, args)  # type: ignore[return-value]


app = typer.Typer(
    name="edgeslim",
    cls=_LazyGroup,
    help=(
        "Make a PaddlePaddle model meet a latency on a device, and prove it by measurement.\n\n"
        "Exit codes: 0 done; 1 the work failed; 2 wrong usage; 3 done with gaps, which are "
        "listed; 130 interrupted, and the same command goes on."
    ),
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _show_version(asked: bool) -> None:
    if asked:
        typer.echo(f"edgeslim {__version__}")
        raise typer.Exit


@app.callback()
def _options(
    context: typer.Context,
    version: bool = typer.Option(  # noqa: ARG001 - it is shown already
        False, "--version", callback=_show_version, is_eager=True, help="Show the version."
    ),
    debug: bool = typer.Option(  # noqa: ARG001 - it is taken off before, wherever it stands
        False, "--debug", help="Show the trace of an error; it may stand anywhere."
    ),
    wide: bool = typer.Option(  # noqa: ARG001 - as above
        False, "--wide", help="Leave each row of a table on one line; it may stand anywhere."
    ),
) -> None:
    """Options of the program itself."""
    named = context.invoked_subcommand
    if named is None or named in _SHARED:
        return
    from edgeslim.training.processes import is_launched

    if is_launched():
        raise UsageError(
            f"edgeslim {named} is the work of one process: begin it without "
            f"paddle.distributed.launch, which is for {' and '.join(_SHARED)}"
        )
