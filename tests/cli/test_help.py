"""Help and version."""

from __future__ import annotations

from pathlib import Path

import pytest
from typer import Context
from typer.core import TyperGroup
from typer.main import get_command

import edgeslim as package
from edgeslim.cli.commands import COMMANDS as NAMES
from edgeslim.cli.commands import app, load_command
from tests.program import edgeslim

pytestmark = pytest.mark.slow


def subcommands(name: str) -> list[str]:
    """A command, or those of a group with the group's name before them."""
    command = load_command(name)
    if not isinstance(command, TyperGroup):
        return [name]
    return [f"{name} {each}" for each in command.commands]


COMMANDS = [command for name in NAMES for command in subcommands(name)]


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


@pytest.mark.parametrize("name", NAMES)
def test_the_help_lists_a_command_by_the_first_line_of_its_own_help(name: str) -> None:
    program = get_command(app)
    assert isinstance(program, TyperGroup)
    program.list_commands(Context(program))
    listed, own = program.commands[name].help, load_command(name).help
    assert listed
    assert listed == str(own).partition("\n")[0]


def test_a_command_with_a_typing_error_is_named(tmp_path: Path) -> None:
    shown = edgeslim("deplo", folder=tmp_path)
    assert (shown.code, shown.out) == (2, "")
    assert "No such command 'deplo'. Did you mean 'deploy'?" in shown.err


def test_the_version_is_the_packages(tmp_path: Path) -> None:
    shown = edgeslim("--version", folder=tmp_path)
    assert (shown.code, shown.out, shown.err) == (0, f"edgeslim {package.__version__}\n", "")


def test_a_usage_error_names_the_help_of_its_command(tmp_path: Path) -> None:
    shown = edgeslim("deploy", "--nope", folder=tmp_path)
    assert "--nope (edgeslim deploy --help says more)" in shown.error(2)
    shown = edgeslim("search", "--target-latency", folder=tmp_path)
    assert "requires an argument. (edgeslim search --help says more)" in shown.error(2)


@pytest.mark.parametrize(("words", "offered"), [("dep", "deploy"), ("deploy --ta", "--table")])
def test_a_shell_completes_commands_and_options(words: str, offered: str, tmp_path: Path) -> None:
    shown = edgeslim(
        folder=tmp_path,
        _EDGESLIM_COMPLETE="complete_bash",
        COMP_WORDS=f"edgeslim {words}",
        COMP_CWORD=str(len(words.split())),
    )
    assert offered in shown.out.split()


def test_a_space_where_a_model_is_wanted_is_recognised_and_the_reverse(tmp_path: Path) -> None:
    build = edgeslim("inspect", "light-nas-small", folder=tmp_path).error(2)
    assert "is a search space, not a model; edgeslim space build light-nas-small" in build
    search = ("search", "--space", "mobilenet-v1", "--max-macs", "1M", "--task", "digits")
    assert "is a model, not a search space" in edgeslim(*search, folder=tmp_path).error(2)


def test_the_package_lists_what_there_is() -> None:
    assert set(package.__all__) <= set(dir(package))
