"""What the program understands of a command line, without running anything."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import typer.main
from typer.core import TyperGroup

from edgeslim.cli.commands import app

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
