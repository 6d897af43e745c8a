"""The examples of CONTRIBUTING: each is put into its place, used, and taken away again."""

from __future__ import annotations

import importlib
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from edgeslim import ops, targets
from edgeslim.algorithms import ALGORITHMS, Problem
from edgeslim.device import Location, load_device
from edgeslim.errors import BadFileError, UnknownNameError
from edgeslim.execution import Precision, Target
from edgeslim.latency_table import LatencyTable
from edgeslim.pruning.strategies import STRATEGIES
from edgeslim.registry import Shelf
from edgeslim.spaces import SPACES, Tokens, every_operator
from edgeslim.table_formats import FORMATS
from edgeslim.tables.export_table import export_table
from edgeslim.tables.import_table import TableOrigin, import_table
from edgeslim.targets import Kernels, Operator, Place
from edgeslim.training.tasks import TASKS, find_task
from edgeslim.transports import TRANSPORTS
from tests.contracts import test_operator_kinds as contract
from tests.docs.pages import CONTRIBUTING
from tests.tools import PROJECT
from tests.values import convolution, relu, row, table_at

TEXT = CONTRIBUTING.read_text()
BLOCKS = re.findall(r"^```(?:python|toml)\n# (\S+)\n(.*?)^```$", TEXT, re.MULTILINE | re.DOTALL)
EXAMPLES = dict(BLOCKS)
CODE = [path for path in EXAMPLES if path.endswith(".py")]

SHELVES: dict[str, Shelf[Any]] = {
    "edgeslim/algorithms": ALGORITHMS,
    "edgeslim/ops": ops.FAMILIES,
    "edgeslim/pruning/strategies": STRATEGIES,
    "edgeslim/spaces": SPACES,
    "edgeslim/table_formats": FORMATS,
    "edgeslim/targets": targets.FAMILIES,
    "edgeslim/training/tasks": TASKS,
    "edgeslim/transports": TRANSPORTS,
}

Adds = Callable[[str], AbstractContextManager[None]]


def forget(shelf: Shelf[Any]) -> None:
    """Shelves, and what is made of them, are looked through again."""
    shelf.__dict__.pop("_modules", None)
    ops.known_kinds.cache_clear()
    targets.known_laws.cache_clear()


@contextmanager
def adding(place: Path, path: str) -> Iterator[None]:
    """For a while, an example is in its package, though its file is somewhere else."""
    folder, _, name = path.rpartition("/")
    package = importlib.import_module(folder.replace("/", "."))
    own = place / folder
    own.mkdir(parents=True)
    (own / name).write_text(EXAMPLES[path])
    package.__path__.append(str(own))
    forget(SHELVES[folder])
    try:
        yield
    finally:
        package.__path__.remove(str(own))
        sys.modules.pop(f"{package.__name__}.{name.removesuffix('.py')}", None)
        vars(package).pop(name.removesuffix(".py"), None)
        forget(SHELVES[folder])
        shutil.rmtree(own)


@pytest.fixture
def added(tmp_path: Path) -> Adds:
    return partial(adding, tmp_path)


def test_there_is_an_example_for_each_kind_of_part() -> None:
    assert {path.rpartition("/")[0] for path in EXAMPLES} == {*SHELVES, "device_profiles"}
    assert (
        len(BLOCKS) == len(EXAMPLES) == len(re.findall(r"^```(?:python|toml)$", TEXT, re.MULTILINE))
    )


@pytest.mark.parametrize("path", CODE)
def test_no_example_is_there_already_and_all_keep_to_the_checks(path: str) -> None:
    assert not (PROJECT / path).exists()
    for check in (["check"], ["format", "--check"]):
        ruff = [sys.executable, "-m", "ruff", *check, "--stdin-filename", path, "-"]
        done = subprocess.run(
            ruff, input=EXAMPLES[path], cwd=PROJECT, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stdout + done.stderr


def test_an_operator_kind(added: Adds) -> None:
    with added("edgeslim/ops/error_functions.py"):
        kind = ops.known_kinds()["erf"]
        contract.test_the_normal_form_of_a_normal_form_is_itself(kind)
        contract.test_costs_are_whole_numbers_that_are_not_negative(kind)
        contract.test_channel_rules_give_axes_of_the_right_lengths(kind)
        contract.test_channel_rules_forget_no_axis_that_is_read(kind)
    assert "erf" not in ops.known_kinds()


def test_a_device_profile(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (path,) = (path for path in EXAMPLES if path.startswith("device_profiles"))
    monkeypatch.chdir(tmp_path)
    (tmp_path / "device_profiles").mkdir()
    (tmp_path / path).write_text(EXAMPLES[path])
    profile = load_device("my-board")
    assert (profile.transport, profile.location.host) == ("ssh", "board.local")
    assert profile.execution().threads == 4


def test_a_transport(added: Adds) -> None:
    with added("edgeslim/transports/polite.py"):
        polite = TRANSPORTS.get("polite")(Location())
        polite.connect()
        usual = int(TRANSPORTS.get("local")(Location()).run(["nice"], timeout_s=30).output)
        assert int(polite.run(["nice"], timeout_s=30).output) == min(usual + 5, 19)
        polite.close()
    assert "polite" not in TRANSPORTS


def test_a_table_format(added: Adds, tmp_path: Path) -> None:
    table = table_at(tmp_path / "ours.jsonl", row(convolution(3, 8), 1.25), row(relu(8), 0.5))
    with added("edgeslim/table_formats/json_pairs.py"):
        done = export_table(table.path, "json-pairs", tmp_path / "theirs.jsonl")
        assert not done.refused
        origin = TableOrigin(device="board")
        import_table(tmp_path / "theirs.jsonl", "json-pairs", tmp_path / "again", origin=origin)
        again = LatencyTable.read(tmp_path / "again")
        # What the file kept of a row is the one value, as a sample.
        assert set(again) == {convolution(3, 8), relu(8)}
        exported = export_table(again.path, "json-pairs", tmp_path / "once-more.jsonl")
        assert exported.file.read_bytes() == done.file.read_bytes()
        assert b",1250.0]" in done.file.read_bytes()
        (tmp_path / "bad").write_text("[1, 2]\n")
        with pytest.raises(BadFileError, match="bad:1: "):
            import_table(tmp_path / "bad", "json-pairs", tmp_path / "not", origin=origin)
    with pytest.raises(UnknownNameError):
        FORMATS.get("json-pairs")


def test_a_search_algorithm(added: Adds) -> None:
    ranges = (4, 3, 5)

    def proposals(seed: int) -> list[Tokens]:
        problem = Problem(
            ranges=ranges,
            start=(0, 0, 0),
            feasible=lambda population: np.array(population).sum(axis=1) <= 6,
            costs=lambda population: np.array(population, float).sum(axis=1, keepdims=True),
            generator=np.random.default_rng(seed),
        )
        algorithm = ALGORITHMS.get("neighbours")(problem)
        algorithm.tell(problem.start, 0.0)
        found = []
        while (tokens := algorithm.ask()) is not None:
            found.append(tokens)
            algorithm.tell(tokens, float(sum(tokens)))
        return found

    with added("edgeslim/algorithms/neighbours.py"):
        found = proposals(0)
        assert found == proposals(0)
        assert len(set(found)) == len(found)
        assert max(map(sum, found)) == 6
        assert all(
            0 <= token < size
            for tokens in found
            for token, size in zip(tokens, ranges, strict=True)
        )
    assert "neighbours" not in ALGORITHMS


def test_a_space(added: Adds) -> None:
    with added("edgeslim/spaces/resnet_tiny.py"):
        family = SPACES.get("resnet-tiny")
        space = family.make(family.input_shape, family.num_classes)
        assert len(space.ranges) == len(space.initial_tokens) == 6
        operators = every_operator(space, Target.X86)
        assert {"conv2d", "pool2d"} <= {operator.kind for operator in operators}


def test_a_task(added: Adds) -> None:
    with added("edgeslim/training/tasks/stripes.py"):
        data = find_task("stripes").data((1, 3, 16, 16), 0)
        images, (labels,) = data.train.batch(np.arange(4), np.random.default_rng(0))
        assert (images.shape, labels.shape) == ((4, 3, 16, 16), (4,))
        # Stripes go one way: what varies along rows does not along columns.
        everything, (classes,) = data.validation.batch(np.arange(100), None)
        along = everything.mean(axis=(1, 2)).std(axis=1) > everything.mean(axis=(1, 3)).std(axis=1)
        assert np.array_equal(along, classes == 1)
    assert "stripes" not in TASKS


def test_a_law(added: Adds) -> None:
    place = Place(kernels=frozenset(Kernels), precision=Precision.FP32, threads=1)
    shrinking = [Operator(kind="softshrink", inputs={"X": ((1, 8),)})]

    def names() -> set[str]:
        return {found.law.name for found in targets.known_laws().violations(shrinking, place)}

    with added("edgeslim/targets/shrinking.py"):
        assert "hasty-shrinking" in names()
        assert "| `hasty-shrinking` |" in targets.law_page()
    assert "hasty-shrinking" not in names()


NAMED = {
    "edgeslim/searching/search.py": ["search"],
    "edgeslim/searching/request.py": ["SearchRequest"],
    "edgeslim/runs/search_settings.py": ["SearchOptions", "SearchSettings"],
    "edgeslim/cli/search.py": ["command"],
    "edgeslim/reporting/sections/variants.py": ["_table"],
    "edgeslim/cli/deploy_output.py": ["_model_document", "_COLUMNS"],
    "edgeslim/cli/commands.py": ["COMMANDS"],
    "edgeslim/runs/model_records.py": ["ModelRecord"],
    "edgeslim/transports/_remote.py": ["RemoteTransport"],
}
"""What the sections without an example of their own send a reader to."""


@pytest.mark.parametrize("path", NAMED)
def test_what_other_sections_name_is_there(path: str) -> None:
    assert f"`{path}`" in TEXT
    text = (PROJECT / path).read_text()
    for name in NAMED[path]:
        assert f"`{name}`" in TEXT or f"`{name}()`" in TEXT
        assert re.search(rf"\b{name}\b", text), name


def test_the_glossary_is_short_and_in_order() -> None:
    (table,) = re.findall(r"^## Glossary\n.*?\n\n(\|.*?)\n\n", TEXT, re.MULTILINE | re.DOTALL)
    words = [line.split("|")[1].strip() for line in table.splitlines()[2:]]
    assert words == sorted(words)
    assert len(words) <= 40
