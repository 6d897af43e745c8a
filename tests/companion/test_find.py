"""Which Python runs Paddle-Lite, and what is said where there is none."""

from __future__ import annotations

import platform
import re
import subprocess
import sys
from pathlib import Path

import msgspec
import pytest
from paddle import nn

from edgeslim.companion import (
    LITE_VERSION,
    VARIABLE,
    companion_folder,
    describe_lite_python,
    find_lite_python,
    make_companion,
    missing_mend,
)
from edgeslim.companion import find as module
from edgeslim.errors import ProgramError, ProgramNotFoundError, UsageError
from edgeslim.measuring import doctor
from edgeslim.paddle_io.export import export_layer
from edgeslim.prediction.predict_model import predict
from tests.tools import PROJECT, missing, require_module
from tests.values import convolution, row, table_at

PIN = re.compile(r"^(\w+)==(\S+) --hash=sha256:[0-9a-f]{64}$", re.MULTILINE)
PINS = dict(PIN.findall(module.REQUIREMENTS.read_text()))


def without_any_python(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Makes this process one that finds neither a Python 3.10 nor uv."""
    if platform.python_version().startswith("3.10."):  # mypy takes sys.version_info for known
        pytest.skip("this Python is one that is looked for")
    monkeypatch.setenv("PATH", str(folder))
    monkeypatch.setenv("PYENV_ROOT", str(folder))
    monkeypatch.setenv("XDG_CACHE_HOME", str(folder))
    monkeypatch.delenv(VARIABLE, raising=False)


def test_what_is_pinned_is_what_everything_else_names() -> None:
    assert set(PINS) == {"numpy", "paddlelite"}
    assert PINS["paddlelite"] == LITE_VERSION
    assert PINS["numpy"].startswith("1.")
    project = msgspec.toml.decode((PROJECT / "pyproject.toml").read_bytes())["project"]
    extra = [text.partition(";")[0] for text in project["optional-dependencies"]["lite"]]
    assert extra == [f"paddlelite=={LITE_VERSION}", "numpy<2"]
    assert not [name for name in project["dependencies"] if name.startswith("paddlelite")]


def test_other_pins_are_another_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    folder = companion_folder()
    assert folder.parent == tmp_path / "edgeslim" / "lite"
    assert folder.name.startswith(f"{LITE_VERSION}-")
    other = tmp_path / "requirements.txt"
    other.write_text("numpy==1.26.3\n")
    monkeypatch.setattr(module, "REQUIREMENTS", other)
    assert companion_folder() != folder
    monkeypatch.delenv("XDG_CACHE_HOME")
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    assert companion_folder().is_relative_to(tmp_path / "home" / ".cache")


def test_the_own_python_comes_first(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(VARIABLE, sys.executable)
    assert find_lite_python() == Path(sys.executable)
    monkeypatch.setenv(VARIABLE, "sh")
    found = find_lite_python()
    assert found is not None
    assert found.name == "sh"
    with pytest.raises(ProgramError, match="sh does not run"):
        describe_lite_python(found)
    monkeypatch.setenv(VARIABLE, "echo")
    with pytest.raises(ProgramNotFoundError, match=r"echo is no Python"):
        describe_lite_python(Path("echo"))
    monkeypatch.setenv(VARIABLE, str(tmp_path / "none"))
    with pytest.raises(UsageError, match=rf"{VARIABLE} is .*none, which is no program; name a"):
        find_lite_python()


def test_a_companion_whose_python_is_gone_is_none(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    monkeypatch.delenv(VARIABLE, raising=False)
    monkeypatch.setattr(module, "_NEWEST", (3, 9))
    assert find_lite_python() is None
    python = companion_folder() / "bin" / "python"
    python.parent.mkdir(parents=True)
    python.symlink_to(sys.executable)
    assert find_lite_python() == python
    python.unlink()
    python.symlink_to(tmp_path / "gone")
    assert find_lite_python() is None


def test_without_any_python_one_line_says_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    without_any_python(tmp_path, monkeypatch)
    assert (
        missing_mend() == "install Python 3.10 or uv (pip install uv), then edgeslim lite install"
    )
    with pytest.raises(ProgramNotFoundError) as caught:
        make_companion()
    assert "there is none (neither python3.10 with its venv on the path" in str(caught.value)
    assert "install uv (pip install uv) or Python 3.10, or name" in str(caught.value)
    assert VARIABLE in str(caught.value)


def test_a_python_that_cannot_make_environments_is_passed_over(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    base = module.find_base_python() or missing("there is no Python 3.10")
    without_any_python(tmp_path, monkeypatch)
    broken, whole = tmp_path / "broken", tmp_path / "whole"
    for folder, options in ((broken, '-S -c "raise SystemExit(1)"'), (whole, "")):
        folder.mkdir()
        (folder / "python3.10").write_text(f'#!/bin/sh\nexec "{base}" {options} "$@"\n')
        (folder / "python3.10").chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path / 'nowhere'}:{broken}")
    assert module.find_base_python() is None
    monkeypatch.setenv("PATH", f"{broken}:{whole}")
    assert module.find_base_python() == whole / "python3.10"


@pytest.mark.slow
def test_a_python_of_uv_is_found_and_one_that_it_cannot_download_is_one_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    base = module.find_base_python() or missing("there is no Python 3.10")
    asked = [str(base), "-c", "import os, sys; print(os.path.realpath(sys.executable))"]
    real = subprocess.run(asked, check=True, capture_output=True, text=True).stdout.strip()
    subprocess.run([sys.executable, "-m", "venv", tmp_path / "own"], check=True)
    pip = [str(tmp_path / "own/bin/python"), "-m", "pip", "install", "--quiet", "uv"]
    if subprocess.run(pip, check=False).returncode:
        missing("uv cannot be installed")
    without_any_python(tmp_path, monkeypatch)
    monkeypatch.setenv("PATH", str(tmp_path / "own" / "bin"))
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("UV_PYTHON_INSTALL_DIR", str(tmp_path / "pythons"))
    monkeypatch.setenv("UV_PYTHON_INSTALL_MIRROR", "http://127.0.0.1:9")
    assert module.find_base_python() is None
    assert missing_mend().startswith("edgeslim lite install (once")
    with pytest.raises(ProgramError, match=r"uv installs no Python 3\.10: .*; check the network"):
        make_companion()
    assert [path.name for path in companion_folder().parent.iterdir()] == [".lock"]
    # Where uv keeps the Pythons that it has downloaded.
    programs = tmp_path / "pythons" / "cpython-3.10.13-linux-x86_64-gnu" / "bin"
    programs.mkdir(parents=True)
    (programs / "python3.10").symlink_to(real)
    assert module.find_base_python() == programs / "python3.10"


@pytest.mark.slow
def test_a_prediction_needs_no_optimizer(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    require_module("paddlelite")
    net = nn.Sequential(nn.Conv2D(3, 4, 3, padding=1), nn.BatchNorm2D(4), nn.ReLU())
    export_layer(net, [(1, 3, 8, 8)], tmp_path / "net")
    table_at(tmp_path / "table.jsonl", row(convolution(3, 4), 0.25))
    expected = predict(str(tmp_path / "net"), tmp_path / "table.jsonl")
    assert [operator.spec.kind for operator in expected.operators] == ["conv2d"]
    assert caplog.text == ""
    without_any_python(tmp_path, monkeypatch)
    found = predict(str(tmp_path / "net"), tmp_path / "table.jsonl")
    assert found == expected
    assert "operators are fused by edgeslim's own rules and not by opt: " in caplog.text


def test_what_doctor_checks_is_what_the_package_asks_for() -> None:
    project = msgspec.toml.decode((PROJECT / "pyproject.toml").read_bytes())["project"]
    asked = {"python": project["requires-python"]}
    asked |= dict(re.findall(r"^(\w+)(>=.*)$", "\n".join(project["dependencies"]), re.MULTILINE))
    for name, versions in (
        ("python", doctor._PYTHONS),
        ("paddlepaddle", doctor._PADDLE),
        ("numpy", doctor._NUMPY),
    ):
        oldest, beyond = (".".join(map(str, version)) for version in versions)
        assert asked[name] == f">={oldest},<{beyond}"
