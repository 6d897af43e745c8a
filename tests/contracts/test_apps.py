"""What every app on the shelf must have; a new folder is tested by being there."""

from __future__ import annotations

import ast
import json
import re
import subprocess
from functools import cache
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest
import yaml

from edgeslim.apps import APPS, AppContents, app_files
from tests.exporting.builds import JAVA, LIGHT_API, SOON, run
from tests.exporting.contents import KINDS, NASTY
from tests.tools import program

NAMES = APPS.names()
EVERY = [(name, kind) for name in NAMES for kind in KINDS]

_TEXTS = (
    *(".md", ".py", ".txt", ".h", ".cpp", ".java", ".kt", ".kts", ".xml", ".properties", ".pro"),
    *(".swift", ".mm", ".yml", ".plist", ".json"),
)


def texts(files: dict[str, bytes]) -> dict[str, str]:
    """The files that people read, by name."""
    return {
        name: content.decode()
        for name, content in files.items()
        if name.endswith(_TEXTS) and "/samples/" not in name
    }


@cache
def made(name: str, kind: str) -> tuple[AppContents, dict[str, bytes]]:
    return KINDS[kind], app_files(APPS.get(name), KINDS[kind])


@pytest.mark.parametrize("name", NAMES)
def test_an_app_says_what_it_is(name: str) -> None:
    app = APPS.get(name)
    assert app.summary
    assert "\n" not in app.summary
    assert app.targets
    assert app.built.endswith(".")
    assert app.pictures in {"png", "pnm"}


@pytest.mark.parametrize(("name", "kind"), EVERY)
def test_the_files_are_complete(name: str, kind: str) -> None:
    app, (contents, files) = APPS.get(name), made(name, kind)
    assert files[f"{app.data}/model.nb"] == contents.model
    samples = {path for path in files if path.startswith(f"{app.data}/samples/")}
    for number in range(1, len(contents.samples) + 1):
        start = f"{app.data}/samples/{number}."
        wanted = {f"input{i}.{port.ending}" for i, port in enumerate(contents.inputs)}
        wanted |= {f"output{i}.{port.ending}" for i, port in enumerate(contents.outputs)}
        assert {start + part for part in wanted} <= samples
        assert (start + "results.txt" in samples) == (contents.kind != "tensors")
        pictures = [path for path in samples if path.startswith(start) and path[-3:] in PICTURES]
        assert len(pictures) == (contents.steps is not None)
    described = json.loads(files[f"{app.data}/model.json"])
    assert described["kind"] == contents.kind
    assert (described["picture"] is None) == (contents.steps is None)
    readme = files["README.md"].decode()
    assert app.built in readme
    assert app.compare in readme
    assert all(words in readme for words in ("One input size", "first run", "Threads", "Memory"))
    for path in re.findall(r"^\| `([\w./-]+\.\w+)`", readme, re.MULTILINE):
        assert path in files, f"README.md names {path}"


PICTURES = {"png", "ppm", "pgm"}


@pytest.mark.parametrize(("name", "kind"), EVERY)
def test_names_from_users_are_data_and_never_code(name: str, kind: str) -> None:
    app, (contents, files) = APPS.get(name), made(name, kind)
    if contents.labels:
        lines = files[f"{app.data}/labels.txt"].decode().split("\n")
        assert lines[:-1] == [" ".join(label.split()) for label in NASTY]
        assert json.loads(files[f"{app.data}/model.json"])["classes"] == lines[:-1]
    for path, text in texts(files).items():
        if path.startswith(f"{app.data}/"):
            continue
        names = ("${HOME}", "{{ x", "{{ y", "网\n", "猫", 'x"y')
        assert not any(word in text for word in names), path
        # Every template was filled in, and ends with one line end.
        assert not re.search(r"\{%-? |\{\{-? ?contents|\{#-? ", text), path
        assert text.endswith("\n"), path
        assert not text.endswith("\n\n"), path


@pytest.mark.parametrize(("name", "kind"), EVERY)
def test_nothing_of_this_machine_is_in_it(name: str, kind: str) -> None:
    _, files = made(name, kind)
    for path, content in files.items():
        assert str(Path.home()).encode() not in content, path
        assert str(Path(__file__).parents[2]).encode() not in content, path


@pytest.mark.parametrize(("name", "kind"), EVERY)
def test_files_are_well_formed(name: str, kind: str) -> None:
    _, files = made(name, kind)
    for path, text in texts(files).items():
        if path.endswith(".py"):
            ast.parse(text, path)
        elif path.endswith(".json"):
            json.loads(text)
        elif path.endswith(".yml"):
            assert isinstance(yaml.safe_load(text), dict)
        elif path.endswith((".xml", ".plist")):
            ET.fromstring(text)  # noqa: S314 - our own
        if path.endswith((".h", ".cpp", ".mm", ".java", ".kt", ".kts", ".swift")):
            for opening, closing in ("{}", "()"):
                bare = re.sub(r"//.*|\"(\\.|[^\"\\])*\"|'(\\.|[^'\\])'", "", text)
                assert bare.count(opening) == bare.count(closing), path


@pytest.mark.slow
@pytest.mark.parametrize("kind", KINDS)
def test_its_cpp_compiles_without_a_warning(kind: str, tmp_path: Path) -> None:
    compiler = program("g++")
    (tmp_path / "paddle_api.h").symlink_to(LIGHT_API)
    _, files = made("linux", kind)
    for path, content in files.items():
        if path.endswith((".h", ".cpp")):
            (tmp_path / Path(path).name).write_bytes(content)
    for source in sorted(tmp_path.glob("*.cpp")):
        done = subprocess.run(
            [compiler, "-std=c++11", "-fsyntax-only", "-Wall", "-Wextra", "-Werror", source],
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        assert done.returncode == 0, done.stderr


@pytest.mark.slow
@pytest.mark.parametrize("kind", KINDS)
def test_its_java_compiles_without_a_warning(kind: str, tmp_path: Path) -> None:
    compiler = program("javac")
    _, files = made("android", kind)
    for path, content in files.items():
        if path.endswith(".java"):
            (tmp_path / Path(path).name).write_bytes(content)
    sources = sorted([*JAVA.rglob("*.java"), *tmp_path.glob("*.java")])
    options = ("--release", "8", "-Xlint:all,-options", "-Werror")
    soon = [f"-J{option}" for option in SOON]
    run(compiler, *soon, *options, "-d", tmp_path / "classes", *sources, folder=tmp_path)
