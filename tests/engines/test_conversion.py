"""Converters that hang, die, refuse or claim what is not so."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import pytest

from edgeslim.conversion.model_source import SavedModel
from edgeslim.conversion.prepare import PreparedModel, prepare
from edgeslim.engines import Road, _conversion, engine_python
from edgeslim.engines._conversion import convert_by_road
from edgeslim.errors import (
    EdgeslimError,
    ModelError,
    NoOutputError,
    ProgramAbortedError,
    ProgramNotFoundError,
    ProgramTimedOutError,
)
from edgeslim.paddle_io.export import export_layer
from edgeslim.paddle_io.importing import load_paddle

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> PreparedModel:
    paddle: Any = load_paddle()
    folder = tmp_path_factory.mktemp("net")
    export_layer(paddle.nn.Conv2D(3, 4, 3), [(1, 3, 8, 8)], folder / "net")
    return prepare(SavedModel.at(folder / "net", name="net"), folder / "prepared")


def road(folder: Path, *codes: str) -> Road:
    """A road of converters that are a few lines each."""
    steps = []
    for number, code in enumerate(codes):
        # What a converter made of a model is kept by its folder's name.
        (folder / f"{folder.name}{number}").mkdir()
        steps.append(folder / f"{folder.name}{number}" / "convert.py")
        steps[-1].write_text(
            f"import json, os, sys, time\njob = json.load(open(sys.argv[1]))\n{code}"
        )
    return Road(name="maker", steps=tuple(steps))


START = "import json, os, sys, time\njob = json.load(open(sys.argv[1]))\n"
SAY = """
made = dict(files=[job["output"] + ".x"], inputs=job["inputs"], outputs=job["outputs"])
print("@edgeslim " + json.dumps({**made, "converter": "maker 1"}))
"""
WRITE = 'open(job["output"] + ".x", "w").write("content")\n'


@pytest.mark.parametrize(
    ("code", "kind", "text"),
    [
        ("os.abort()", ProgramAbortedError, "maker at net for Some Engine"),
        ("sys.exit('no such operator: swirl')", ModelError, "by maker: no such operator: swirl"),
        (
            "import absent_package",
            ProgramNotFoundError,
            r"\[some\]', or name .* in EDGESLIM_",
        ),
        ("sys.exit(0)", ModelError, "without a word"),
        (SAY, NoOutputError, "missing"),
        ('open(job["output"] + ".x", "w").close()\n' + SAY, NoOutputError, "empty"),
    ],
)
def test_one_line_says_how_a_converter_failed(
    *, model: PreparedModel, tmp_path: Path, code: str, kind: type[EdgeslimError], text: str
) -> None:
    with pytest.raises(kind, match=text) as error:
        convert_by_road(
            model, road(tmp_path, code), tmp_path / "out", title="Some Engine", extra="some"
        )
    assert type(error.value) is kind


def test_a_converter_that_hangs_is_ended(
    model: PreparedModel, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(_conversion, "_TIMEOUT_S", 1.0)
    with pytest.raises(ProgramTimedOutError, match="did not end within 1 s"):
        convert_by_road(
            model, road(tmp_path, "time.sleep(60)"), tmp_path / "out", title="E", extra="e"
        )


def test_the_second_step_gets_what_the_first_made(model: PreparedModel, tmp_path: Path) -> None:
    second = 'assert open(job["earlier"]["files"][0]).read() == "content"\n' + WRITE + SAY
    made = convert_by_road(
        model, road(tmp_path, WRITE + SAY, second), tmp_path / "out", title="E", extra="e"
    )
    assert made.files == (str(tmp_path / "out.x"),)
    assert made.inputs == tuple(model.graph.feeds)
    assert made.converter == "maker 1, maker 1"


def test_what_two_roads_begin_with_is_made_once(model: PreparedModel, tmp_path: Path) -> None:
    count = f"open({str(tmp_path / 'count')!r}, 'a').write('x')\n"
    begun = road(tmp_path, count + WRITE + SAY)
    for name in ("one", "two"):
        made = convert_by_road(model, begun, tmp_path / name, title="E", extra="e")
        assert Path(made.files[0]) == tmp_path / f"{name}.x"
        assert Path(made.files[0]).read_text() == "content"
    assert (tmp_path / "count").read_text() == "x"


def test_a_converter_leaves_nothing_where_the_user_is(
    model: PreparedModel, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    here = tmp_path / "here"
    here.mkdir()
    monkeypatch.chdir(here)
    littering = "open('log.txt', 'w').close()\n" + WRITE + SAY
    convert_by_road(model, road(tmp_path, littering), tmp_path / "out", title="E", extra="e")
    assert list(here.iterdir()) == []


def test_which_python_runs_an_engine_is_the_users_choice(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("EDGESLIM_ENGINE_PYTHON", "EDGESLIM_PADDLE_LITE_PYTHON"):
        monkeypatch.delenv(name, raising=False)
    assert engine_python("paddle-lite") == sys.executable
    monkeypatch.setenv("EDGESLIM_ENGINE_PYTHON", "/all/python")
    assert engine_python("paddle-lite") == "/all/python"
    monkeypatch.setenv("EDGESLIM_PADDLE_LITE_PYTHON", "/one/python")
    assert engine_python("paddle-lite") == "/one/python"
    assert engine_python("openvino") == "/all/python"
