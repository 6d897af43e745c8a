"""Each command once for real: what it says to people, and the document that others rely on."""

from __future__ import annotations

from pathlib import Path

import pytest

from edgeslim import ops
from edgeslim.execution import Target
from edgeslim.latency_rows import SCHEMA_WITH_COPIES
from edgeslim.latency_table import LatencyTable
from edgeslim.spaces import SPACES
from tests.cli.conftest import SPACE, TOKENS, Workshop
from tests.searching.made_up import made_up_ms

pytestmark = pytest.mark.slow

OPERATORS = SPACE.operators(SPACE.initial_tokens, Target.X86)


def test_devices_lists_this_machine(workshop: Workshop) -> None:
    (host,) = (
        each
        for each in workshop("devices", "--json").document["profiles"]
        if each["name"] == "host"
    )
    assert (host["target"], host["transport"], host["threads"]) == ("x86", "local", 1)
    assert "host" in workshop("devices").out


def test_doctor_finds_this_machine_ready(workshop: Workshop) -> None:
    done = workshop("doctor", "--json")
    assert done.code == 0, done.out
    assert done.document["ready"] is True
    checks = {each["name"]: each for each in done.document["checks"]}
    assert {"python", "paddlepaddle", "paddlelite", "numpy", "opt and runtime"} <= set(checks)
    assert all(check["ok"] and check["found"] for check in checks.values())
    shown = workshop("doctor")
    assert (shown.code, shown.err) == (0, "")
    assert "Paddle-Lite v2.13" in shown.out


def test_space_list_tells_of_every_space(workshop: Workshop) -> None:
    listed = {each["name"]: each for each in workshop("space", "list", "--json").document["spaces"]}
    assert set(listed) == set(SPACES.names())
    assert tuple(listed[SPACE.name]["ranges"]) == SPACE.ranges
    shown = workshop("space", "list").out
    assert all(name in shown for name in listed)


def test_space_build_saves_a_network_that_can_be_built_again(workshop: Workshop) -> None:
    assert (workshop.built.code, workshop.built.document) == (0, {"model": "net"})
    saved = {"model.pdmodel", "model.pdiparams"}
    assert saved <= {path.name for path in (workshop.folder / "net").iterdir()}
    weights = (workshop.folder / "net" / "model.pdiparams").read_bytes()
    again = workshop(
        *("space", "build", SPACE.name, "--tokens", TOKENS, "--out", "net"),
        *("--input-shape", "1,1,16,16"),
    )
    assert (again.code, again.out, again.err) == (0, "saved in net\n", "")
    assert (workshop.folder / "net" / "model.pdiparams").read_bytes() == weights


def test_inspect_counts_a_model_and_lists_its_parameters(workshop: Workshop) -> None:
    done = workshop("inspect", "net", "--match", ".*_dwise_weights", "--json")
    found = done.document
    # Merging convolutions with what follows them changes no count but that of biases.
    assert found["macs"] == ops.macs(OPERATORS)
    assert list(found["inputs"].values()) == [[1, 1, 16, 16]]
    assert found["size_bytes"] >= 4 * found["parameters"] > 0
    assert found["paddleslim1_flops"] > 0
    depthwise = sum(spec.kind == "depthwise_conv2d" for spec in OPERATORS)
    assert len(found["parameter_shapes"]) == depthwise
    shown = workshop("inspect", "net", "--match", ".*_dwise_weights")
    assert (shown.code, shown.err) == (0, "")
    assert f"{found['macs']:,}" in shown.out
    assert f"{depthwise} parameters match" in shown.out


def test_inspect_lists_what_is_pruned_together(workshop: Workshop) -> None:
    found = workshop("inspect", "net", "--json").document
    groups = {each["name"]: each for each in found["groups"]}
    inner = groups["conv2_1_expand_weights"]
    assert inner["producers"] == ["conv2_1_expand_weights", "conv2_1_dwise_weights"]
    assert inner["width"] == found["parameter_shapes"]["conv2_1_dwise_weights"][0]
    assert inner["why"] == ["depthwise_conv2d filters each channel by itself"]
    assert list(found["fixed"].values()) == ["it is an output of the network"]
    assert (found["chosen"], found["not_prunable"]) == ([], {})
    shown = workshop("inspect", "net")
    assert f"{len(groups)} groups of weights whose channels can be pruned" in shown.out
    assert "it is an output of the network" in shown.out


def test_inspect_says_which_groups_are_chosen(workshop: Workshop) -> None:
    pattern = "conv2_1_dwise|conv1_1_bn_scale"
    found = workshop("inspect", "net", "--match", pattern, "--json").document
    assert found["chosen"] == ["conv2_1_expand_weights"]
    assert set(found["not_prunable"]) >= {"conv1_1_bn_scale", "conv2_1_dwise_bn_scale"}
    assert set(found["not_prunable"].values()) == {
        "no channels come out of it, it follows those of others"
    }
    shown = workshop("inspect", "net", "--match", pattern).out
    assert "1 group of weights chosen by" in shown


PUBLISHED = {
    ("mobilenet-v2", ".*[r|d]_weights"): (34, 24),
    ("mobilenet-v1", ".*_sep_weights"): (13, 13),
    ("resnet50", "res2.*_branch2[ab]_weights"): (6, 6),
}
"""Regular expressions of PaddleSlim: how many parameters they match, and of how many groups."""


@pytest.mark.parametrize(("model", "pattern"), PUBLISHED)
def test_inspect_lists_what_published_expressions_match(
    workshop: Workshop, model: str, pattern: str
) -> None:
    found = workshop("inspect", model, "--match", pattern, "--json").document
    count = len(found["parameter_shapes"]), len(found["chosen"])
    assert count == PUBLISHED[model, pattern]
    assert found["not_prunable"] == {}


def test_inspect_draws_the_network(workshop: Workshop, tmp_path: Path) -> None:
    picture = tmp_path / "net.svg"
    done = workshop("inspect", "net", "--match", ".*_dwise_weights", "--graph", picture)
    assert (done.code, done.err) == (0, "")
    assert "conv2_1_dwise_weights" in picture.read_text()


def test_predict_sums_what_the_table_has(workshop: Workshop) -> None:
    done = workshop("predict", "net", "--table", "host.jsonl", "--json")
    assert (done.code, done.err) == (0, "")
    found = done.document
    assert found["total_ms"] == pytest.approx(sum(map(made_up_ms, OPERATORS)), rel=1e-3)
    assert (found["interval_ms"], found["run_ms"]) == (None, 0.0)
    assert found["coverage"] == 1
    assert {each["source"] for each in found["operators"]} == {"measured"}
    assert sum(each["latency_ms"] for each in found["operators"]) == pytest.approx(
        found["total_ms"]
    )
    shown = workshop("predict", "net", "--table", "host.jsonl")
    assert shown.code == 0
    assert f"operators: {len(OPERATORS)} measured" in shown.out
    assert "it has no interval, since the table has fewer than three whole networks" in shown.out


def test_predict_draws_a_picture(workshop: Workshop, tmp_path: Path) -> None:
    for name, start in (("net.png", b"\x89PNG"), ("net.svg", b"<?xml")):
        picture = tmp_path / name
        done = workshop("predict", "net", "--table", "few.jsonl", "--plot", picture)
        assert done.code == 0
        assert picture.read_bytes().startswith(start)


def test_predict_says_what_is_interpolated_and_how_sure_that_is(workshop: Workshop) -> None:
    found = workshop("predict", "net", "--table", "few.jsonl", "--json").document
    guessed = [each for each in found["operators"] if each["source"] == "interpolated"]
    assert len(guessed) >= 2
    assert all(0 < each["error"] <= 0.5 and each["latency_ms"] > 0 for each in guessed)
    assert found["coverage"] == 1
    whole = workshop("predict", "net", "--table", "host.jsonl", "--json").document
    assert found["total_ms"] == pytest.approx(whole["total_ms"], rel=0.3)
    shown = workshop("predict", "net", "--table", "few.jsonl")
    assert shown.code == 0
    assert f"{len(guessed)} interpolated" in shown.out
    assert "interpolated, +-" in shown.out


def test_predict_with_gaps_lists_them_and_sums_the_rest(workshop: Workshop) -> None:
    lacking = [spec for spec in OPERATORS if spec.kind == "pool2d"]
    rest = [spec for spec in OPERATORS if spec not in lacking]
    done = workshop("predict", "net", "--table", "gaps.jsonl", "--json")
    assert done.code == 3
    found = done.document
    assert found["coverage"] == pytest.approx(len(rest) / len(OPERATORS))
    assert found["total_ms"] == pytest.approx(sum(map(made_up_ms, rest)), rel=1e-3)
    missing = [each for each in found["operators"] if each["source"] == "missing"]
    assert {each["operator"] for each in missing} == set(map(str, lacking))
    assert {each["latency_ms"] for each in missing} == {None}
    shown = workshop("predict", "net", "--table", "gaps.jsonl")
    assert shown.code == 3
    after = shown.out.partition("the total leaves out:")[2]
    assert all(str(spec) in after for spec in lacking)


def test_deploy_says_what_others_rely_on(workshop: Workshop) -> None:
    done = workshop("deploy", "net", "--table", "host.jsonl", "--out", "deployed", "--json")
    assert done.code == 0, done.err
    assert "Traceback" not in done.err
    (model,) = done.document["models"]
    assert Path(model["optimized"]) == Path("deployed/net.x86.nb")
    assert (workshop.folder / model["optimized"]).stat().st_size == model["size_bytes"]
    assert model["predicted_ms"] == pytest.approx(sum(map(made_up_ms, OPERATORS)), rel=1e-3)
    error = model["predicted_ms"] / model["measured_ms"] - 1
    assert model["error_percent"] == pytest.approx(100 * error)
    assert 0 <= model["output_max_abs_error"] < 1e-3
    assert (model["met_target"], model["missing"]) == (None, [])


def test_deploy_with_gaps_lists_them_and_predicts_nothing(workshop: Workshop) -> None:
    lacking = [str(spec) for spec in dict.fromkeys(OPERATORS) if spec.kind == "pool2d"]
    done = workshop("deploy", "net", "--table", "gaps.jsonl", "--out", "deployed", "--json")
    assert done.code == 3, done.err
    (model,) = done.document["models"]
    assert (model["predicted_ms"], model["error_percent"]) == (None, None)
    assert model["missing"] == lacking
    assert model["measured_ms"] > 0


def test_deploy_converts_for_several_targets(workshop: Workshop) -> None:
    arguments = ("--convert-only", "arm", "--convert-only", "x86", "--out", "both")
    shown = workshop("deploy", "net", *arguments)
    assert (shown.code, shown.err) == (0, "")
    for target in ("arm", "x86"):
        assert (workshop.folder / "both" / f"net.{target}.nb").stat().st_size > 1000
        assert f"net: both/net.{target}.nb" in shown.out


def test_deploy_tells_of_each_precision_and_number_of_threads(workshop: Workshop) -> None:
    done = workshop("deploy", "net", "--precisions", "fp32,int8", "--out", "precise", "--json")
    assert done.code == 0, done.err
    models = done.document["models"]
    assert [(model["precision"], model["threads"]) for model in models] == [
        ("fp32", 1),
        ("int8-weights", 1),
    ]
    assert [model["kernels"] for model in models] == [["fp32"], ["fp32"]]
    assert sum(model["fastest"] for model in models) == 1
    for model in models:
        assert model["measured_ms"] > 0
        assert 0 <= model["output_variance_lost"] < 0.1
        assert 0 <= model["output_same_top1"] <= 1
        assert (
            Path(model["optimized"]).name
            == {
                "fp32": "net.x86.nb",
                "int8-weights": "net.x86.int8-weights.nb",
            }[model["precision"]]
        )
    assert done.document["failed"] == []
    assert all("int8-weights" in line for line in done.document["warnings"])


def test_deploy_says_what_int8_of_a_float_model_is(workshop: Workshop) -> None:
    arguments = ("--convert-only", "arm", "--precisions", "fp32,int8,fp16", "--out", "three")
    shown = workshop("deploy", "net", *arguments)
    assert (shown.code, shown.err) == (0, "")
    rows = [line.split() for line in shown.out.splitlines()[2:5]]
    assert [row[2:4] for row in rows] == [
        ["fp32", "fp32"],
        ["int8-weights", "fp32"],
        ["fp16", "fp16"],
    ]
    assert "int8-weights: a smaller file alone; its weights are floats again" in shown.out


def test_profile_with_operators_that_failed_before_lists_them(workshop: Workshop) -> None:
    arguments = ("profile", "--operators", "operators.jsonl", "--out", "failed.jsonl")
    done = workshop(*arguments, "--json")
    assert done.code == 3, done.err
    found = done.document
    assert Path(found["table"]) == Path("failed.jsonl")
    assert (found["operators"], found["measured"]) == (3, 1)  # and the null operator
    assert found["failed"] == [{"operator": "relu 1x8x4x4 -> 1x8x4x4", "reason": "it hung"}]
    assert found["wall_s"] >= found["device_s"] > 0
    shown = workshop(*arguments)
    assert shown.code == 3
    assert "not measured: relu 1x8x4x4 -> 1x8x4x4: it hung" in shown.out


def test_profile_with_a_budget_measures_what_tells_most_and_more_refines_it(
    workshop: Workshop, tmp_path: Path
) -> None:
    table = tmp_path / "budget.jsonl"
    arguments = ("profile", "--model", "net", "--networks", 1, "--out", table, "--json", "--budget")
    first = workshop(*arguments, 6).document
    assert first["measured"] == 7, "the operator with nothing to do comes on top"
    assert first["operators"] > 2 * len(set(OPERATORS)), "pruned versions of the model count too"
    assert 0 < len(first["unpredicted"]) < first["operators"] - 7
    known = LatencyTable.read(table)
    assert known.starts.keys() == known.networks.keys()
    assert all((row.taken_mb or 0) > (row.alone_mb or 0) > 1 for row in known.starts.values())
    again = workshop(*(argument for argument in arguments if argument != "--json"), 6).out
    assert f"{first['operators']} operators asked for, 0 measured now" in again
    assert f"{len(first['unpredicted'])} operators cannot be predicted by those" in again
    more = workshop(*arguments, 20).document
    assert more["measured"] == 14
    predicted = workshop("predict", "net", "--table", table, "--json").document
    sources = {each["source"] for each in predicted["operators"]}
    assert "measured" in sources
    assert sources <= {"measured", "interpolated", "missing"}
    start = predicted["start"]
    assert len(known.starts) >= 3
    assert start["memory_interval_mb"][0] < start["memory_mb"] < start["memory_interval_mb"][1]
    assert start["load_ms"] >= 0
    assert start["reason"] is None


def test_profile_like_another_table_measures_few_and_says_what_comes_from_there(
    workshop: Workshop, tmp_path: Path
) -> None:
    table = tmp_path / "like.jsonl"
    asked = ("profile", "--model", "net", "--networks", 3, "--out", table, "--starts", 0)
    arguments = (*asked, "--like", "host.jsonl", "--budget")
    done = workshop(*arguments, 0, "--json")
    assert done.code == 0, done.err
    assert done.document["measured"] == 1, "the operator with nothing to do"
    assert len(done.document["networks"]) > 1
    assert done.document["unpredicted"] == []
    ((name, weight),) = done.document["device_weights"].items()
    assert weight > 0.5
    predicted = workshop("predict", "net", "--table", table, "--json").document
    found = {each["source"]: each["transferred_from"] for each in predicted["operators"]}
    assert found["transferred"] == name
    assert found.keys() <= {"measured", "transferred"}
    shown = workshop("predict", "net", "--table", table)
    assert f"of them are transferred from {name}" in shown.out
    more = workshop(*arguments, 4)
    assert more.code == 0, more.err
    assert f"estimated from {name}: " in more.out
    kept = LatencyTable.read(table)
    assert [copy.name for copy in kept.likes] == [name], "the table is copied once"
    assert kept.context.schema == SCHEMA_WITH_COPIES
    assert f"operators of {name} as well" in workshop("table", "show", table).out
    (listed,) = workshop("table", "show", table, "--json").document["copies"]
    assert (listed["device"], listed["operators"]) == (name, len(kept.likes[0].operators))


NOISY = """
import os
print("loaded")
import paddle

def net():
    print("built")
    os.write(1, b"from below\\n")
    return paddle.nn.Conv2D(3, 8, 3)
"""


def test_what_a_models_own_code_prints_is_not_in_the_document(
    workshop: Workshop, tmp_path: Path
) -> None:
    file = tmp_path / "nets.py"
    file.write_text(NOISY)
    done = workshop("inspect", f"{file}:net", "--input-shape", "1,3,8,8", "--json")
    assert done.code == 0, done.err
    assert done.document["macs"] == 8 * 3 * 3 * 3 * 6 * 6
    assert {"loaded", "built", "from below"} <= set(done.err.splitlines())
