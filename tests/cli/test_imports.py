"""The program starts quickly: what is slow to import is imported when it is used."""

from __future__ import annotations

import pytest

from tests.tools import run_python

CODE = """
import importlib, sys
importlib.import_module(sys.argv[1])
print(*sorted({name.partition(".")[0] for name in sys.modules}))
"""


def imported_by(module: str) -> set[str]:
    return set(run_python(CODE, module).split())


@pytest.mark.slow
def test_the_commands_do_not_import_what_is_slow() -> None:
    slow = {"paddle", "paddlelite", "sklearn", "scipy", "matplotlib", "optuna", "sqlalchemy"}
    found = imported_by("edgeslim.cli.commands")
    assert "typer" in found
    assert not found & slow


@pytest.mark.parametrize("module", ["numpy", "typer", "msgspec"])
def test_from_its_very_start_the_program_hears_signals(module: str) -> None:
    """All that takes time is imported where an interruption ends in one line."""
    assert module not in imported_by("edgeslim.cli.main")
