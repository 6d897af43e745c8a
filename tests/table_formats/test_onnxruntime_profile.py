"""Profiles of ONNX Runtime: what their events are, and what has no counterpart."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from edgeslim.errors import BadFileError
from edgeslim.execution import Target
from edgeslim.latency_rows import Convention, OperatorRow
from edgeslim.latency_table import LatencyTable
from edgeslim.opspec import OpSpec
from edgeslim.table_formats._onnx_chains import OnnxChains
from edgeslim.table_formats._onnx_file import read_onnx
from edgeslim.tables.check import check_table
from edgeslim.tables.import_table import ImportedTable, TableOrigin, import_table
from tests.table_formats.tables import reasons

PROFILES = Path(__file__).parent / "profiles"
DEFAULT, EXTENDED = (next(PROFILES.glob(f"ort_{name}_*.json")) for name in ("default", "extended"))
MODEL = PROFILES / "small.onnx"

Event = dict[str, Any]


def read(folder: Path, *files: Path, models: tuple[Path, ...] = (MODEL,)) -> ImportedTable:
    origin = TableOrigin(device="here", models=models)
    return import_table(files, "onnxruntime-profile", folder / "ours.jsonl", origin=origin)


def changed(folder: Path, change: Any, source: Path = DEFAULT) -> Path:
    """A profile whose list of events was changed."""
    events: list[Event] = json.loads(source.read_text())
    path = folder / "changed.json"
    path.write_text(json.dumps(change(events)))
    return path


def found(done: ImportedTable, kind: str) -> list[OpSpec]:
    return [spec for spec in LatencyTable.read(done.table) if spec.kind == kind]


def test_channels_are_the_models_and_not_the_padded_ones(tmp_path: Path) -> None:
    done = read(tmp_path, DEFAULT)
    stem, *_ = found(done, "conv2d")
    assert (stem.input_shape, stem.output_shape) == ((1, 3, 64, 64), (1, 12, 32, 32))
    assert stem.weights["Filter"] == ((12, 3, 3, 3),)
    assert stem.weights["Bias"] == ((12,),)  # of the batch norm, which is folded
    assert stem.attributes["act_type"] == "relu"
    (depthwise,) = found(done, "depthwise_conv2d")
    assert (depthwise.attributes["groups"], depthwise.attributes["act_type"]) == (24, "relu6")


@pytest.mark.parametrize("profile", [DEFAULT, EXTENDED], ids=["default", "extended"])
def test_activations_and_windows_come_from_the_model(tmp_path: Path, profile: Path) -> None:
    done = read(tmp_path, profile)
    convolutions = found(done, "conv2d")
    activations = [spec.attributes.get("act_type", "") for spec in convolutions]
    # A gate that Paddle-Lite computes by itself is in the time of a plain convolution.
    assert activations == ["relu", "relu6", "", "hard_swish", "relu", "", "leaky_relu"]
    grouped = convolutions[-1]
    assert (grouped.attributes["groups"], grouped.attributes["leaky_relu_alpha"]) == (2, 0.1)
    pools = [
        (spec.attributes["pooling_type"], spec.attributes["ksize"], spec.attributes["paddings"])
        for spec in found(done, "pool2d")
    ]
    assert sorted(pools) == [
        ("avg", (2, 2), (0, 0)),
        ("avg", (16, 16), (0, 0)),
        ("max", (3, 3), (1, 1)),
    ]
    (layer,) = found(done, "fc")  # its weights are packed, so the profile has the bias alone
    assert dict(layer.weights) == {"W": ((32, 10),), "Bias": ((10,),)}
    # The hard swish is two operators in the runtime, and in the convolution in Paddle-Lite.
    assert not {"hard_swish", "hard_sigmoid"} & {
        spec.kind for spec in LatencyTable.read(done.table)
    }
    assert not [f for f in check_table(done.table).findings if f.kind == "impossible"]


def test_what_the_runtime_adds_is_listed_and_stays_in_the_whole(tmp_path: Path) -> None:
    done = read(tmp_path, DEFAULT)
    assert [reason.partition(" of a run")[0].partition("(")[0] for reason in reasons(done)] == [
        "4 ReorderOutput: it has no counterpart among the kinds of edgeslim ",
        "ReorderInput: it has no counterpart among the kinds of edgeslim ",
    ]
    assert "1 convolutions add another tensor to their result, which is in their time" in done.notes
    (tmp_path / "extended").mkdir()
    assert reasons(read(tmp_path / "extended", EXTENDED)) == []
    network = LatencyTable.read(done.table).networks["small"]
    events = json.loads(DEFAULT.read_text())
    whole = [event["dur"] for event in events if event["name"] == "model_run"]
    assert network.measurements[0].samples_ns == tuple(us * 1000 + 500 for us in whole[1:])
    assert len(network.graph.specs) == done.operators == 16


def test_each_run_after_the_first_is_a_sample(tmp_path: Path) -> None:
    row = LatencyTable.read(read(tmp_path, DEFAULT).table).rows[0]
    assert isinstance(row, OperatorRow)
    assert row.kernel == "Conv nchwc"
    events = json.loads(DEFAULT.read_text())
    stem = [event["dur"] for event in events if event["name"] == "stem_relu_nchwc_kernel_time"]
    assert row.measurements[0].samples_ns == tuple(us * 1000 + 500 for us in stem[1:])


def test_the_table_is_the_runtimes_and_fused_like_arm(tmp_path: Path) -> None:
    context = read(tmp_path, DEFAULT).context
    assert (context.foreign_target, context.fused_for) == ("onnxruntime", Target.ARM)
    assert context.convention is Convention.FUSED_FURTHER
    assert "not recorded: cache state, threads (taken as 1), version" in context.provenance


def test_without_the_model_only_what_the_profile_says_is_imported(tmp_path: Path) -> None:
    done = read(tmp_path, EXTENDED, models=())
    assert {spec.kind for spec in LatencyTable.read(done.table)} >= {"conv2d", "fc"}
    # Without padding and with the usual one, strides follow from the shapes.
    plain = [spec for spec in found(done, "conv2d") if spec.weights["Filter"] == ((24, 12, 5, 5),)]
    assert [spec.attributes["strides"] for spec in plain] == [(2, 2)]
    text = " ".join(reasons(done))
    assert "FusedConv: its activation is not in the profile; give the model by --model" in text
    assert "its window is not in the profile; give the model by --model" in text
    (tmp_path / "padded").mkdir()
    padded = read(tmp_path / "padded", DEFAULT, models=())
    assert "its channels are padded in the profile; give the" in " ".join(reasons(padded))
    # With a few small operators of it, the network would calibrate nothing.
    assert padded.networks == 0
    assert any("the whole network is left out: only" in note for note in padded.notes)


def test_a_network_without_a_model_is_called_after_its_profile(tmp_path: Path) -> None:
    text = EXTENDED.read_text().replace('"FusedConv"', '"Conv"')
    profile = tmp_path / "mine_2026-11-30_19-30-00.json"
    profile.write_text(text)
    done = read(tmp_path, profile, models=())
    assert list(LatencyTable.read(done.table).networks) == ["mine"]


def slow_down(events: list[Event]) -> list[Event]:
    return [{**event, "dur": 9 * event["dur"], "ts": 9 * event["ts"]} for event in events]


def test_two_profiles_are_one_table(tmp_path: Path) -> None:
    done = read(tmp_path, EXTENDED, EXTENDED, models=(MODEL, MODEL))
    assert (done.operators, done.networks) == (17, 1)
    table = LatencyTable.read(done.table)
    assert {m.runs for spec in table for m in table.measurements(spec).values()} == {6}
    slow = changed(tmp_path, slow_down, EXTENDED)
    (tmp_path / "slow").mkdir()
    with pytest.raises(
        BadFileError, match=r"changed.json: stem: conv2d .* ms here and .* keep the"
    ):
        read(tmp_path / "slow", EXTENDED, slow, models=(MODEL, MODEL))


def test_what_lies_in_a_loop_is_its_bodys_and_left_out(tmp_path: Path) -> None:
    def with_loop(events: list[Event]) -> list[Event]:
        result = []
        for event in events:
            result.append(event)
            if event["name"] == "Softmax_probabilities_kernel_time":
                args = {**event["args"], "op_name": "Loop", "node_index": "99"}
                result.append({**event, "name": "loop_kernel_time", "args": args})
        return result

    done = read(tmp_path, changed(tmp_path, with_loop))
    assert not found(done, "softmax")
    assert any(reason.startswith("Loop: it has no counterpart") for reason in reasons(done))


def test_events_before_and_behind_operators_of_older_versions_are_no_work(tmp_path: Path) -> None:
    def with_fences(events: list[Event]) -> list[Event]:
        result = []
        for event in events:
            if event["cat"] == "Node":
                name = event["name"].replace("kernel_time", "fence_before")
                args = {"op_name": event["args"]["op_name"]}
                result.append({**event, "name": name, "dur": 0, "args": args})
            result.append(event)
        return result

    fenced = read(tmp_path, changed(tmp_path, with_fences))
    rows = LatencyTable.read(fenced.table).rows
    fenced.table.unlink()
    assert rows == LatencyTable.read(read(tmp_path, DEFAULT).table).rows


def test_nodes_without_a_name_are_called_after_their_place() -> None:
    model = read_onnx(MODEL)
    nodes = tuple(replace(node, name="") for node in model.nodes)
    events = ["stem_relu_nchwc", "MaxPool_17", "Concat_19", "FusedConv_32"]
    chains = OnnxChains(replace(model, nodes=nodes), events)
    stem, pool = (chains.find(event, "", adds_sum=False) for event in events[:2])
    assert stem is not None
    assert pool is not None
    assert [node.kind for node in (stem.node, *stem.absorbed)] == [
        *("Conv", "BatchNormalization", "Relu"),
    ]
    assert pool.node.attributes["kernel_shape"] == (3, 3)
    assert chains.find("FusedConv_32", "FusedConv", adds_sum=False) is None


def without_runs(events: list[Event]) -> list[Event]:
    runs = [event for event in events if event["name"] == "model_run"]
    return [event for event in events if event not in runs[1:]]


WRONG = {
    "one run": (without_runs, "has 1 run(s) of the model, and the first one is slow; profile at"),
    "no runs": (lambda _: [], "has 0 run(s)"),
    "parallel": (
        lambda events: [{**e, "tid": 7} if e["cat"] == "Node" else e for e in events],
        "ran beside the thread that ran the model, so their times overlap; profile with",
    ),
    "no shapes": (
        lambda events: [{**e, "args": {}} for e in events],
        "says no shapes ('op_name'); profile with",
    ),
    "nothing": (
        lambda events: [e for e in events if e["cat"] != "Node"],
        "has no operators in its runs",
    ),
    "no events": (lambda _: {"traceEvents": []}, "is not a profile of ONNX Runtime"),
}


@pytest.mark.parametrize("wrong", WRONG)
def test_what_is_no_profile_is_one_line_that_names_the_file(tmp_path: Path, wrong: str) -> None:
    change, text = WRONG[wrong]
    with pytest.raises(BadFileError) as caught:
        read(tmp_path, changed(tmp_path, change))
    assert text in str(caught.value)
    assert "changed.json" in str(caught.value)
    assert not (tmp_path / "ours.jsonl").exists()


def test_a_file_that_two_sessions_wrote_is_explained(tmp_path: Path) -> None:
    cut = tmp_path / "cut.json"
    cut.write_text(DEFAULT.read_text()[:-200])
    with pytest.raises(BadFileError, match="write over each other's file: give each its profile"):
        read(tmp_path, cut)


def test_a_last_run_that_is_cut_off_is_left_out(tmp_path: Path) -> None:
    def cut(events: list[Event]) -> list[Event]:
        last = max(i for i, e in enumerate(events) if e["name"] == "fc_kernel_time")
        return events[:last] + events[last + 1 :]

    done = read(tmp_path, changed(tmp_path, cut))
    assert {m.runs for m in LatencyTable.read(done.table).networks["small"].measurements} == {2}


def test_a_model_that_is_none_is_named(tmp_path: Path) -> None:
    for name, content in {
        "text": b"not a model",
        "cut": MODEL.read_bytes()[:-40],
        "empty": b"",
    }.items():
        (tmp_path / name).write_bytes(content)
        with pytest.raises(BadFileError, match=rf"{name} is not an ONNX model"):
            read_onnx(tmp_path / name)
    with pytest.raises(BadFileError, match="cannot read"):
        read(tmp_path, DEFAULT, models=(tmp_path / "nowhere.onnx",))


def test_a_model_is_read_as_far_as_it_is_needed() -> None:
    model = read_onnx(MODEL)
    assert len(model.nodes) == 25
    stem = model.nodes[0]
    assert (stem.name, stem.kind, stem.inputs) == ("stem", "Conv", ("image", "stem_w"))
    assert stem.attributes["strides"] == (2, 2)
    assert model.parameters["stem_w"] == (12, 3, 3, 3)
    assert (model.values["lo"], model.values["hi"]) == ((0.0,), (6.0,))
    leaky = next(node for node in model.nodes if node.kind == "LeakyRelu")
    assert leaky.attributes["alpha"] == pytest.approx(0.1)
