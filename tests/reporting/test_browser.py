"""The page in a real browser: whole without scripts, no complaints, no requests, no injection."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

from edgeslim.latency_rows import ConditionsRow
from edgeslim.reporting.report import report
from edgeslim.runs.deployment_records import RoundRecord
from tests.browser import Page, chromium, opened
from tests.reporting.made_up_runs import NASTY, deployed, deployment, search
from tests.tools import missing

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def browser() -> Iterator[Page]:
    program = chromium() or missing("no Chromium is installed")
    with opened(program) as page:
        yield page


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A search that was deployed twice, in which every name is a nasty one."""
    folder = tmp_path_factory.mktemp("run")
    nasty = "".join(NASTY)
    run = search(folder / "检测 <b>", task=nasty, algorithm=nasty)
    for number in range(2):
        record = deployment(id=str(number), created=f"2026-11-2{number}T00:00:00+00:00")
        models = tuple(msgspec.structs.replace(model, name=nasty) for model in record.models)
        rounds = tuple(map(with_state, record.rounds))
        deployed(run, msgspec.structs.replace(record, models=models, rounds=rounds))
    out = folder / "report.html"
    report(run, out=out)
    return out


def with_state(each: RoundRecord) -> RoundRecord:
    state = ConditionsRow(temperature_c=40.0 + each.number, frequencies_mhz=(2400.0, 1800.0))
    return msgspec.structs.replace(each, state=state)


CHARTS = """
[...document.querySelectorAll(".chart")].map(chart => ({
  title: chart.querySelector("title").textContent,
  marks: [...chart.querySelectorAll(".data .m, .data .b, .data .l")]
    .filter(each => each.getBoundingClientRect().width + each.getBoundingClientRect().height > 0)
    .length,
  inside: chart.getBoundingClientRect().right <= innerWidth,
}))
"""
TITLES = {
    *("Predicted beside measured", "Predicted against measured latency", "Samples over time"),
    *("Latency of conv2d 3x3, 8x8, 3 channels in over channels", "The best so far"),
    *("Accuracy against latency on host", "Latency over deployments"),
}


@pytest.mark.parametrize("width", [390, 1200])
@pytest.mark.parametrize("scripts", [True, False], ids=["scripts", "no scripts"])
def test_all_charts_are_there_and_nothing_complains(
    browser: Page, page: Path, scripts: bool, width: int, tmp_path: Path
) -> None:
    browser.load(page, width=width, scripts=scripts)
    found = browser.value(CHARTS)
    assert {each["title"] for each in found} >= TITLES
    assert all(each["marks"] and each["inside"] for each in found)
    assert browser.complaints == []
    assert browser.requests == [page.as_uri()]
    assert browser.value("document.documentElement.scrollWidth") <= width
    assert browser.value("document.querySelectorAll('.tools').length > 0") is scripts
    browser.screenshot(tmp_path / "page.png")
    assert (tmp_path / "page.png").stat().st_size > 50_000


def test_names_are_seen_as_they_are_and_do_nothing(browser: Page, page: Path) -> None:
    browser.load(page)
    text = browser.value("document.body.textContent")
    assert all(name.replace("\0", "�").replace("\x1b", "�") in text for name in NASTY)
    assert browser.value("document.querySelectorAll('img, iframe, object, embed').length") == 0
    assert browser.value("document.querySelectorAll('script').length") == 1
    assert browser.value("document.title").startswith("检测 <b>: ")
    assert browser.complaints == []


def test_should_an_injection_succeed_the_policy_keeps_it_from_running(
    browser: Page, page: Path
) -> None:
    browser.load(page)
    browser.value(
        "document.body.insertAdjacentHTML('beforeend', '<img src=x onerror=\"window.ran=1\">');"
        "const s = document.createElement('script'); s.textContent = 'window.ran = 1';"
        "document.body.append(s); new Promise(done => setTimeout(done, 50))"
    )
    assert browser.value("window.ran === undefined")
    assert any("Content Security Policy" in complaint for complaint in browser.complaints)


PLACES = """
[...document.querySelectorAll(".chart")].find(each => each.textContent.includes("over channels"))
  .querySelectorAll(".data .m")[1].getAttribute("x")
"""


def test_a_closer_look_moves_marks_and_ticks_and_the_whole_comes_back(
    browser: Page, page: Path
) -> None:
    browser.load(page)
    before = browser.value(PLACES)
    figures = "[...document.querySelectorAll('figure.zooms')]"
    figure = f"{figures}.find(each => each.textContent.includes('over channels'))"
    ticks = f"[...{figure}.querySelectorAll('.x-ticks text')].map(each => each.textContent)"
    whole = browser.value(ticks)
    browser.value(f"{figure}.querySelector('.tools button').click()")
    assert browser.value(PLACES) != before
    closer = [float(each) for each in browser.value(ticks)]
    assert len(closer) >= 2
    assert min(closer) > float(whole[0])
    browser.value(f"[...{figure}.querySelectorAll('.tools button')].at(-1).click()")
    assert browser.value(PLACES) == before
    assert browser.value(ticks) == whole


def test_what_is_pointed_at_is_said(browser: Page, page: Path) -> None:
    browser.load(page)
    box = browser.value(
        "(async () => { const mark = document.querySelector('.chart .m');"
        "mark.scrollIntoView({block: 'center', behavior: 'instant'});"
        "await new Promise(done => setTimeout(done, 100));"
        "const box = mark.getBoundingClientRect();"
        "return [box.x + box.width / 2, box.y + box.height / 2]; })()"
    )
    browser.mouse("mouseMoved", *box)
    assert browser.value("document.querySelector('.tip').hidden") is False
    assert "predicted 1.50" in browser.value("document.querySelector('.tip').textContent")


def test_a_table_is_sorted_by_its_numbers(browser: Page, page: Path) -> None:
    browser.load(page)
    column = (
        "[...document.querySelectorAll('#search tbody tr')].map(each => each.cells[1].dataset.v)"
    )
    head = "document.querySelectorAll('#search th')[1]"
    browser.value(f"{head}.querySelector('button').click()")
    falling = [float(each) for each in browser.value(column)]
    assert falling == sorted(falling, reverse=True)
    assert browser.value(f"{head}.getAttribute('aria-sort')") == "descending"
    browser.value(f"{head}.querySelector('button').click()")
    assert [float(each) for each in browser.value(column)] == sorted(falling)


def test_it_prints(browser: Page, page: Path, tmp_path: Path) -> None:
    browser.load(page)
    browser.printed(tmp_path / "report.pdf")
    content = (tmp_path / "report.pdf").read_bytes()
    assert content.startswith(b"%PDF-")
    assert len(content) > 30_000
