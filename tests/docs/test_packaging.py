"""What belongs to the project beside its code: checks before a commit, and what is shipped."""

from __future__ import annotations

import configparser
import shlex
from pathlib import Path
from typing import Any

import msgspec
import yaml

from tests.tools import PROJECT

PYPROJECT = msgspec.toml.decode((PROJECT / "pyproject.toml").read_bytes())


def hooks() -> dict[str, Any]:
    """The hooks of pre-commit by name."""
    (repository,) = yaml.safe_load((PROJECT / ".pre-commit-config.yaml").read_text())["repos"]
    return {hook["id"]: hook for hook in repository["hooks"]}


def test_a_commit_is_checked_by_the_same_tools_as_everything() -> None:
    tox = configparser.ConfigParser()
    tox.read(PROJECT / "tox.ini")
    gates = [line.split() for line in tox["gates"]["commands"].split("\n") if line]
    of_gates = {Path(words[0]).name for words in gates}
    entries = [shlex.split(hook["entry"]) for hook in hooks().values()]
    of_hooks = {Path(words[0]).name for words in entries}
    assert {"ruff", "lint-imports", "mypy"} <= of_hooks <= of_gates
    assert ["check"] in [words[1:] for words in entries]
    assert ["format", "--check"] in [words[1:] for words in entries]
    assert all(words[0].startswith(".venv/bin/") for words in entries)


def test_types_are_shipped_and_said() -> None:
    assert (PROJECT / "edgeslim" / "py.typed").is_file()
    assert "Typing :: Typed" in PYPROJECT["project"]["classifiers"]
    assert PYPROJECT["tool"]["hatch"]["build"]["targets"]["wheel"]["packages"] == ["edgeslim"]


def test_the_site_is_built_apart_and_its_pages_are_there() -> None:
    class Loader(yaml.SafeLoader):
        """Reads the one tag that MkDocs needs as nothing."""

    Loader.add_multi_constructor("tag:yaml.org,2002:python/", lambda *_: None)
    site = yaml.load((PROJECT / "mkdocs.yml").read_text(), Loader=Loader)  # noqa: S506 - safe

    def pages(nav: Any) -> list[str]:
        if isinstance(nav, str):
            return [nav]
        if isinstance(nav, dict):
            nav = list(nav.values())
        return [page for part in nav for page in pages(part)]

    docs = {path.name for path in (PROJECT / "docs").glob("*.md")}
    listed = pages(site["nav"])
    assert sorted(docs) == sorted(page for page in listed if page.endswith(".md") and page in docs)
    assert set(listed) - docs == {"python.md"}
    assert {
        name.split(">")[0].split("[")[0] for name in PYPROJECT["dependency-groups"]["docs"]
    } == {
        "mkdocs",
        "mkdocs-material",
        "mkdocstrings",
        "pymdown-extensions",
    }
    installed = [*PYPROJECT["project"]["dependencies"]]
    installed += PYPROJECT["project"]["optional-dependencies"]["dev"]
    assert not [name for name in installed if name.startswith("mkdocs")]
