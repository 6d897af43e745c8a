"""The program starts quickly: what is slow to import is imported when it is used."""

from __future__ import annotations

import pytest

from edgeslim.cli.commands import COMMANDS
from tests.tools import run_python

CODE = """
import importlib, sys
importlib.import_module(sys.argv[1])
print(*sorted({name.partition(".")[0] for name in sys.modules}))
"""

HELP = """
import sys
from edgeslim.cli.main import run
sys.argv = ["edgeslim", "--help"]
try:
    run()
except SystemExit as end:
    assert not end.code
print("imported:", *sorted(sys.modules))
"""

SLOW = {"paddle", "paddlelite", "sklearn", "scipy", "matplotlib", "optuna", "sqlalchemy"}


def imported_by(module: str) -> set[str]:
    return set(run_python(CODE, module).split())


def test_the_help_imports_neither_commands_nor_what_they_need() -> None:
    shown, _, modules = run_python(HELP).partition("imported:")
    imported = set(modules.split())
    assert "deploy" in shown
    assert "typer" in imported
    assert not imported & (SLOW | {"numpy", "msgspec", "yaml", "tabulate"})
    assert not imported & {f"edgeslim.cli.{name}" for name in COMMANDS}


@pytest.mark.slow
@pytest.mark.parametrize("command", COMMANDS)
def test_the_commands_do_not_import_what_is_slow(command: str) -> None:
    found = imported_by(f"edgeslim.cli.{command}")
    assert "typer" in found
    assert not found & SLOW


@pytest.mark.parametrize("module", ["numpy", "typer", "msgspec"])
def test_from_its_very_start_the_program_hears_signals(module: str) -> None:
    """All that takes time is imported where an interruption ends in one line."""
    assert module not in imported_by("edgeslim.cli.main")
