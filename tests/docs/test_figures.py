"""Where predictions are quoted, the worst processor comes first; every figure has a source."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.docs.pages import READMES, page_id
from tests.tools import PROJECT

FIGURES = PROJECT / "docs" / "figures.md"
QUOTING = (*READMES, PROJECT / "docs" / "prediction.md")
_MAPE = re.compile(r"^\| [^|]*(Xeon|EPYC)[^|]*\| ([\d.]+) % \|", re.MULTILINE)
_HELPERS = {
    "few_digits",
    "fewer_clothes",
    "machine",
    "mobile_networks",
    "narrow_light_nas",
    "network_families",
    "new_devices",
    "profile_onnx",
    "pruning_problems",
    "pruning_rivals",
    "real_problems",
    "rewriting_networks",
    "small_mobilenet",
    "small_voc",
    "vision_models",
}
"""Modules that benchmarks share, and makers of data."""


@pytest.mark.parametrize("page", QUOTING, ids=page_id)
def test_the_worst_processor_is_quoted_first(page: Path) -> None:
    quoted = _MAPE.findall(page.read_text())
    errors = [float(error) for _, error in quoted]
    assert len(errors) >= 2
    assert errors == sorted(errors, reverse=True)


def test_the_page_of_figures_names_the_worst_first_and_what_is_not_met() -> None:
    text = FIGURES.read_text()
    assert text.index("Xeon") < text.index("EPYC")
    assert text.index("On an Intel Xeon") < text.index("On an AMD EPYC")
    assert "**not met**" in text


def test_every_benchmark_is_on_the_page_of_figures() -> None:
    text = FIGURES.read_text()
    scripts = {path.stem for path in (PROJECT / "benchmarks").glob("*.py")}
    assert scripts >= _HELPERS
    missing = [name for name in scripts - _HELPERS if f"{name}.py" not in text]
    assert not missing


def test_every_row_names_its_command_processor_and_date() -> None:
    (table,) = re.findall(
        r"^## All of them\n\n(.*?)\n\n", FIGURES.read_text(), re.MULTILINE | re.DOTALL
    )
    rows = [line.split("|")[1:-1] for line in table.splitlines()[2:]]
    assert len(rows) > 20
    for _, command, where, result, _ in rows:
        assert command.strip(), result
        assert result.strip(), command
        if "none" not in command:
            assert re.search(r"20\d\d-\d\d", where), command
