"""Help and version."""

from __future__ import annotations

from pathlib import Path

import pytest
import typer

import edgeslim as package
from edgeslim.cli.commands import app
from tests.program import edgeslim

pytestmark = pytest.mark.slow


def commands(of: typer.Typer, prefix: str = "") -> list[str]:
    """Every command of the program, with its group's name before it."""
    own = [f"{prefix}{each.name}" for each in of.registered_commands]
    groups = [(each.typer_instance, f"{prefix}{each.name} ") for each in of.registered_groups]
    return own + [name for group, at in groups if group for name in commands(group, at)]


COMMANDS = commands(app)


def test_the_commands_of_the_main_path_are_there() -> None:
    main_path = {"doctor", "devices", "inspect", "profile", "predict", "search", "deploy"}
    assert main_path | {"space list", "space build"} <= set(COMMANDS)


@pytest.mark.parametrize("command", COMMANDS)
def test_the_help_of_every_command_has_an_example_and_tells_of_json(
    command: str, tmp_path: Path
) -> None:
    shown = edgeslim(*command.split(), "--help", folder=tmp_path)
    assert (shown.code, shown.err) == (0, "")
    assert f"Example: edgeslim {command}" in shown.out
    assert "--json" in shown.out


def test_the_programs_own_help_says_the_exit_codes_and_names_every_command(tmp_path: Path) -> None:
    for arguments, code in (("--help",), 0), (("-h",), 0), ((), 2):
        shown = edgeslim(*arguments, folder=tmp_path)
        assert (shown.code, shown.err) == (code, "")
        assert "0 done; 1 the work failed; 2 wrong usage; 3 done with gaps" in shown.out
        for name in COMMANDS:
            assert name.split()[0] in shown.out


def test_the_version_is_the_packages(tmp_path: Path) -> None:
    shown = edgeslim("--version", folder=tmp_path)
    assert (shown.code, shown.out, shown.err) == (0, f"edgeslim {package.__version__}\n", "")
