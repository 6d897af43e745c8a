"""On a build machine nothing is skipped for want of a tool."""

from __future__ import annotations

import pytest

from tests.tools import is_alive, program, require_module, run_python


@pytest.mark.parametrize("value", ["true", "1", "TRUE"])
def test_a_missing_tool_fails_on_a_build_machine(
    monkeypatch: pytest.MonkeyPatch, value: str
) -> None:
    monkeypatch.setenv("CI", value)
    with pytest.raises(pytest.fail.Exception, match="no-such-program is not installed, and with"):
        program("no-such-program")
    with pytest.raises(pytest.fail.Exception, match="no_such_module is not installed"):
        require_module("no_such_module")


def test_a_missing_tool_skips_elsewhere(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("CI", raising=False)
    with pytest.raises(pytest.skip.Exception, match="no-such-program is not installed"):
        program("no-such-program")


def test_tools_that_are_there_are_found(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CI", "true")
    assert program("sh").endswith("/sh")
    require_module("numpy")


def test_code_that_fails_in_a_process_of_its_own_fails_the_test() -> None:
    assert run_python("import sys; print(sys.argv[1:])", 1, "a b") == "['1', 'a b']\n"
    with pytest.raises(AssertionError, match="ZeroDivisionError"):
        run_python("1 / 0")


def test_a_process_that_is_over_is_not_alive() -> None:
    over = int(run_python("import os; print(os.getpid())"))
    assert not is_alive(over)
