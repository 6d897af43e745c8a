"""``edgeslim optimize``, with made-up tables and on this machine."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

from edgeslim.conversion.model_source import SavedModel
from edgeslim.conversion.optimized import fused_graph, unfused_graph
from edgeslim.conversion.prepare import prepare
from edgeslim.execution import Target
from edgeslim.fusion import fuse
from edgeslim.latency_rows import Convention
from edgeslim.latency_table import LatencyTable
from edgeslim.paddle_io.proto import read_program
from edgeslim.rewriting.choose import choose_forms
from edgeslim.rewriting.network import Network
from tests.program import Ended, edgeslim
from tests.rewriting.networks import affine_blocks, like_x86, made_up_prices
from tests.values import CONTEXT

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a model, and a table that knows all its forms."""
    made = tmp_path_factory.mktemp("optimize")
    network = affine_blocks(1)
    network.write(made / "net")
    model = prepare(SavedModel.at(made / "net"), made / "prepared")
    specs = fuse(unfused_graph(model), Target.X86).specs
    prices = made_up_prices(made, specs, like_x86)
    # Choosing once leaves the operators of all forms in the table.
    choose_forms(Network.read(model.prefix), Target.X86, prices)
    context = msgspec.structs.replace(CONTEXT, convention=Convention.UNFUSED)
    LatencyTable.open(made / "unfused.jsonl", context)
    return made


def optimized(folder: Path, *more: object) -> Ended:
    return edgeslim("optimize", "net.pdmodel", *more, folder=folder)


def kinds(prefix: Path) -> list[str]:
    return [op.type for op in read_program(prefix.with_suffix(".pdmodel")).blocks[0].ops]


def test_a_model_is_rewritten_by_a_table(folder: Path) -> None:
    done = optimized(folder, "--table", "table.jsonl", "--out", "out", "--json")
    assert done.code == 0, done.err
    record = done.document
    assert record["kept"]
    assert record["predicted_ms"] < record["predicted_before_ms"] / 2
    assert record["off"] < 1e-5
    assert record["measured_ms"] is None
    assert {one["equivalence"] for one in record["taken"]} >= {"factors-into-layer-before"}
    before, after = (kinds(folder / name) for name in ("net", "out/model"))
    assert after.count("elementwise_mul") < before.count("elementwise_mul")
    model = prepare(SavedModel.at(folder / "out" / "model"), folder / "again")
    left = {one["kind"]: one["after"] for one in record["operators"]}
    found = fused_graph(model, Target.X86)
    assert sum(left.values()) == len(found.nodes)


def test_what_is_printed_says_what_was_taken_and_where_it_is(folder: Path) -> None:
    done = optimized(folder, "--table", "table.jsonl", "--out", "printed")
    assert done.code == 0, done.err
    assert "into the layer before" in done.out
    assert "the rewritten model is in printed" in done.out


def test_a_rewritten_model_has_no_more_forms_that_pay(folder: Path) -> None:
    first = optimized(folder, "--table", "table.jsonl", "--out", "once", "--json")
    assert first.code == 0, first.err
    again = edgeslim(
        *("optimize", "once", "--table", "table.jsonl", "--out", "twice", "--json"), folder=folder
    )
    assert again.code in {0, 3}, again.err
    assert not again.document["kept"]
    assert again.document["reason"] == "no other form is predicted to be faster"
    assert kinds(folder / "twice" / "model") == kinds(folder / "once" / "model")


def test_a_table_that_knows_no_other_form_leaves_gaps(folder: Path, tmp_path: Path) -> None:
    model = prepare(SavedModel.at(folder / "net"), tmp_path / "prepared")
    specs = fuse(unfused_graph(model), Target.X86).specs
    kept = [spec for spec in specs if spec.kind == "tanh"]
    made_up_prices(tmp_path, kept, like_x86)
    table = tmp_path / "table.jsonl"
    done = optimized(folder, "--table", table, "--out", tmp_path / "out", "--json")
    assert done.code == 3
    assert not done.document["kept"]
    assert done.document["unknown"]


@pytest.mark.parametrize(
    ("arguments", "why"),
    [
        ("", "give --table with what operators take on the device, or --device"),
        ("--table missing.jsonl", "missing.jsonl"),
        ("--device hots", "did you mean 'host'?"),
        ("--table table.jsonl --rounds 1", "--rounds must be at least 2"),
        ("--table unfused.jsonl", "has operators before any fusion"),
        ("--table table.jsonl --input-shape 1,5,9,9", "does not fit the model"),
    ],
)
def test_bad_input_is_one_line_and_leaves_nothing(folder: Path, arguments: str, why: str) -> None:
    done = optimized(folder, *arguments.split(), "--out", "new")
    assert why in done.error(1 if done.code == 1 else 2)
    assert not (folder / "new").exists()


def test_a_model_is_never_slower_as_measured_here(folder: Path, tmp_path: Path) -> None:
    """What goes out was measured, and is the model as it came unless it is surely faster."""
    done = optimized(
        *(folder, "--device", "host", "--table", tmp_path / "host.jsonl"),
        *("--out", tmp_path / "out", "--rounds", 2, "--json"),
    )
    assert done.code in {0, 3}, done.err
    record = done.document
    assert record["kept"] == (not record["reason"])
    if record["kept"]:
        assert record["interval"][0] > 1.0
    else:
        assert kinds(tmp_path / "out" / "model") == kinds(folder / "prepared" / "model")
