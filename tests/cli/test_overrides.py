"""Overrides as people write them: an option for each, or one for all of them."""

from __future__ import annotations

import pytest
from typer.core import TyperGroup
from typer.main import get_command

from edgeslim.cli.commands import app


@pytest.mark.parametrize(
    "written",
    [
        "net.yaml -o a.b=1 c.d=x=y --task digits",
        "-o a.b=1 -o c.d=x=y net.yaml --task digits",
        "--task digits -o a.b=1 c.d=x=y net.yaml",
        "--task digits --override a.b=1 c.d=x=y -- net.yaml",
    ],
)
def test_several_overrides_may_stand_behind_one_option(written: str) -> None:
    program = get_command(app)
    assert isinstance(program, TyperGroup)
    (_, command, arguments) = program.resolve_command(
        program.make_context("edgeslim", ["compress"]), ["compress", *written.split()]
    )
    assert command is not None
    given = command.make_context("compress", arguments).params
    assert given["override"] == ["a.b=1", "c.d=x=y"]
    assert (str(given["configuration"]), given["task"]) == ("net.yaml", "digits")
