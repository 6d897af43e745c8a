"""What importing makes of a table, and by which operator such a table is asked."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

from edgeslim.errors import BadFileError, UnknownNameError, UsageError
from edgeslim.execution import PowerMode, Target
from edgeslim.latency_rows import Convention
from edgeslim.latency_table import LatencyTable
from edgeslim.opspec import Attributes, OpSpec, Shapes
from edgeslim.table_keys import table_key
from edgeslim.tables.import_table import TableOrigin
from tests.table_formats.tables import imported
from tests.values import convolution, relu

ROW = "conv,0,0,1,3,64,64,8,1,3,1,2,1\t{}\n"
HEADER = "op_type\t855\tus\n"


def test_what_the_user_knows_is_in_the_context_and_what_nobody_knows_is_said(
    tmp_path: Path,
) -> None:
    known = {
        "hardware": "a phone",
        "threads": 4,
        "power_mode": PowerMode.FULL,
        "library_version": "v2.3",
        "source": "a project, its licence",
    }
    context = imported(tmp_path, "paddleslim-2", HEADER + ROW.format(24), **known).context
    assert (context.device, context.hardware, context.library_version) == (
        *("board", "a phone"),
        "v2.3",
    )
    execution = context.execution
    assert (execution.target, execution.threads, execution.power_mode) == (
        *(Target.ARM, 4),
        PowerMode.FULL,
    )
    assert context.provenance == "a project, its licence; in us; not recorded: samples, cache state"
    assert LatencyTable.read(tmp_path / "ours.jsonl").context == context


def test_rows_that_repeat_another_within_their_digits_are_one(tmp_path: Path) -> None:
    rows = ROW.format("24.5") + ROW.format("25")
    done = imported(tmp_path, "paddleslim-2", HEADER + rows)
    assert (done.operators, done.notes) == (1, ("1 row repeats another and agrees with it",))


def test_rows_that_contradict_each_other_are_an_error_with_both_places(tmp_path: Path) -> None:
    rows = ROW.format(24) + "relu,1,8,4,4\t3\n" + ROW.format(26)
    with pytest.raises(BadFileError) as caught:
        imported(tmp_path, "paddleslim-2", HEADER + rows)
    assert str(caught.value) == (
        f"{tmp_path}/theirs.txt: line 4: conv2d 1x3x64x64 -> 1x8x32x32 takes 0.026 ms here and "
        "0.024 ms in line 2; keep the right one"
    )
    assert [path.name for path in tmp_path.iterdir()] == ["theirs.txt"]


def test_what_cannot_be_meant_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UnknownNameError, match="did you mean 'paddleslim-2'"):
        imported(tmp_path, "paddleslim2", HEADER)
    with pytest.raises(UsageError, match="threads must be at least 1, not 0"):
        imported(tmp_path, "paddleslim-2", HEADER, threads=0)
    (tmp_path / "ours.jsonl").write_text("mine")
    with pytest.raises(UsageError, match="is there already"):
        imported(tmp_path, "paddleslim-2", HEADER + ROW.format(24))
    assert (tmp_path / "ours.jsonl").read_text() == "mine"
    with pytest.raises(UsageError, match="needs the name of its device"):
        TableOrigin(device="")


def fused() -> OpSpec:
    spec = convolution(3, 8)
    attributes = {**spec.attributes, "act_type": "relu6", "fuse_brelu_threshold": 6.0}
    return msgspec.structs.replace(spec, attributes=Attributes(attributes, with_act=True))


def test_a_table_of_fused_operators_is_asked_for_the_operator_itself() -> None:
    assert table_key(fused(), Convention.FUSED) == fused()
    assert table_key(relu(8), Convention.FUSED) == relu(8)


@pytest.mark.parametrize(
    "convention", [Convention.UNFUSED, Convention.BARE_CONVOLUTIONS, Convention.UNNAMED_ACTIVATIONS]
)
def test_others_are_asked_for_the_convolution_alone(convention: Convention) -> None:
    key = table_key(fused(), convention)
    assert key is not None
    assert dict(key.weights) == {"Filter": ((8, 3, 3, 3),)}
    assert set(key.attributes) == {"strides", "paddings", "dilations", "groups"}
    assert (key.inputs, key.outputs) == (fused().inputs, fused().outputs)
    assert table_key(key, convention) == key


def test_where_runtimes_fuse_further_sums_and_gates_are_left_out() -> None:
    further = Convention.FUSED_FURTHER
    assert table_key(fused(), further) == fused()
    shape = ((1, 8, 4, 4),)
    total = OpSpec(
        kind="elementwise_add", inputs=Shapes(X=shape, Y=shape), outputs=Shapes(Out=shape)
    )
    assert table_key(total, further) is None
    bias = msgspec.structs.replace(total, inputs=Shapes(X=shape), weights=Shapes(Y=((8,),)))
    assert table_key(bias, further) == bias
    gate = msgspec.structs.replace(relu(8), kind="hard_sigmoid")
    assert table_key(gate, further) is None
    view = msgspec.structs.replace(relu(8), kind="reshape2")
    assert table_key(view, further) is None
    assert table_key(relu(8), further) == relu(8)


def test_a_table_of_bare_convolutions_has_nothing_else() -> None:
    assert table_key(relu(8), Convention.BARE_CONVOLUTIONS) is None
    assert table_key(relu(8), Convention.UNNAMED_ACTIVATIONS) == relu(8)
