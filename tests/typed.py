"""What the program understands of a command line, without running anything."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from typing import Any, TypeVar

import typer.main
from typer.core import TyperCommand, TyperGroup, TyperOption

from edgeslim.cli.commands import app
from edgeslim.cli.request_options import with_options

Request = TypeVar("Request")
PROGRAM = typer.main.get_command(app)


def parsed(arguments: Sequence[str]) -> dict[str, Any]:
    """The values that a command would be called with.

    Args:
        arguments: What follows the program's name.

    Raises:
        TyperException: What the program would say of a line that it does not understand.
    """
    command, context = PROGRAM, PROGRAM.make_context("edgeslim", list(arguments))
    while isinstance(command, TyperGroup):
        rest = [*context._protected_args, *context.args]
        _, found, rest = command.resolve_command(context, rest)
        assert found is not None
        command = found
        context = command.make_context(command.name, rest, parent=context)
    return context.params


def asked(request: type[Request], line: str) -> Request:
    """The request that a command makes of its options.

    Args:
        request: Class of the request.
        line: What follows the command's name.

    Raises:
        TyperException: What the program would say of a line that it does not understand.
        EdgeslimError: An option has a text that its parser does not take.
    """
    found: list[Request] = []
    _command_of(request, found).main(shlex.split(line), standalone_mode=False)
    return found[0]


def options_of(request: type) -> dict[str, TyperOption]:
    """The options of a command with this request, by name."""
    params = _command_of(request, []).params
    return {option.name or "": option for option in params if isinstance(option, TyperOption)}


def _command_of(request: type[Request], found: list[Request]) -> TyperCommand:
    def command(given: Any) -> None:
        found.append(given)

    command.__annotations__["given"] = request
    own = typer.Typer(add_completion=False)
    own.command()(with_options(command))
    made = typer.main.get_command(own)
    assert isinstance(made, TyperCommand)
    return made
