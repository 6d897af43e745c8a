"""Names of models, devices and files are anybody's text, and stay text wherever they come out."""

from __future__ import annotations

import json
from itertools import pairwise
from pathlib import Path

import msgspec
import pytest

from edgeslim.reporting.report import report
from edgeslim.runs.deployment_records import DeploymentRecord, ModelRole
from tests.reporting.made_up_runs import NASTY, deployed, deployment, pruning, search
from tests.reporting.pages import Tags, charts, page_of


def named(name: str) -> DeploymentRecord:
    """A deployment in which everything that has a name has this one."""
    record = deployment()
    models = tuple(
        msgspec.structs.replace(model, name=name, source=name, optimized=name)
        for model in record.models
    )
    device = msgspec.structs.replace(record.device, name=name, hardware=name, model=name)
    return msgspec.structs.replace(
        record,
        models=models,
        device=device,
        folder=name,
        model_path=name,
        command=("edgeslim", "deploy", name),
        reasons=(name,),
        warnings=(name,),
    )


def plainly(name: str) -> str:
    """A harmless name of as many words, each of which is an element of a command."""
    return " ".join("plain" for _ in name.split(" "))


def pages(name: str, folder: Path) -> list[str]:
    """A page of every kind of run that has names."""
    return [
        page_of(deployed(folder / "a", named(name))),
        page_of(pruning(folder / "b", name)),
    ]


def test_no_name_of_a_search_becomes_an_element_or_an_attribute(tmp_path: Path) -> None:
    nasty = "".join(NASTY)
    one, other = (
        Tags(page_of(search(tmp_path / where, space=name, task=name, algorithm=name)))
        for where, name in (("one", plainly(nasty)), ("other", nasty))
    )
    assert [tag for tag, _ in one.found] == [tag for tag, _ in other.found]
    assert [sorted(each) for _, each in one.found] == [sorted(each) for _, each in other.found]


@pytest.mark.parametrize("name", NASTY)
def test_no_name_becomes_an_element_or_an_attribute(name: str, tmp_path: Path) -> None:
    plain = [Tags(page) for page in pages(plainly(name), tmp_path / "plain")]
    nasty = [Tags(page) for page in pages(name, tmp_path / "nasty")]
    for one, other in zip(plain, nasty, strict=True):
        assert [tag for tag, _ in one.found] == [tag for tag, _ in other.found]
        assert [sorted(each) for _, each in one.found] == [sorted(each) for _, each in other.found]
        assert name.translate({0: 0xFFFD, 0x1B: 0xFFFD}) in other.text


@pytest.mark.parametrize("name", NASTY)
def test_charts_stay_well_formed(name: str, tmp_path: Path) -> None:
    for page in pages(name, tmp_path):
        assert charts(page)


def test_the_page_asks_for_nothing_and_allows_nothing(tmp_path: Path) -> None:
    page = Tags(page_of(deployed(tmp_path / "run")))
    for tag, attributes in page.found:
        assert not [attribute for attribute in attributes if attribute.startswith("on")], tag
        assert "style" not in attributes
        for name in ("src", "href", "xlink:href", "action", "data", "poster"):
            assert str(attributes.get(name) or "#").startswith("#")
    assert len(page.of("script")) == 1
    (policy,) = [each for each in page.of("meta") if each.get("http-equiv")]
    told = str(policy["content"])
    assert told.startswith("default-src 'none'; script-src 'sha256-")
    assert "unsafe" not in told
    assert "http" not in told


def test_the_page_says_its_language_and_has_headings_in_order(tmp_path: Path) -> None:
    page = Tags(page_of(deployed(tmp_path / "run")))
    assert page.of("html") == [{"lang": "en"}]
    levels = [int(tag[1]) for tag, _ in page.found if tag in {"h1", "h2", "h3", "h4"}]
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(after - before <= 1 for before, after in pairwise(levels))
    ids = [str(each["id"]) for _, each in page.found if "id" in each]
    assert len(ids) == len(set(ids))
    links = {str(each["href"]).removeprefix("#") for each in page.of("a")}
    assert links <= set(ids)


@pytest.mark.parametrize("name", NASTY)
def test_markdown_has_no_markup_of_a_name(name: str, tmp_path: Path) -> None:
    out = tmp_path / "report.md"
    report(deployed(tmp_path / "run", named(name)), out=out)
    lines = out.read_text("utf-8").splitlines()
    fenced, outside = False, list[str]()
    for line in lines:
        fenced ^= line.startswith("```")
        if not fenced:
            outside.append(line)
    text = "\n".join(outside).replace("\\<", "").replace("\\>", "")
    assert "<" not in text
    columns = [line.replace("\\|", "").count("|") for line in outside if line.startswith("|")]
    assert all(column > 2 for column in columns)


@pytest.mark.parametrize("name", NASTY)
def test_json_has_names_as_they_are(name: str, tmp_path: Path) -> None:
    out = tmp_path / "report.json"
    report(deployed(tmp_path / "run", named(name)), out=out)
    assert json.loads(out.read_text("utf-8"))["verdict"].startswith(f"{name} takes ")


def test_a_baseline_is_named_in_the_verdict_as_text(tmp_path: Path) -> None:
    record = named("<b>")
    assert any(model.role is ModelRole.BASELINE for model in record.models)
    assert "&lt;b&gt; (1.22 to 1.28)" in page_of(deployed(tmp_path / "run", record))
